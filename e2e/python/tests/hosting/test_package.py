"""The Debian package: built from the binary under test, installed by dpkg into an empty root, used from there."""

import gzip
import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from server import BINARY

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="packages are made on Debian")


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def root(package, tmp_path_factory):
    """A machine that has nothing but the package. Only root may give files to root."""
    root = tmp_path_factory.mktemp("root")
    if os.geteuid() == 0:
        (root / "var/lib/dpkg/info").mkdir(parents=True)
        (root / "var/lib/dpkg/updates").mkdir()
        (root / "var/lib/dpkg/status").touch()
        run("dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--install", package)
    else:
        run("dpkg-deb", "--extract", package, root)
    yield root
    shutil.rmtree(root)


def test_everything_lies_where_debian_looks_for_it(root, package):
    version = run(BINARY, "version").strip()
    assert run("dpkg-deb", "--field", package, "Version").strip() == version
    listing = run("dpkg-deb", "--contents", package).splitlines()
    assert listing[0].startswith("drwxr-xr-x root/root") and all(" root/root " in line for line in listing)
    assert run(root / "usr/bin/phiomia", "version").strip() == version
    for page in ("phiomia", "phiomia-init", "phiomia-serve", "phiomia-account-create"):
        text = gzip.decompress((root / f"usr/share/man/man1/{page}.1.gz").read_bytes()).decode()
        assert ".SH NAME" in text, page
    bash = root / "usr/share/bash-completion/completions/phiomia"
    run("bash", "-c", f"source {bash} && complete -p phiomia")
    for file in ("usr/share/zsh/vendor-completions/_phiomia", "usr/share/fish/vendor_completions.d/phiomia.fish"):
        assert "init" in (root / file).read_text()
    documents = root / "usr/share/doc/phiomia"
    assert "AGPL-3.0-or-later" in (documents / "copyright").read_text()
    assert b"AFFERO GENERAL PUBLIC LICENSE" in gzip.decompress((documents / "LICENSE.gz").read_bytes())
    assert f"phiomia ({version})" in gzip.decompress((documents / "changelog.Debian.gz").read_bytes()).decode()
    if shutil.which("lintian"):
        # The binary under test has its symbols.
        run("lintian", "--fail-on", "error", "--suppress-tags", "unstripped-binary-or-object", package)


def test_the_service_is_the_one_the_program_prints_and_waits_for_a_configuration(root):
    units = root / "usr/lib/systemd/system"
    service = (units / "phiomia.service").read_text()
    lines = service.splitlines()
    for line in ("ExecStart=/usr/bin/phiomia --data /var/lib/phiomia serve", "User=phiomia", "StateDirectory=phiomia",
                 "AmbientCapabilities=CAP_NET_BIND_SERVICE", "Type=notify", "Description=Phiomia"):
        assert line in lines, (line, service)
    assert "example.org" not in service
    dropped = (units / "phiomia.service.d/package.conf").read_text()
    assert "ConditionPathExists=|/etc/phiomia/phiomia.toml\n" in dropped
    if shutil.which("systemd-analyze"):
        # The units of the system itself are not in this root.
        said = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={root}", "phiomia.service"], capture_output=True,
                              text=True, timeout=30)
        wrong = [line for line in said.stderr.splitlines() if "phiomia.service" in line and "sysinit.target not found" not in line]
        assert not wrong
    # Who may look into the folders: nobody else.
    if os.geteuid() == 0:
        for folder in ("etc/phiomia", "var/lib/phiomia"):
            assert (root / folder).stat().st_mode & 0o777 == 0o700, folder


def test_a_person_at_a_terminal_is_asked_and_answered(root, tmp_path):
    data = tmp_path / "data"
    ours, theirs = pty.openpty()
    process = subprocess.Popen([root / "usr/bin/phiomia", "--data", data, "init", "--address", "203.0.113.7"], stdin=theirs, stdout=theirs,
                               stderr=theirs, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    os.close(theirs)
    seen = ""

    def until(text):
        nonlocal seen
        deadline = time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < deadline and select.select([ours], [], [], 20)[0], (text, seen)
            seen += os.read(ours, 4096).decode()
        before, seen = seen.split(text, 1)
        return before

    for question, answer in (
            ("Domain in handles", "https://example.org"), ("Domain in handles", "example.org"), ("Domain of the server itself [example.org]: ", ""),
            ("Your name in the handle", "me"), ("Your e-mail address", "me@example.org")):
        until(question)
        os.write(ours, answer.encode() + b"\n")
    until("example.org.  A     203.0.113.7")
    until("doctor")
    assert process.wait(timeout=20) == 0
    os.close(ours)
    assert 'domain = "example.org"' in (data / "phiomia.toml").read_text()

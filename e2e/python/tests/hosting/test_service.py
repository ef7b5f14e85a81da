"""The service under a systemd that is the first process, as the package brings it: watched, started anew, with few rights; and
the container, whose file is followed step by step."""

import re
import shlex
import shutil
import subprocess

import pytest
import requests

from machine import Machine
from server import BINARY, ROOT, eventually

INIT = "--set tls.acme_directory=https://127.0.0.1:1/dir init --yes --domain example.org --handle me --email me@example.org"


@pytest.fixture
def log_since():
    """The log is in the journal of the machine."""


@pytest.fixture(scope="module")
def machine():
    with Machine() as running:
        yield running


@pytest.fixture(scope="module")
def serving(machine, package):
    """A machine with the package, whose server waits at the usual ports for a certificate that does not come."""
    shutil.copy(package, machine.path("/root/phiomia.deb"))
    machine.run("rm", "-rf", "/etc/phiomia", "/var/lib/phiomia")
    machine.shell(f"apt-get install --yes ./phiomia.deb && phiomia {INIT}")
    machine.shell("phiomia systemd socket > /etc/systemd/system/phiomia.socket && systemctl daemon-reload"
                  " && systemctl enable --now phiomia.socket phiomia.service")
    yield machine


def answers(machine):
    """Whoever comes to port 80 is told to wait for the certificate."""
    try:
        answer = requests.get(f"http://{machine.address}/", headers={"Host": "example.org"}, timeout=10, allow_redirects=False)
    except requests.ConnectionError:
        return False
    return answer.status_code == 503 and answer.headers["Retry-After"] == "60"


def pid(machine):
    return int(machine.shows("phiomia.service", "MainPID"))


def with_lines(machine, *lines):
    """The service has these lines from its next start on."""
    folder = machine.path("/etc/systemd/system/phiomia.service.d")
    folder.mkdir(exist_ok=True)
    (folder / "test.conf").write_text("\n".join(["[Service]", *lines, ""]))
    machine.shell("systemctl daemon-reload && systemctl restart phiomia.service")


def test_the_service_has_few_rights_and_says_so_itself(serving):
    assert answers(serving)
    said = serving.run("systemd-analyze", "security", "--no-pager", "phiomia.service")
    exposure = float(re.search(r"Overall exposure level for phiomia\.service: ([\d.]+)", said).group(1))
    print("exposure:", exposure)
    assert exposure <= 2.0, said
    status = dict(line.split(":\t", 1) for line in serving.run("cat", f"/proc/{pid(serving)}/status").splitlines() if ":\t" in line)
    # Of root's rights the one for low ports; no way to more; a filter for system calls.
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (1 << 10, 1 << 10)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    user = serving.run("id", "-u", "phiomia").strip()
    assert status["Uid"].split() == [user] * 4 and user != "0"


def test_a_server_that_dies_is_started_anew(serving):
    before = pid(serving)
    serving.run("systemctl", "kill", "--signal=KILL", "phiomia.service")
    eventually(lambda: pid(serving) not in (0, before) and answers(serving), "another process answers", 20)
    assert serving.shows("phiomia.service", "Result") == "success"


def test_a_server_that_hangs_is_started_anew(serving):
    with_lines(serving, "WatchdogSec=2")
    before = pid(serving)
    # One that says every second that it lives goes on.
    n_restarts = serving.shows("phiomia.service", "NRestarts")
    serving.run("sleep", "4")
    assert (pid(serving), serving.shows("phiomia.service", "NRestarts")) == (before, n_restarts)
    serving.run("systemctl", "kill", "--signal=STOP", "phiomia.service")
    eventually(lambda: pid(serving) not in (0, before) and answers(serving), "another process answers", 30)
    assert "Watchdog timeout" in serving.journal("--unit=phiomia")


def test_without_the_sockets_the_service_opens_its_ports_itself(serving):
    serving.shell("systemctl stop phiomia.socket phiomia.service; systemctl mask --runtime phiomia.socket")
    try:
        serving.shell("systemctl start phiomia.service")
        assert answers(serving)
    finally:
        serving.shell("systemctl unmask --runtime phiomia.socket; systemctl stop phiomia.service")
        serving.shell("systemctl start phiomia.socket phiomia.service")
    assert answers(serving)


def libraries():
    """What a binary needs that is not static; none is what is shipped."""
    said = subprocess.run(["ldd", BINARY], capture_output=True, text=True)
    return re.findall(r"(/\S+) \(0x", said.stdout) if said.returncode == 0 else []


def test_the_container_is_built_as_its_file_says_and_starts(machine):
    root, steps = "/srv/container", {}
    machine.run("mkdir", "-p", root)
    for instruction in (ROOT / "deploy" / "Containerfile").read_text().splitlines():
        word, _, rest = instruction.partition(" ")
        if word == "RUN":
            # The first stage is thrown away, as this machine is.
            machine.shell(rest)
        elif word == "COPY":
            words = shlex.split(rest)
            flags = dict(flag.removeprefix("--").split("=", 1) for flag in words if flag.startswith("--"))
            source, target = [word for word in words if not word.startswith("--")]
            machine.run("mkdir", "-p", f"{root}{target.rsplit('/', 1)[0]}")
            if "from" in flags:
                machine.run("cp", "-a", source, f"{root}{target}")
            else:
                shutil.copy(BINARY, machine.path(f"{root}{target}"))
            for command in ("chown", "chmod"):
                if command in flags:
                    machine.run(command, flags[command], f"{root}{target}")
        elif word and not word.startswith("#"):
            steps[word] = rest
    for library in libraries():
        machine.run("mkdir", "-p", f"{root}{library.rsplit('/', 1)[0]}")
        machine.run("cp", "-L", library, f"{root}{library}")
    machine.shell(f"mkdir {root}/proc && mount -t proc proc {root}/proc")
    # As it is run: by nobody, with these variables alone, and with the low ports for everybody.
    sysctl = re.search(r"--sysctl (\S+)", (ROOT / "deploy" / "Containerfile").read_text()).group(1)
    machine.shell("systemctl stop phiomia.socket phiomia.service || true")
    machine.run("sysctl", "--write", sysctl)
    program = " ".join(shlex.split(steps["ENTRYPOINT"].strip("[]").replace(",", " ")))
    command = " ".join(shlex.split(steps["CMD"].strip("[]").replace(",", " ")))
    inside = f"env -i {steps['ENV']} /usr/sbin/chroot --userspec={steps['USER']} {root} {program}"
    said = machine.shell(f"{inside} {INIT}")
    assert said.startswith("Ready to start.") and "/data/phiomia.toml" in said
    machine.shell(f"systemd-run --unit=container --quiet {inside} {command}")
    try:
        eventually(lambda: answers(machine), "the container answers", 20)
    except AssertionError as silent:
        raise AssertionError(machine.journal("--unit=container")) from silent
    owner = machine.run("stat", "--format=%u %a", f"{root}{steps['VOLUME']}/phiomia.toml").strip()
    assert owner == "65532 600"
    begun = machine.shell("systemctl stop container; journalctl --quiet --no-pager --output=cat --unit=container | tail -5")
    assert "panick" not in begun

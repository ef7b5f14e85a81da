"""What the tests of hosting receive: an authority whose certificates this run trusts."""

import os
import shutil
import subprocess

import pytest

from authority import Authority
from clinic import Clinic
from fronts import Fronted
from server import BINARY, ROOT


@pytest.fixture(autouse=True)
def log_since(request):
    """There is no one server here, so none is started for its log alone."""
    for name in request.fixturenames:
        value = request.getfixturevalue(name) if name == "fronted" else None
        if isinstance(value, Fronted):
            value.log_mark = value.log_size()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority, monkeypatch):
    """The clients of this process trust the authority too."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The file of the Debian package: the one that PHIOMIA_TEST_PACKAGE names (of `script/release`), or one that is made of the
    binary under test without its symbols."""
    if given := os.environ.get("PHIOMIA_TEST_PACKAGE"):
        yield given
        return
    out = tmp_path_factory.mktemp("package")
    subprocess.run(["strip", "-o", out / "phiomia", BINARY], check=True, timeout=120)
    done = subprocess.run([ROOT / "script" / "package", "--binary", out / "phiomia", "--out", out, "--compression", "none"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    yield done.stdout.strip()
    shutil.rmtree(out)


@pytest.fixture(scope="module")
def clinic(authority):
    with Clinic(authority) as running:
        yield running

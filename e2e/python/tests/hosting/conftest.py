"""What the tests of hosting receive: an authority whose certificates this run trusts."""

import pytest

from authority import Authority
from fronts import Fronted


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

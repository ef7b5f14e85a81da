"""What the tests of federation receive: pairs of servers and peers, one of each for a module."""

import pytest

from federation import Federated, pairs
from peer import Peer


@pytest.fixture(autouse=True)
def log_since(request):
    """Where the logs stood when the test began. There is no one server here, so none is started for its log alone."""
    for name in request.fixturenames:
        value = request.getfixturevalue(name) if name in ("here", "there", "server") else None
        if isinstance(value, Federated):
            value.log_mark = value.log_size()


@pytest.fixture(scope="module", params=pairs(), ids="-".join)
def two_servers(request):
    here, there = request.param
    with Federated(here) as first, Federated(there) as second:
        yield first, second


@pytest.fixture(scope="module")
def here(two_servers):
    return two_servers[0]


@pytest.fixture(scope="module")
def there(two_servers):
    return two_servers[1]


@pytest.fixture
def peer():
    with Peer() as running:
        yield running

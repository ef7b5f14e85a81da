"""What the tests of federation receive: pairs of servers and peers, started once for all of them."""

import pytest

from federation import Federated, pairs
from hostile import Scene, word
from peer import Peer
from server import engines


@pytest.fixture(autouse=True)
def log_since(request):
    """Where the logs stood when the test began. There is no one server here, so none is started for its log alone."""
    for name in request.fixturenames:
        value = request.getfixturevalue(name) if name in ("here", "there", "server") else None
        if isinstance(value, Federated):
            value.log_mark = value.log_size()


@pytest.fixture(scope="session", params=pairs(), ids="-".join)
def two_servers(request):
    here, there = request.param
    with Federated(here) as first, Federated(there) as second:
        yield first, second


@pytest.fixture(scope="session")
def here(two_servers):
    return two_servers[0]


@pytest.fixture(scope="session")
def there(two_servers):
    return two_servers[1]


@pytest.fixture
def peer():
    with Peer() as running:
        yield running


@pytest.fixture
def alice(here):
    return here.person("alice")


@pytest.fixture
def bob(there):
    return there.person("bob")


@pytest.fixture(scope="module")
def peers():
    """Where decent people live, and where others do."""
    with Peer() as decent, Peer() as evil:
        yield decent, evil


@pytest.fixture(scope="module", params=engines())
def server(request):
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def scene(server, peers):
    decent, evil = peers
    name = word()
    yield Scene(server.person("victim"), decent.actor(f"carol_{name}"), evil.actor(f"mallory_{name}"))
    evil.forgives()

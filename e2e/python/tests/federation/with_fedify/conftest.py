"""With an implementation that is not ours: one Phiomia, one server on fedify, and somebody new on each for every test."""

import pytest

from fedify import Fedify, new_actor
from federation import Federated
from server import engines


@pytest.fixture(scope="module", params=engines())
def here(request):
    with Federated(request.param, PHIOMIA_FEDERATION_FIRST_RETRY="1s") as running:
        yield running


@pytest.fixture(scope="module")
def fedify(here):
    """One for all tests with a server; each test has an actor of its own there."""
    with Fedify("--first-knock", "cavage") as running:
        yield running
        assert running.ask("errors") == []


@pytest.fixture
def alice(here):
    return here.person("alice")


@pytest.fixture
def uri(fedify, alice):
    """The id of alice's account, found by fedify through WebFinger."""
    return fedify.lookup(alice.handle)["id"]


@pytest.fixture
def petra(fedify):
    return new_actor(fedify, "petra")

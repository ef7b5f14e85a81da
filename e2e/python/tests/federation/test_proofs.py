"""An activity with a proof of its own (FEP-8b32) is its author's, whoever passes it on; one without is not."""

import pytest

from federation import Federated
from hostile import word
from server import engines
from signatures import with_proof


@pytest.fixture(scope="module", params=engines()[-1:])
def server(request):
    """Whose word counts does not depend on the database: one engine is enough."""
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def author(scene):
    """Somebody whose activities carry proofs, and whom the server knows: they have written before."""
    author = scene.carol.peer.actor(f"prover{word()}", proofs=True)
    scene.arrives(author)
    return author


def like_of(author, scene):
    status = scene.victim.says(f"look {word()}")
    return status, author.like(status.uri)


def favourites(scene, status):
    return [account.username for account in scene.victim.client.status_favourited_by(status.id)]


def test_what_is_passed_on_with_a_proof_counts(scene, author):
    status, like = like_of(author, scene)
    scene.mallory.send(with_proof(like, author.proof_key), scene.mallory.peer.find(scene.victim.handle))
    scene.settles()
    assert favourites(scene, status) == [author.name]


def test_without_a_proof_or_with_a_wrong_one_it_does_not(scene, author):
    status, like = like_of(author, scene)
    other, _ = like_of(author, scene)
    tampered = with_proof(like, author.proof_key) | {"object": other.uri}
    for passed_on in (like, tampered):
        scene.mallory.send(passed_on, scene.mallory.peer.find(scene.victim.handle))
    scene.settles()
    assert favourites(scene, status) == favourites(scene, other) == []

"""A server that is away for a while gets everything when it is back, and loses nothing when it is stopped itself."""

import pytest

from federation import Federated
from peer import Peer
from server import engines


@pytest.fixture(scope="module")
def steady():
    with Federated(engines()[0]) as running:
        yield running


@pytest.fixture
def fragile():
    with Federated(engines()[-1]) as running:
        yield running


def test_what_was_said_while_a_server_was_away_arrives_afterwards(steady, fragile):
    reader, writer = fragile.person("reader"), steady.person("writer")
    reader.follows(writer)
    fragile.stop()
    for n in range(5):
        writer.says(f"while you were away {n}")
    gone = writer.says("never mind")
    writer.client.status_delete(gone.id)
    fragile.start()
    for n in range(5):
        reader.sees(f"while you were away {n}", seconds=45)
    assert not any("never mind" in post.content for post in reader.home())


def test_a_sender_that_is_stopped_goes_on_where_it_was(steady, fragile):
    writer = fragile.person("writer")
    with Peer() as peer:
        carol = peer.actor("carol")
        known = peer.find(writer.handle)
        carol.send(carol.follow(known), known)
        peer.eventually_received(type="Accept", actor=known.id)
        peer.stop()
        status = writer.says("before the stop")
        fragile.stop()
        peer.start()
        fragile.start()
        got = peer.eventually_received(
            type="Create", object=status.uri, where=lambda got: got.answered == 202, seconds=45)
        assert got.signer == known.id

"""A server that is away for a while gets everything when it is back, and loses nothing when it is stopped itself."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from federation import PATIENCE_SECONDS, Federated
from peer import Peer
from server import engines, eventually


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


@pytest.mark.parametrize("engine", engines())
def test_what_was_answered_with_202_is_there_once_after_a_kill(engine, peer):
    # What a process has in hand when it dies is done again when its lease is over.
    with Federated(engine, PHIOMIA_WORKERS_LEASE="5s") as server:
        reader, authors = server.person("reader"), [peer.actor(f"author{n}") for n in range(8)]
        known, accepted, enough = peer.find(reader.handle), [], threading.Event()
        for author in authors:
            account = reader.finds(author)
            reader.client.account_follow(account.id)
            asked = peer.eventually_received(type="Follow", object=author.id)
            author.send(author.accept(asked.json), known)
            eventually(lambda: reader.client.account_relationships(account.id)[0].following, "the follow is accepted")

        def sends(author):
            for n in range(40):
                note = author.note(f"{author.name} {n}")
                try:
                    answer = author.post(known.shared_inbox, author.create(note))
                except (OSError, http.client.HTTPException):
                    return
                if answer.status == 202:
                    accepted.append(note["content"])
                if len(accepted) >= 80:
                    enough.set()

        with ThreadPoolExecutor(len(authors)) as senders:
            sending = [senders.submit(sends, author) for author in authors]
            assert enough.wait(60)
            server.process.kill()
            server.process.wait()
            for sent in sending:
                sent.result()
        assert 80 <= len(accepted) < 320, "it was killed in between"
        server.start()

        def at_home():
            page, seen = reader.home(), []
            while page:
                seen += [post.content for post in page]
                page = reader.client.fetch_next(page)
            return seen

        seen = eventually(lambda: seen if set(accepted) <= set(seen := at_home()) else None, "all are there", PATIENCE_SECONDS)
        assert len(seen) == len(set(seen)), "nothing is there twice"

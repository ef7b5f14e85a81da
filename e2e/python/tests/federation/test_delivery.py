"""What this server sends: signed, once per server, again when it failed, and never more than its readers may know."""

import json
import time

import pytest

from federation import PATIENCE_SECONDS
from hostile import word
from peer import Peer
from server import eventually
from wire import Answer


@pytest.fixture
def author(server):
    return server.person("author")


@pytest.fixture
def carol(peer, author):
    """carol, on a peer of her own, follows the author."""
    carol = peer.actor("carol")
    follow(carol, author)
    return carol


def follow(actor, author):
    author_seen = actor.peer.find(author.handle)
    activity = actor.send(actor.follow(author_seen), author_seen)
    actor.peer.eventually_received(
        type="Accept", actor=author_seen.id, where=lambda got: got.json["object"]["id"] == activity["id"])


def delivered(peer, status, **how):
    return peer.eventually_received(type="Create", object=status.uri, seconds=PATIENCE_SECONDS, **how)


# What is sent

def test_a_post_is_signed_by_its_author(carol, author):
    status = author.says(word())
    got = delivered(carol.peer, status)
    assert got.signer == got.json["actor"]
    assert got.signer == carol.peer.find(author.handle).id
    assert got.header("content-type").startswith(("application/activity+json", "application/ld+json"))
    assert got.json["object"]["attributedTo"] == got.signer
    assert got.json["object"]["id"] == status.uri


def test_the_shared_inbox_gets_one_copy(carol, author):
    others = [carol.peer.actor(f"follower{n}") for n in range(4)]
    for other in others:
        follow(other, author)
    carol.peer.forget()
    status = author.says(word())
    assert delivered(carol.peer, status).path == "/inbox"
    follow_up = author.says(word())
    delivered(carol.peer, follow_up)
    assert len(carol.peer.requests(type="Create", object=status.uri)) == 1


def test_without_a_shared_inbox_each_gets_their_own(peer, author):
    followers = [peer.actor(f"own{n}", endpoints={}) for n in range(2)]
    for follower in followers:
        author_seen = peer.find(author.handle)
        follower.send(follower.follow(author_seen), author_seen)
        peer.eventually_received(type="Accept", path=f"/users/{follower.name}/inbox")
    status = author.says(word())
    for follower in followers:
        peer.eventually_received(type="Create", object=status.uri, path=f"/users/{follower.name}/inbox")


def test_nothing_hidden_is_in_what_is_sent(carol, author):
    """`bto` and `bcc` are for servers' own eyes; a direct post goes to those it names and to nobody else."""
    named = carol.peer.actor("named")
    with Peer() as elsewhere:
        stranger = elsewhere.actor("stranger")
        follow(stranger, author)
        direct = author.says(f"@{named.handle} {word()}", visibility="direct")
        private = author.says(word(), visibility="private")
        got = delivered(carol.peer, direct)
        assert got.json["to"] == [named.id]
        assert got.json.get("cc", []) == []
        assert delivered(elsewhere, private).json["to"] == [carol.peer.find(author.handle).followers]
        assert elsewhere.requests(type="Create", object=direct.uri) == []
        for peer in (carol.peer, elsewhere):
            for got in peer.requests():
                assert "bto" not in json.dumps(got.json) and "bcc" not in json.dumps(got.json)
    assert carol.peer.get(direct.uri).status == 404


def test_a_post_for_followers_stays_there(peer, author):
    bystander = peer.actor("bystander")
    known = author.finds(bystander)
    author.client.account_follow(known.id)
    peer.eventually_received(type="Follow", object=bystander.id)
    private, public = author.says(word(), visibility="private"), author.says(f"@{bystander.handle} {word()}")
    delivered(peer, public)
    assert peer.requests(type="Create", object=private.uri) == []


def test_a_deleted_post_is_taken_back_where_it_was_sent(carol, author):
    status = author.says(word())
    delivered(carol.peer, status)
    author.client.status_delete(status.id)
    got = carol.peer.eventually_received(type="Delete", object=status.uri)
    assert got.object_type == "Tombstone"
    assert carol.peer.get(status.uri).status == 410


def test_an_edit_is_sent(carol, author):
    status = author.says(word())
    delivered(carol.peer, status)
    author.client.status_update(status.id, "edited words")
    got = carol.peer.eventually_received(type="Update", object=status.uri)
    assert "edited words" in got.json["object"]["content"]
    assert got.json["object"]["updated"]


def test_what_one_does_to_a_post_goes_to_its_author(carol, author):
    note = carol.note(word())
    known = author.finds_post(note["id"])
    for kind, does, undoes in (
            ("Like", author.client.status_favourite, author.client.status_unfavourite),
            ("Announce", author.client.status_reblog, author.client.status_unreblog)):
        does(known.id)
        did = carol.peer.eventually_received(type=kind, object=note["id"])
        undoes(known.id)
        carol.peer.eventually_received(type="Undo", object=did.json["id"])
    known = author.finds(carol)
    author.client.account_block(known.id)
    block = carol.peer.eventually_received(type="Block", object=carol.id)
    author.client.account_unblock(known.id)
    carol.peer.eventually_received(type="Undo", object=block.json["id"])


# When it fails

@pytest.mark.parametrize("refused", ["rsa-sha256", "rfc9421"])
def test_who_refuses_one_kind_of_signature_gets_the_other(carol, author, refused):
    carol.peer.answers("/inbox", lambda got: Answer(401) if got.dialect == refused else None, forever=True)
    status = author.says(word())
    got = carol.peer.eventually_received(
        type="Create", object=status.uri, where=lambda got: got.answered == 202, seconds=PATIENCE_SECONDS)
    assert got.dialect != refused
    # It is remembered: the next one needs no second try.
    second = author.says(word())
    delivered(carol.peer, second, where=lambda got: got.answered == 202)
    assert len(carol.peer.requests(type="Create", object=second.uri)) == 1


@pytest.mark.parametrize("answer", [Answer(500), Answer(503), Answer(408), Answer(closes=True)],
                         ids=["500", "503", "408", "hangs up"])
def test_what_failed_is_sent_again(carol, author, answer):
    carol.peer.answers("/inbox", answer)
    status = author.says(word())
    delivered(carol.peer, status, where=lambda got: got.answered == 202)
    tries = carol.peer.requests(type="Create", object=status.uri)
    assert len(tries) == 2
    assert tries[0].json == tries[1].json


def test_retry_after_is_obeyed(carol, author):
    carol.peer.answers("/inbox", Answer(429, headers={"Retry-After": "4"}))
    status = author.says(word())
    delivered(carol.peer, status, where=lambda got: got.answered == 202)
    first, second = carol.peer.requests(type="Create", object=status.uri)
    assert 3.5 <= second.at - first.at <= 15


@pytest.mark.parametrize("final", [400, 403, 404, 422, 501])
def test_what_is_refused_for_good_is_not_sent_again(carol, author, final):
    carol.peer.answers("/inbox", Answer(final))
    refused, after = author.says(word()), None
    eventually(lambda: carol.peer.requests(type="Create", object=refused.uri), "the first try", PATIENCE_SECONDS)
    after = author.says(word())
    delivered(carol.peer, after)
    assert len(carol.peer.requests(type="Create", object=refused.uri)) == 1


def test_a_follower_who_is_gone_is_forgotten(peer, author):
    gone = peer.actor("gone", endpoints={})
    author_seen = peer.find(author.handle)
    gone.send(gone.follow(author_seen), author_seen)
    peer.eventually_received(type="Accept")
    assert author.client.me().followers_count == 1
    peer.answers(f"/users/{gone.name}", Answer(410), forever=True)
    author.says(word())
    eventually(lambda: author.client.account_followers(author.id) == [], "the follower is gone", PATIENCE_SECONDS)


def test_posts_are_not_redirected(carol, author):
    """A POST follows no redirect: the signature is for one host and one path."""
    with Peer() as elsewhere:
        carol.peer.answers(
            "/inbox", *[Answer(status, headers={"Location": elsewhere.inbox}) for status in (301, 307, 308)])
        author.says(word())
        eventually(lambda: carol.peer.requests(type="Create"), "the first try", PATIENCE_SECONDS)
        time.sleep(0.5)
        assert elsewhere.received == []


def test_a_slow_server_delays_nobody_else(carol, author):
    with Peer() as slow:
        snail = slow.actor("snail")
        follow(snail, author)
        slow.answers("/inbox", Answer(202, after=8), forever=True)
        began = time.monotonic()
        posts = [author.says(f"{word()} {n}") for n in range(8)]
        for status in posts:
            delivered(carol.peer, status)
        assert time.monotonic() - began < 7


def test_dead_servers_delay_nobody_else(carol, author):
    dead = [Peer() for _ in range(5)]
    for peer in dead:
        with peer:
            follow(peer.actor("late"), author)
    began = time.monotonic()
    posts = [author.says(f"{word()} {n}") for n in range(5)]
    for status in posts:
        delivered(carol.peer, status)
    assert time.monotonic() - began < 7


# The peers' side

def test_people_behind_authorized_fetch_are_found(server):
    reader = server.person("reader")
    with Peer(authorized_fetch=True) as shy:
        grace = shy.actor("grace")
        assert reader.finds(grace).acct == grace.handle
        note = grace.note(word())
        assert reader.finds_post(note["id"]).uri == note["id"]
        grace.send(grace.follow(shy.find(reader.handle)), shy.find(reader.handle))
        shy.eventually_received(type="Accept")

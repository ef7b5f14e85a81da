"""Relays bring public posts to servers where nobody follows their authors."""

import json

import pytest

from federation import PATIENCE_SECONDS
from hostile import word
from relay import Relay
from server import eventually


@pytest.fixture
def relay():
    with Relay() as running:
        yield running


def state(server):
    return [one["state"] for one in json.loads(server.cli("relay", "list", "--json"))]


def joins(server, address):
    server.cli("relay", "add", address)
    eventually(lambda: state(server) == ["accepted"], f"{server.domain} is with the relay", PATIENCE_SECONDS)


def public(member, text):
    return next((post for post in member.client.timeline_public(remote=True, limit=40) if text in post.content), None)


@pytest.mark.parametrize("kind", ["mastodon", "litepub"])
def test_public_posts_come_to_the_federated_timeline_of_the_other(here, there, alice, bob, relay, kind):
    address = relay.inbox if kind == "mastodon" else relay.itself.id
    for server in (here, there):
        joins(server, address)
    if kind == "litepub":
        # It follows in return.
        relay.eventually_received(count=2, type="Accept")
    hidden, first, second = word(), word(), word()
    alice.says(hidden, visibility="unlisted")
    bob.client.tag_follow(f"tag{first}")
    post = alice.says(f"{first} #tag{first}")
    seen = eventually(lambda: public(bob, first), "the post came over the relay", PATIENCE_SECONDS)
    assert seen.uri == post.uri and seen.account.acct == alice.handle
    assert bob.sees(first).id == seen.id, "who follows a tag has it at home"
    # The other way, and then the first one is edited and deleted.
    reply = bob.says(word())
    eventually(lambda: public(alice, reply.content), "so it does the other way", PATIENCE_SECONDS)
    alice.client.status_update(post.id, second)
    eventually(lambda: public(bob, second), "an edit comes, too", PATIENCE_SECONDS)
    alice.client.status_delete(post.id)
    eventually(lambda: bob.reads(post.uri) is None, "and a deletion", PATIENCE_SECONDS)
    assert public(bob, hidden) is None
    assert bob.client.account(seen.account.id).followers_count == 0
    if kind == "mastodon":
        here.cli("relay", "disable", address)
        assert state(here) == ["disabled"]
        eventually(lambda: len(relay.subscribers) == 1, "it has left", PATIENCE_SECONDS)
        here.cli("relay", "enable", address)
        eventually(lambda: state(here) == ["accepted"], "it is asked again", PATIENCE_SECONDS)
    for server in (here, there):
        server.cli("relay", "remove", address)
    eventually(lambda: not relay.subscribers, "both have left", PATIENCE_SECONDS)


def test_only_a_relay_that_was_asked_brings_posts(server, scene):
    address = f"{scene.carol.peer.base}/inbox"
    note = scene.carol.note(word())
    mallory = scene.mallory.peer.actor("relay", kind="Application")
    server.cli("relay", "add", address)
    asked = scene.carol.peer.eventually_received(type="Follow")
    # Nobody else says yes in its place.
    mallory.send(mallory.accept(asked.json), scene.remote)
    mallory.send(mallory.announce(note["id"]), scene.remote)
    scene.is_absent(note)
    assert state(server) == ["pending"]
    server.cli("relay", "remove", address)

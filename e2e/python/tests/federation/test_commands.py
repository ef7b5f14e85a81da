"""What an operator does about other servers, beside a running one."""

import json

import pytest

from federation import PATIENCE_SECONDS, Federated
from hostile import word
from server import CommandFailed, engines, eventually


@pytest.fixture(scope="module", params=engines())
def server(request):
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def dana(server):
    return server.person("dana")


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


def test_something_elsewhere_is_fetched_and_shown_as_it_is_understood(server, peer):
    carol = peer.actor("carol")
    shown = json.loads(server.cli("fetch", carol.id))
    assert (shown["kind"], shown["acct"], shown["inbox"]) == ("account", carol.handle, carol.inbox)
    assert json.loads(server.cli("fetch", f"@{carol.handle}"))["uri"] == carol.id
    note = carol.note("what is said")
    shown = json.loads(server.cli("fetch", note["id"]))
    assert (shown["author"], shown["visibility"], shown["text"]) == (carol.handle, "public", "<p>what is said</p>")
    with pytest.raises(CommandFailed):
        server.cli("fetch", peer.base + "/nothing")


def test_a_blocked_domain_is_seen_nowhere_and_comes_back_when_that_is_forgotten(server, dana, peer):
    carol = peer.actor("carol")
    seen = dana.finds(carol)
    note = carol.note(word(), mentions=[peer.find(dana.handle)])
    remote = peer.find(dana.handle)
    carol.send(carol.create(note), remote)
    soon(lambda: dana.reads(note["id"]), "the post")
    server.cli("federation", "block", peer.domain, "--comment", "spam")
    assert f"{peer.domain} suspend" in server.cli("federation", "list")
    soon(lambda: dana.reads(note["id"]) is None, "the post is out of sight")
    assert dana.client.account(seen.id).get("suspended")
    assert carol.post(remote.shared_inbox, carol.create(carol.note(word()))).status == 403
    server.cli("federation", "forget", peer.domain)
    soon(lambda: dana.reads(note["id"]), "the post is back")
    with pytest.raises(CommandFailed):
        server.cli("federation", "forget", peer.domain)


def test_people_of_a_silenced_domain_are_shown_to_their_followers_alone(server, dana, peer):
    carol = peer.actor("carol")
    seen = dana.finds(carol)
    server.cli("federation", "silence", peer.domain)
    soon(lambda: dana.client.account(seen.id).get("limited"), "carol is limited")
    late = peer.actor("late")
    assert dana.finds(late).get("limited")
    server.cli("federation", "forget", peer.domain)
    soon(lambda: not dana.client.account(seen.id).get("limited"), "no longer")


def test_a_new_key_is_told_and_signs(server, dana, peer):
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    before = peer.fetch_actor(remote.id).document["publicKey"]["publicKeyPem"]
    server.cli("account", "rotate-key", dana.name)
    soon(lambda: peer.fetch_actor(remote.id).document["publicKey"]["publicKeyPem"] != before, "the new key")
    text = word()
    dana.says(text)
    got = peer.eventually_received(type="Create", actor=remote.id, where=lambda got: text in str(got.json))
    assert got.signer == remote.id


def test_somebody_moves_when_the_new_account_names_the_old_one(server, dana, peer):
    there = server.person("there")
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    with pytest.raises(CommandFailed):
        server.cli("account", "move", dana.name, f"@{there.handle}", "--yes")
    server.cli("account", "alias", "add", there.name, remote.id)
    server.cli("account", "move", dana.name, f"@{there.handle}", "--yes")
    got = peer.eventually_received(type="Move", actor=remote.id)
    assert got.json["target"] == there.client.me().uri
    assert dana.client.me().moved.acct == there.name
    server.cli("account", "alias", "remove", there.name, remote.id)


def test_where_federation_is_limited_only_allowed_servers_are_spoken_with(peer):
    with Federated(engines()[-1], LIMITED_FEDERATION_MODE="true") as closed:
        reader, carol, text = closed.person("reader"), peer.actor("carol"), word()
        inbox = f"{closed.base}/inbox"
        note = carol.note(text)
        assert carol.post(inbox, carol.create(note)).status == 403
        assert reader.client.search_v2(carol.handle, resolve=True, result_type="accounts").accounts == []
        assert not peer.requests(method="GET"), "nobody there was asked for anything"
        closed.cli("federation", "allow", peer.domain)
        account = reader.finds(carol)
        reader.client.account_follow(account.id)
        asked = peer.eventually_received(type="Follow", object=carol.id)
        known = peer.find(reader.handle)
        carol.send(carol.accept(asked.json), known)
        soon(lambda: reader.client.account_relationships(account.id)[0].following, "the follow is accepted")
        carol.send(carol.create(note), known)
        reader.sees(text)
        closed.cli("federation", "forget", peer.domain)
        assert carol.post(inbox, carol.create(carol.note(word()))).status == 403

"""What an operator does about other servers, beside a running one."""

import json

import pytest
from mastodon import MastodonUnauthorizedError

from federation import PATIENCE_SECONDS, Federated
from hostile import word
from operations import png_of
from server import CommandFailed, engines, eventually
from wire import Answer


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
    assert remote.id not in peer.fetch_actor(there.client.me().uri).document.get("alsoKnownAs", [])
    with pytest.raises(CommandFailed, match="no alias"):
        server.cli("account", "alias", "remove", there.name, remote.id)


def test_an_account_that_is_deleted_is_told_and_gone(server, dana, peer):
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    with pytest.raises(CommandFailed, match="--yes"):
        server.cli("account", "delete", dana.name)
    server.cli("account", "delete", dana.name, "--yes")
    peer.eventually_received(type="Delete", actor=remote.id, object=remote.id)
    assert peer.get(remote.id).status == 410
    with pytest.raises(MastodonUnauthorizedError):
        dana.client.me()


def test_an_emoji_that_is_added_is_used_at_once(server, dana, peer, tmp_path):
    code = word()
    (tmp_path / "red.png").write_bytes(png_of(32, 32))
    server.cli("emoji", "add", code, str(tmp_path / "red.png"))
    soon(lambda: code in [emoji.shortcode for emoji in dana.client.custom_emojis()], "the emoji")
    carol, remote = peer.actor("carol"), peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    dana.says(f"hello :{code}:")
    got = peer.eventually_received(type="Create", actor=remote.id)
    assert [tag["name"] for tag in got.json["object"]["tag"] if tag["type"] == "Emoji"] == [f":{code}:"]


def test_how_it_stands_with_a_server_is_told_in_words_and_what_waits_is_tried_at_once(server, dana, peer):
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    show = lambda: json.loads(server.cli("host", "show", peer.domain, "--json"))
    soon(lambda: show()["state"] == "works" and show()["last_received_at"], "it works")
    assert (show()["people"], show()["follows_to_here"], show()["waiting"]) == (2, 1, 0)
    peer.answers("/inbox", Answer(503, "not today", headers={"Retry-After": "3600"}), forever=True)
    text = word()
    dana.says(text)
    failing = soon(lambda: (now := show())["failures"] and now, "it fails")
    assert failing["waiting"] == 1 and failing["next_try_at"] and "503" in failing["last_error"]
    assert peer.domain in server.cli("host", "list", "--failing")
    lines = server.cli("host", "show", peer.domain)
    assert "503" in lines and "2 known, 1 follows to here" in lines
    # It wanted to be left alone for an hour. The operator knows better.
    peer.forgives()
    peer.forget()
    assert server.cli("host", "retry", peer.domain) == "1"
    peer.eventually_received(type="Create", actor=remote.id, where=lambda got: text in str(got.json))
    soon(lambda: show()["waiting"] == 0 and show()["state"] == "works", "all went")
    server.cli("host", "reset", peer.domain)
    assert (show()["failures"], show()["last_error"]) == (0, None)
    assert peer.domain not in server.cli("host", "list", "--failing")
    for command in (("show",), ("retry",), ("reset",)):
        with pytest.raises(CommandFailed, match="there is no host"):
            server.cli("host", *command, "nowhere.example")


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

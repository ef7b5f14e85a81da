"""Streams as Mastodon.py reads them, and what is on the wire held against Mastodon's description."""

import json
import secrets

import pytest
import requests

from described import look_at
from live import event_source, listening, web_socket


def test_the_own_stream_brings_posts_edits_and_deletions(as_alice):
    with listening(as_alice.stream_user) as events:
        status = as_alice.status_post("live")
        assert events.wait_for("update", lambda seen: seen.id == status.id).content == "<p>live</p>"
        as_alice.status_update(status.id, "still live")
        assert events.wait_for("status.update").content == "<p>still live</p>"
        as_alice.status_delete(status.id)
        assert str(events.wait_for("delete")) == str(status.id)


def test_the_own_stream_brings_what_the_followed_post(as_alice, as_bob, bob):
    as_alice.account_follow(bob.id)
    with listening(as_alice.stream_user) as events:
        status = as_bob.status_post("from bob")
        assert events.wait_for("update").id == status.id
        as_bob.status_delete(status.id)
        assert str(events.wait_for("delete")) == str(status.id)


def test_a_notification_arrives_as_it_happens(as_alice, as_bob, bob):
    status = as_alice.status_post("look at me")
    with listening(as_alice.stream_user) as events, listening(as_alice.stream_user_notifications) as only_notices:
        as_bob.status_favourite(status.id)
        for stream in (events, only_notices):
            notice = stream.wait_for("notification")
            assert notice.type == "favourite"
            assert notice.account.acct == bob.name
            assert notice.status.id == status.id
        as_alice.status_post("an update")
        events.wait_for("update")
        assert only_notices.names_so_far() == []


def test_the_local_stream_brings_public_posts_alone(as_alice, as_bob):
    with listening(as_bob.stream_public, local=True) as local, listening(as_bob.stream_public) as public:
        as_alice.status_post("quiet", visibility="unlisted")
        as_alice.status_post("private", visibility="private")
        loud = as_alice.status_post("loud")
        # In order, so the first to arrive shows that the two before it did not.
        assert local.wait_for("update").id == loud.id
        assert public.wait_for("update").id == loud.id


def test_a_tag_stream_brings_the_tag_alone(as_alice, as_bob):
    tag = f"live{secrets.token_hex(4)}"
    with listening(as_bob.stream_hashtag, tag) as events:
        as_alice.status_post("no tag")
        status = as_alice.status_post(f"with #{tag.upper()}")
        assert events.wait_for("update").id == status.id


def test_a_list_stream_brings_its_members_alone(as_alice, as_bob, bob, person):
    carol = person("carol")
    for followed in (bob, carol):
        as_alice.account_follow(followed.id)
    members = as_alice.list_create("Friends")
    as_alice.list_accounts_add(members.id, [bob.id])
    with listening(as_alice.stream_list, members.id) as events:
        carol.client().status_post("from carol")
        status = as_bob.status_post("from bob")
        assert events.wait_for("update").id == status.id


def test_the_stream_of_conversations_brings_what_is_for_one_alone(as_alice, alice, as_bob):
    # Private mentions of strangers wait among the requests.
    as_alice.account_follow(as_bob.account_verify_credentials().id)
    with listening(as_alice.stream_direct) as events:
        as_bob.status_post("for all")
        status = as_bob.status_post(f"@{alice.name} between us", visibility="direct")
        assert events.wait_for("conversation").last_status.id == status.id


# Every address that streams are read from as events of a server, what it wants besides, and whether it needs a token.
PATHS = [
    ("user", {}, True), ("user/notification", {}, True), ("direct", {}, True), ("list", {"list": "1"}, True),
    ("public", {}, False), ("public/local", {}, False), ("public/remote", {}, False),
    ("hashtag", {"tag": "live"}, False), ("hashtag/local", {"tag": "live"}, False),
]


@pytest.mark.parametrize("path, params, is_personal", PATHS, ids=[path for path, _, _ in PATHS])
def test_every_stream_has_its_address(server, alice, as_alice, path, params, is_personal):
    address = f"{server.base}/api/v1/streaming/{path}"
    with requests.get(address, params=params, stream=True, timeout=10) as answer:
        assert answer.status_code == (401 if is_personal else 200), path
    own = {**params, "list": as_alice.list_create("own").id} if "list" in params else params
    headers = {"Authorization": f"Bearer {alice.token()}"}
    with requests.get(address, params=own, headers=headers, stream=True, timeout=10) as answer:
        assert answer.status_code == 200, path
        assert answer.headers["Content-Type"].startswith("text/event-stream")
    if params:
        assert requests.get(address, headers=headers, timeout=10).status_code == 400, "what it needs is missing"
    assert requests.get(f"{server.base}/api/v1/streaming/{path}/more", headers=headers, timeout=10).status_code == 400


def test_a_muted_author_is_not_heard(as_alice, as_bob, bob, person):
    carol = person("carol")
    for followed in (bob, carol):
        as_alice.account_follow(followed.id)
    as_alice.account_mute(bob.id)
    with listening(as_alice.stream_user) as events:
        as_bob.status_post("from bob")
        status = carol.client().status_post("from carol")
        assert events.wait_for("update").id == status.id


def test_a_stream_without_a_token_is_refused(server):
    answer = requests.get(f"{server.base}/api/v1/streaming/user", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]


def test_a_stream_is_announced_as_an_event_stream(server, alice):
    with requests.get(f"{server.base}/api/v1/streaming/user", params={"access_token": alice.token()},
                      stream=True, timeout=10) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert "no-store" in answer.headers["Cache-Control"]


def test_streaming_is_healthy(anyone):
    assert anyone.stream_healthy()


@pytest.fixture(params=[event_source, web_socket], ids=["server-sent events", "WebSocket"])
def wire(request, server):
    """Opens a stream of somebody's: `with wire(alice, "user") as told`."""
    return lambda person, path: request.param(server, person.token(), path)


def test_posts_are_told_in_the_shape_of_statuses(wire, as_alice, alice, as_bob, bob, person):
    as_alice.account_follow(bob.id)
    # A boost of one's own post would not come home.
    boosted = person("carol").client().status_post("boost me")
    original = as_alice.status_post("quote me", quote_approval_policy="public")
    with wire(alice, "user") as told:
        plain = as_bob.status_post(f"hello @{alice.name} #topic https://example.org/", sensitive=True, spoiler_text="look")
        # One after the other: two that are written at the same time may be told in either order.
        for write in (
            lambda: plain,
            lambda: as_bob.status_post("well?", poll=as_bob.make_poll(["yes", "no"], expires_in=300)),
            lambda: as_bob.status_post("see", quoted_status_id=original.id),
            lambda: as_bob.status_reblog(boosted.id),
        ):
            wanted = write()
            payload = told.wait_for("update")
            status = json.loads(payload)
            look_at(status, "Status")
            assert status["id"] == str(wanted.id)
        as_bob.status_update(plain.id, "hello again")
        edited = json.loads(told.wait_for("status.update"))
        look_at(edited, "Status")
        assert (edited["id"], edited["content"]) == (str(plain.id), "<p>hello again</p>")
        as_bob.status_delete(plain.id)
        assert told.wait_for("delete") == str(plain.id)


def test_notifications_are_told_in_their_shape(wire, as_alice, alice, as_bob, bob):
    post = as_alice.status_post("look at me", quote_approval_policy="public")
    acts = {
        "follow": lambda: as_bob.account_follow(alice.id),
        "favourite": lambda: as_bob.status_favourite(post.id),
        "reblog": lambda: as_bob.status_reblog(post.id),
        "mention": lambda: as_bob.status_post(f"@{alice.name} hi"),
        "quote": lambda: as_bob.status_post("see", quoted_status_id=post.id),
    }
    for path in ("user", "user/notification"):
        with wire(alice, path) as told:
            for kind, act in acts.items():
                act()
                notice = json.loads(told.wait_for("notification"))
                look_at(notice, "Notification")
                assert (notice["type"], notice["account"]["acct"]) == (kind, bob.name)
        as_bob.status_unfavourite(post.id)
        as_bob.status_unreblog(post.id)
        as_bob.account_unfollow(alice.id)


def test_conversations_are_told_in_their_shape(wire, as_alice, alice, as_bob, bob):
    as_alice.update_notifications_policy(for_private_mentions="accept")
    with wire(alice, "direct") as told:
        post = as_bob.status_post(f"@{alice.name} psst", visibility="direct")
        conversation = json.loads(told.wait_for("conversation"))
        look_at(conversation, "Conversation")
        assert (conversation["unread"], conversation["last_status"]["id"]) == (True, str(post.id))
        assert [account["acct"] for account in conversation["accounts"]] == [bob.name]

"""People here and on fedify find each other, follow, change their profiles, block, move and leave."""

import pytest

from fedify import SECONDS, Refused, followed_by, new_actor
from server import eventually



# Finding each other


def test_fedify_finds_people_here_by_handle_with_keys_and_inboxes(here, fedify, alice):
    alice.client.account_update_credentials(display_name="Alice", note="I write about tea", fields=[("Site", "garden")])
    seen = fedify.lookup(alice.handle)
    assert (seen["type"], seen["username"], seen["name"]) == ("Person", alice.name, "Alice")
    assert "I write about tea" in seen["summary"]
    assert [(field["name"], field["value"]) for field in seen["fields"]] == [("Site", "garden")]
    assert seen["inbox"].startswith(here.base) and seen["shared_inbox"].startswith(here.base)
    assert seen["locked"] is False
    key, = seen["public_keys"]
    assert key["owner"] == seen["id"] and key["algorithm"] == "RSASSA-PKCS1-v1_5"
    assert fedify.lookup(seen["url"], unsigned=True)["id"] == seen["id"]


def test_fedify_finds_posts_here_by_id_and_by_their_page(fedify, alice):
    post = alice.says("hello #garden", spoiler_text="greeting", language="en")
    seen = fedify.lookup(post.uri)
    assert seen == fedify.lookup(post.url, unsigned=True)
    assert (seen["type"], seen["summary"], seen["sensitive"]) == ("Note", "greeting", True)
    assert "hello" in seen["content"] and seen["languages"] == ["en"]
    assert "https://www.w3.org/ns/activitystreams#Public" in seen["to"]
    assert [(tag["type"], tag["name"]) for tag in seen["tags"]] == [("Hashtag", "#garden")]
    assert seen["attributed_to"] == fedify.lookup(alice.handle)["id"]


def test_fedify_reads_the_outbox_and_nodeinfo(here, fedify, alice):
    posts = [alice.says(f"number {number}") for number in range(3)]
    alice.client.status_reblog(posts[0])
    outbox = fedify.tell("traverse", what=fedify.lookup(alice.handle)["outbox"])
    assert [item["type"] for item in outbox["items"]] == ["Announce", "Create", "Create", "Create"]
    assert [item["object"] for item in outbox["items"][1:]] == [post.uri for post in reversed(posts)]
    assert outbox["total"] == 4
    assert fedify.tell("nodeinfo", host=here.domain)["software"]["name"] == "phiomia"


def test_people_there_are_found_by_handle_and_by_address(fedify, petra, alice):
    account = alice.finds(fedify.handle(petra))
    assert account.acct == fedify.handle(petra)
    assert account.locked is False
    assert alice.finds(fedify.actor(petra)).id == account.id


# Following


def test_somebody_there_follows_and_is_told_what_is_posted(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    alice.hears("follow", lambda note: note.account.acct == fedify.handle(petra))
    post = alice.says("for those who follow")
    seen = fedify.reads(post.uri)
    assert "for those who follow" in seen["content"]
    fedify.tell("unfollow", actor=petra, whom=alice.handle)
    account = alice.knows(fedify.handle(petra))
    eventually(lambda: not alice.client.account_relationships(account.id)[0].followed_by, "petra follows no more", SECONDS)


def test_somebody_who_is_locked_here_lets_one_in_and_turns_another_away(fedify, alice, uri):
    alice.client.account_update_credentials(locked=True)
    welcome, unwelcome = new_actor(fedify, "welcome"), new_actor(fedify, "unwelcome")
    for name in (welcome, unwelcome):
        fedify.tell("follow", actor=name, whom=alice.handle)
        alice.hears("follow_request", lambda note: note.account.acct == fedify.handle(name))
        assert fedify.following(uri, name) == "pending"
    alice.client.follow_request_authorize(alice.knows(fedify.handle(welcome)).id)
    alice.client.follow_request_reject(alice.knows(fedify.handle(unwelcome)).id)
    eventually(lambda: fedify.following(uri, welcome) == "accepted", "the request is accepted", SECONDS)
    eventually(lambda: fedify.following(uri, unwelcome) == "rejected", "the request is rejected", SECONDS)
    assert [account.acct for account in alice.client.account_followers(alice.id)] == [fedify.handle(welcome)]


def test_a_follower_who_is_removed_is_told(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    alice.client.account_remove_from_followers(alice.knows(fedify.handle(petra)).id)
    eventually(lambda: fedify.following(uri, petra) == "rejected", "petra is told", SECONDS)


def test_people_here_follow_and_see_posts_at_home_until_they_leave(fedify, petra, alice, uri):
    account = alice.follows(fedify.handle(petra))
    assert fedify.follower(uri, petra) == {"id": uri, "pending": False}
    post = fedify.tell("post", actor=petra, text="hello from there", language="eo", summary="far away")
    seen = alice.sees("hello from there")
    assert (seen.uri, seen.account.acct, seen.visibility) == (post["uri"], fedify.handle(petra), "public")
    assert (seen.language, seen.spoiler_text, seen.sensitive) == ("eo", "far away", True)
    alice.client.account_unfollow(account.id)
    eventually(lambda: fedify.follower(uri, petra) is None, "alice follows no more", SECONDS)


def test_somebody_who_is_locked_there_is_asked_first(fedify, alice, uri):
    locked = new_actor(fedify, "locked", locked=True)
    account = alice.finds(fedify.handle(locked))
    assert account.locked is True
    relation = lambda: alice.client.account_relationships(account.id)[0]
    alice.client.account_follow(account.id)
    eventually(lambda: fedify.follower(uri, locked), "the request arrives", SECONDS)
    assert fedify.follower(uri, locked)["pending"] is True
    assert relation().requested is True
    fedify.tell("accept", actor=locked, whom=uri)
    eventually(lambda: relation().following, "alice follows", SECONDS)
    fedify.tell("reject", actor=locked, whom=uri)
    eventually(lambda: not relation().following and not relation().requested, "alice is put out", SECONDS)


def test_who_opens_a_profile_sees_older_posts_as_many_as_were_written(fedify, petra, alice):
    older = [fedify.tell("post", actor=petra, text=f"older word {number}")["uri"] for number in range(3)]
    account = alice.client.account(alice.finds(fedify.handle(petra)).id)
    posts = lambda: sorted(status.uri for status in alice.client.account_statuses(account.id))
    eventually(lambda: posts() == sorted(older), "older posts are fetched", SECONDS)
    eventually(lambda: alice.client.account(account.id).statuses_count == 3, "they are counted once", SECONDS)


# Pins, profiles and blocks


def test_pinned_posts_are_told_and_listed(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    post = alice.says("pin me")
    alice.client.status_pin(post)
    assert fedify.gets("Add", post.uri)["actor"] == uri
    featured = fedify.lookup(alice.handle)["featured"]
    assert [item["id"] for item in fedify.tell("traverse", what=featured)["items"]] == [post.uri]
    alice.client.status_unpin(post)
    assert fedify.gets("Remove", post.uri)["actor"] == uri


def test_followers_and_replies_can_be_walked_through(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    post = alice.says("answer me")
    answer = alice.says("I answer myself", in_reply_to_id=post.id)
    seen = fedify.lookup(alice.handle)
    assert fedify.lookup(seen["followers"])["total"] == 1
    replies = fedify.tell("traverse", what=fedify.lookup(post.uri)["replies"])
    assert [item["id"] for item in replies["items"]] == [answer.uri]


def test_a_changed_profile_is_told_in_both_directions(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    account = alice.follows(fedify.handle(petra))
    alice.client.account_update_credentials(display_name="Alice of the garden")
    assert fedify.gets("Update", uri)["activity"]["object"]["name"] == "Alice of the garden"
    fedify.tell("actors/update", actor=petra, display_name="Petra of the sea", summary="<p>waves</p>")
    eventually(lambda: alice.client.account(account.id).display_name == "Petra of the sea", "the name", SECONDS)


def test_blocks_are_told_and_end_following_in_both_directions(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    account = alice.follows(fedify.handle(petra))
    alice.client.account_block(account.id)
    assert fedify.gets("Block", fedify.actor(petra))["actor"] == uri
    eventually(lambda: fedify.follower(uri, petra) is None, "alice follows no more", SECONDS)
    alice.client.account_unblock(account.id)
    fedify.tell("block", actor=petra, whom=alice.handle)
    eventually(lambda: alice.client.account_relationships(account.id)[0].blocked_by, "alice is blocked", SECONDS)


# Moving and leaving


def test_who_moves_there_takes_followers_from_here_along(fedify, petra, alice, uri):
    account = alice.follows(fedify.handle(petra))
    anew = new_actor(fedify, "anew", aliases=[fedify.actor(petra)])
    fedify.tell("actors/move", actor=petra, whom=fedify.actor(anew))
    eventually(lambda: fedify.follower(uri, anew), "alice follows the new account", SECONDS)
    eventually(lambda: fedify.follower(uri, petra) is None, "and no longer the old one", SECONDS)
    assert alice.client.account(account.id).moved.acct == fedify.handle(anew)


def test_a_move_to_an_account_that_does_not_say_so_is_not_followed(fedify, petra, alice, uri):
    alice.follows(fedify.handle(petra))
    stranger = new_actor(fedify, "stranger")
    fedify.tell("actors/move", actor=petra, whom=fedify.actor(stranger))
    # What is sent later is worked through later.
    fedify.tell("post", actor=petra, text="still here")
    alice.sees("still here")
    assert fedify.follower(uri, stranger) is None
    assert fedify.follower(uri, petra)


def test_an_account_there_that_is_deleted_leaves_with_its_posts(fedify, petra, alice):
    account = alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="my last words")
    alice.sees("my last words")
    fedify.tell("actors/delete", actor=petra)
    eventually(lambda: alice.reads(post["uri"]) is None, "the post is gone", SECONDS)
    eventually(lambda: account.id not in [one.id for one in alice.client.account_following(alice.id)],
               "nobody is followed", SECONDS)


def test_an_account_here_that_is_deleted_is_told_to_those_who_knew_it(here, fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    here.cli("account", "delete", alice.name, "--yes", "--now")
    assert fedify.gets("Delete", uri)["actor"] == uri
    with pytest.raises(Refused):
        fedify.lookup(uri)

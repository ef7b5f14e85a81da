"""People on two Phiomias find each other, follow, refuse, block and change; both sides agree about it afterwards."""

import pytest
from mastodon.errors import MastodonAPIError

from federation import PATIENCE_SECONDS
from server import eventually


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


# Looking up

def test_a_handle_is_looked_up(alice, bob):
    bob.client.account_update_credentials(
        display_name="Bob Elsewhere", note="likes bees", fields=[("Site", "https://example.org")])
    found = alice.finds(bob.handle)
    assert found.acct == bob.handle
    assert (found.username, found.display_name) == (bob.name, "Bob Elsewhere")
    assert "likes bees" in found.note
    assert [(field.name, "https://example.org" in field.value) for field in found.fields] == [("Site", True)]
    assert found.uri.startswith(bob.server.base)
    assert found.url == f"{bob.server.base}/@{bob.name}"
    assert (found.locked, found.bot) == (False, False)


@pytest.mark.parametrize("form", ["@{handle}", "{url}", "{uri}"])
def test_an_account_is_found_by_each_of_its_names(alice, bob, form):
    account = bob.client.me()
    text = form.format(handle=bob.handle, url=account.url, uri=account.uri)
    assert alice.finds(text).acct == bob.handle


def test_a_lookup_gives_the_same_account_each_time(alice, bob):
    first = alice.finds(bob)
    assert alice.finds(bob).id == first.id
    assert alice.client.account_lookup(bob.handle).id == first.id
    assert alice.knows(bob).id == first.id


def test_without_resolving_nobody_is_asked(alice, bob):
    assert alice.knows(bob) is None


def test_who_is_not_there_is_not_found(alice, there):
    found = alice.client.search_v2(f"nobody@{there.handle_domain}", resolve=True)
    assert found.accounts == []


def test_a_post_is_found_by_its_address_and_by_its_page(alice, bob):
    status = bob.says("look at this")
    found = alice.finds_post(status.url)
    assert "look at this" in found.content
    assert found.uri == status.uri
    assert found.account.acct == bob.handle
    assert alice.finds_post(status.uri).id == found.id


def test_a_post_for_followers_is_not_found_by_its_address(alice, bob):
    status = bob.says("only for followers", visibility="private")
    assert alice.client.search_v2(status.uri, resolve=True, result_type="statuses").statuses == []


# Following

def test_following_shows_on_both_sides(alice, bob):
    seen = alice.follows(bob)
    assert soon(lambda: bob.knows(alice), "bob knows alice").acct == alice.handle
    assert soon(lambda: bob.relation(alice).followed_by, "bob is followed")
    assert [account.acct for account in bob.client.account_followers(bob.id)] == [alice.handle]
    assert [account.acct for account in alice.client.account_following(alice.id)] == [bob.handle]
    assert bob.client.me().followers_count == 1
    assert alice.client.me().following_count == 1
    assert bob.hears("follow").account.acct == alice.handle
    assert alice.client.account_relationships(seen.id)[0].requested is False


def test_unfollowing_shows_on_both_sides(alice, bob):
    seen = alice.follows(bob)
    alice.client.account_unfollow(seen.id)
    soon(lambda: bob.client.account_followers(bob.id) == [], "bob has lost a follower")
    assert bob.client.me().followers_count == 0
    assert alice.client.me().following_count == 0


def test_a_locked_account_accepts(alice, there):
    lea = there.person("lea", "--locked")
    seen = alice.finds(lea)
    assert seen.locked is True
    asked = alice.client.account_follow(seen.id)
    assert (asked.requested, asked.following) == (True, False)
    requests = soon(lea.client.follow_requests, "lea is asked")
    assert [account.acct for account in requests] == [alice.handle]
    assert lea.hears("follow_request").account.acct == alice.handle
    assert lea.relation(alice).requested_by is True

    assert lea.client.follow_request_authorize(requests[0].id).followed_by is True
    soon(lambda: alice.client.account_relationships(seen.id)[0].following, "alice follows lea")
    assert lea.client.follow_requests() == []
    lea.says("hello, follower", visibility="private")
    alice.sees("hello, follower")


def test_a_locked_account_refuses(alice, there):
    lea = there.person("lea", "--locked")
    seen = alice.finds(lea)
    alice.client.account_follow(seen.id)
    requests = soon(lea.client.follow_requests, "lea is asked")
    lea.client.follow_request_reject(requests[0].id)
    soon(lambda: not alice.client.account_relationships(seen.id)[0].requested, "alice is refused")
    assert alice.client.account_relationships(seen.id)[0].following is False
    assert lea.client.account_followers(lea.id) == []


def test_a_request_is_taken_back(alice, there):
    lea = there.person("lea", "--locked")
    seen = alice.finds(lea)
    alice.client.account_follow(seen.id)
    soon(lea.client.follow_requests, "lea is asked")
    alice.client.account_unfollow(seen.id)
    soon(lambda: lea.client.follow_requests() == [], "lea is not asked any more")


def test_a_follower_is_removed(alice, bob):
    seen = alice.follows(bob)
    follower = bob.knows(alice)
    bob.client.account_remove_from_followers(follower.id)
    soon(lambda: not alice.client.account_relationships(seen.id)[0].following, "alice does not follow any more")
    assert bob.client.account_followers(bob.id) == []
    bob.says("without alice", visibility="private")
    bob.says("for everybody")
    assert not any("without alice" in post.content for post in alice.home())


def test_an_unlocked_account_accepts_at_once_and_again(alice, bob):
    seen = alice.follows(bob)
    alice.client.account_unfollow(seen.id)
    soon(lambda: bob.client.account_followers(bob.id) == [], "bob has lost a follower")
    alice.follows(bob)
    assert bob.client.me().followers_count == 1


# Blocking

def test_a_block_ends_following_both_ways(alice, bob):
    seen = alice.follows(bob)
    bob.follows(alice)
    follower = bob.knows(alice)
    assert bob.client.account_block(follower.id).blocking is True
    soon(lambda: not alice.client.account_relationships(seen.id)[0].following, "alice does not follow any more")
    soon(lambda: not alice.client.account_relationships(seen.id)[0].followed_by, "bob does not follow any more")
    soon(lambda: alice.client.account_followers(alice.id) == [], "alice has no follower")
    soon(lambda: alice.client.account_relationships(seen.id)[0].blocked_by, "alice is blocked")

    # What the blocked person does arrives nowhere.
    alice.says(f"@{bob.handle} can you hear me?")
    witness = bob.server.person("witness")
    alice.says(f"@{witness.handle} can you?")
    witness.hears("mention")
    assert bob.client.notifications(types=["mention"]) == []

    assert bob.client.account_unblock(follower.id).blocking is False
    soon(lambda: not alice.client.account_relationships(seen.id)[0].blocked_by, "alice is not blocked any more")
    alice.follows(bob)


def test_a_blocked_person_cannot_follow(alice, bob):
    seen = alice.finds(bob)
    bob.client.account_block(bob.finds(alice).id)
    soon(lambda: alice.client.account_relationships(seen.id)[0].blocked_by, "alice is blocked")
    with pytest.raises(MastodonAPIError) as refused:
        alice.client.account_follow(seen.id)
    assert refused.value.args[1] == 403
    assert bob.client.account_followers(bob.id) == []


# Profiles

def test_a_changed_profile_arrives_at_followers(alice, bob):
    seen = alice.follows(bob)
    bob.client.account_update_credentials(
        display_name="Robert", note="now with a hat", locked=True, bot=True, fields=[("Hat", "yes")])
    changed = soon(
        lambda: next((a for a in [alice.client.account(seen.id)] if a.display_name == "Robert"), None), "the name")
    assert "now with a hat" in changed.note
    assert (changed.locked, changed.bot) == (True, True)
    assert [(field.name, field.value) for field in changed.fields] == [("Hat", "yes")]


def test_counts_of_the_other_side_are_shown(alice, bob):
    bob.says("one")
    bob.says("two")
    carol = bob.server.person("carol")
    carol.follows(bob)
    seen = alice.finds(bob)
    shown = soon(
        lambda: next((a for a in [alice.client.account(seen.id)] if a.followers_count), None), "the counts")
    assert shown.followers_count == 1
    assert shown.statuses_count == 2


def test_older_posts_are_there_after_following(alice, bob):
    for n in range(3):
        bob.says(f"long ago {n}")
    seen = alice.follows(bob)
    soon(lambda: len(alice.client.account_statuses(seen.id)) == 3, "the older posts")
    # They belong into the profile, and not on top of what alice reads.
    assert not any("long ago" in post.content for post in alice.home())


def test_a_deleted_account_is_gone_on_the_other_side(alice, there):
    short = there.person("short")
    seen = alice.follows(short)
    status = short.says("not for long")
    alice.sees("not for long")
    there.cli("account", "delete", short.name, "--yes")
    soon(lambda: alice.reads(status.uri) is None, "the post is gone")
    with pytest.raises(MastodonAPIError) as refused:
        alice.client.account_statuses(seen.id)
    assert refused.value.args[1] in (404, 410)

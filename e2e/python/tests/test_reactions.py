"""Favourites, boosts, bookmarks and pins: the answer already shows the new state, and the counts follow."""

import pytest
from mastodon.errors import MastodonAPIError


@pytest.fixture
def status(as_alice):
    return as_alice.status_post("something to react to")


def test_a_favourite_shows_at_once_and_goes_again(as_bob, bob, as_alice, status):
    given = as_bob.status_favourite(status.id)
    assert given.favourited is True
    assert given.favourites_count == 1
    assert [account.acct for account in as_alice.status_favourited_by(status.id)] == [bob.name]
    assert [liked.id for liked in as_bob.favourites()] == [status.id]

    taken = as_bob.status_unfavourite(status.id)
    assert taken.favourited is False
    assert taken.favourites_count == 0
    assert as_bob.favourites() == []


def test_a_favourite_twice_counts_once(as_bob, status):
    as_bob.status_favourite(status.id)
    assert as_bob.status_favourite(status.id).favourites_count == 1


def test_a_boost_wraps_the_original_and_goes_again(as_bob, bob, as_alice, status):
    boost = as_bob.status_reblog(status.id)
    assert boost.account.acct == bob.name
    assert boost.reblog.id == status.id
    assert boost.reblog.reblogged is True
    assert boost.reblog.reblogs_count == 1
    assert [account.acct for account in as_alice.status_reblogged_by(status.id)] == [bob.name]

    original = as_bob.status_unreblog(status.id)
    assert original.id == status.id
    assert original.reblogged is False
    assert original.reblogs_count == 0
    assert as_bob.account_statuses(bob.id) == []


def test_a_boost_may_be_unlisted(as_bob, status):
    assert as_bob.status_reblog(status.id, visibility="unlisted").visibility == "unlisted"


def test_another_persons_followers_only_post_cannot_be_boosted(as_alice, alice, as_bob):
    as_bob.account_follow(alice.id)
    status = as_alice.status_post("among us", visibility="private")
    with pytest.raises(MastodonAPIError) as refused:
        as_bob.status_reblog(status.id)
    assert refused.value.args[1] == 403


def test_a_bookmark_is_known_to_its_owner_alone(as_bob, as_alice, status):
    assert as_bob.status_bookmark(status.id).bookmarked is True
    assert [kept.id for kept in as_bob.bookmarks()] == [status.id]
    assert as_alice.status(status.id).bookmarked is False
    assert as_bob.status_unbookmark(status.id).bookmarked is False
    assert as_bob.bookmarks() == []


def test_a_pinned_post_stands_first_on_the_profile(as_alice, alice, as_bob, status):
    as_alice.status_post("newer")
    assert as_alice.status_pin(status.id).pinned is True
    assert [pinned.id for pinned in as_bob.account_statuses(alice.id, pinned=True)] == [status.id]
    assert as_alice.status_unpin(status.id).pinned is False
    assert as_bob.account_statuses(alice.id, pinned=True) == []


def test_only_own_posts_are_pinned(as_bob, status):
    with pytest.raises(MastodonAPIError) as refused:
        as_bob.status_pin(status.id)
    assert refused.value.args[1] == 422

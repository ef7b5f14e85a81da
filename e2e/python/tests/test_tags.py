"""Hashtags: followed into home, shown on profiles, told with their use."""

import secrets

import pytest
from mastodon.errors import MastodonAPIError

from server import eventually


@pytest.fixture
def tag():
    """A tag nobody else in this run uses."""
    return f"cats{secrets.token_hex(4)}"


def ids(items):
    return [item.id for item in items]


def test_posts_under_a_followed_tag_come_into_home_and_leave_with_it(as_alice, as_bob, tag):
    assert as_alice.tag_follow(tag).following is True
    assert [followed.name for followed in as_alice.followed_tags()] == [tag]
    status = as_bob.status_post(f"look #{tag}")
    eventually(lambda: ids(as_alice.timeline_home()) == [status.id], "it is in home")
    assert as_alice.tag_unfollow(tag).following is False
    assert as_alice.timeline_home() == []


def test_a_tag_tells_its_use(as_alice, as_bob, anyone, tag):
    as_alice.status_post(f"#{tag}")
    as_bob.status_post(f"#{tag}")
    found = anyone.tag(tag)
    assert (found.name, len(found.history)) == (tag, 7)
    assert (int(found.history[0].uses), int(found.history[0].accounts)) == (2, 2)


def test_featured_tags_are_on_the_profile(as_alice, alice, as_bob, tag):
    as_alice.status_post(f"#{tag}")
    assert [suggested.name for suggested in as_alice.featured_tag_suggestions()] == [tag]
    made = as_alice.featured_tag_create(tag)
    assert (made.name, int(made.statuses_count)) == (tag, 1)
    assert ids(as_bob.account_featured_tags(alice.id)) == [made.id]
    with pytest.raises(MastodonAPIError, match="has already been taken"):
        as_alice.featured_tag_create(tag)
    as_alice.featured_tag_delete(made.id)
    assert as_alice.featured_tags() == []

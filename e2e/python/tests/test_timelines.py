"""Home, local, public, tag and profile timelines, and paging through them as Mastodon.py does."""

import secrets

import pytest

from server import eventually


def ids(statuses):
    return [status.id for status in statuses]


def in_home(client, status):
    return eventually(lambda: status.id in ids(client.timeline_home()), f"{status.id} is in home")


def test_home_has_own_posts_at_once(as_alice):
    status = as_alice.status_post("mine")
    assert ids(as_alice.timeline_home()) == [status.id]


def test_home_has_what_the_followed_post_and_boost(as_alice, as_bob, bob, person):
    as_alice.account_follow(bob.id)
    in_home(as_alice, as_bob.status_post("from bob"))
    other = person("carol").client().status_post("from carol")
    boost = as_bob.status_reblog(other.id)
    assert in_home(as_alice, boost)
    assert other.id not in ids(as_alice.timeline_home())


def test_a_muted_author_stays_out_of_home(as_alice, as_bob, bob):
    as_alice.account_follow(bob.id)
    in_home(as_alice, as_bob.status_post("before"))
    as_alice.account_mute(bob.id)
    after = as_bob.status_post("after")
    eventually(lambda: after.id in ids(as_bob.timeline_home()), "bob has it")
    assert [status.account.acct for status in as_alice.timeline_home()] == []
    assert as_alice.account_statuses(bob.id) != []


def test_a_deleted_post_leaves_every_timeline(as_alice, as_bob, bob):
    as_alice.account_follow(bob.id)
    status = as_bob.status_post("short lived")
    in_home(as_alice, status)
    as_bob.status_delete(status.id)
    assert status.id not in ids(as_alice.timeline_home())
    assert status.id not in ids(as_alice.timeline_local())


@pytest.mark.parametrize("name", ["timeline_public", "timeline_local"])
def test_public_timelines_have_public_posts_and_no_others(as_alice, as_bob, anyone, name):
    public = as_alice.status_post("to all")
    unlisted = as_alice.status_post("quietly", visibility="unlisted")
    private = as_alice.status_post("to followers", visibility="private")
    for client in (as_bob, anyone):
        seen = ids(getattr(client, name)())
        assert public.id in seen
        assert unlisted.id not in seen
        assert private.id not in seen


def test_a_tag_timeline_has_the_tag_in_any_case(as_alice, anyone):
    tag = f"Tea{secrets.token_hex(4)}"
    status = as_alice.status_post(f"time for #{tag}")
    as_alice.status_post("time for coffee")
    assert ids(anyone.timeline_hashtag(tag.lower())) == [status.id]
    assert ids(anyone.timeline_hashtag(tag.upper(), local=True)) == [status.id]


def test_a_profile_leaves_out_replies_and_boosts_when_asked(as_alice, alice, as_bob):
    status = as_alice.status_post("plain")
    other = as_bob.status_post("from bob")
    reply = as_alice.status_reply(other, "indeed")
    boost = as_alice.status_reblog(other.id)
    assert ids(as_bob.account_statuses(alice.id)) == [boost.id, reply.id, status.id]
    assert ids(as_bob.account_statuses(alice.id, exclude_replies=True)) == [boost.id, status.id]
    assert ids(as_bob.account_statuses(alice.id, exclude_reblogs=True)) == [reply.id, status.id]


def test_pages_follow_each_other_without_gap_or_double(as_alice):
    posted = [as_alice.status_post(f"number {n}").id for n in range(7)]
    newest_first = posted[::-1]
    first = as_alice.timeline_home(limit=3)
    second = as_alice.fetch_next(first)
    third = as_alice.fetch_next(second)
    assert ids(first) + ids(second) + ids(third) == newest_first
    assert ids(as_alice.fetch_previous(second)) == ids(first)
    assert ids(as_alice.fetch_remaining(as_alice.timeline_home(limit=2))) == newest_first


def test_min_id_gives_the_nearest_and_since_id_the_newest(as_alice):
    posted = [as_alice.status_post(f"number {n}").id for n in range(5)]
    assert ids(as_alice.timeline_home(min_id=posted[0], limit=2)) == [posted[2], posted[1]]
    assert ids(as_alice.timeline_home(since_id=posted[0], limit=2)) == [posted[4], posted[3]]
    assert ids(as_alice.timeline_home(max_id=posted[4], min_id=posted[1])) == [posted[3], posted[2]]


def test_a_page_has_at_most_forty(as_alice):
    for n in range(42):
        as_alice.status_post(f"number {n}")
    assert len(as_alice.timeline_home(limit=1000)) == 40
    assert len(as_alice.timeline_home()) == 20


def test_favourites_are_paged_by_when_they_were_given(as_alice, as_bob):
    posted = [as_alice.status_post(f"number {n}").id for n in range(4)]
    order = [posted[2], posted[0], posted[3], posted[1]]
    for status in order:
        as_bob.status_favourite(status)
    first = as_bob.favourites(limit=2)
    assert ids(first) + ids(as_bob.fetch_next(first)) == order[::-1]

"""What Mastodon.py reads under notifications, version 1."""

import pytest
from mastodon.errors import MastodonNotFoundError

from server import eventually


def notices(client, **options):
    """Kind and author, newest first."""
    return [(notice.type, notice.account.acct) for notice in client.notifications(**options)]


def expect(client, *wanted):
    eventually(lambda: notices(client) == list(wanted), f"notifications {wanted}")


def test_each_act_tells_the_person_it_is_for(as_alice, alice, as_bob, bob):
    status = as_alice.status_post("look at me")
    as_bob.account_follow(alice.id)
    as_bob.status_favourite(status.id)
    as_bob.status_reblog(status.id)
    reply = as_bob.status_reply(status, "seen")
    expect(as_alice, ("mention", bob.name), ("reblog", bob.name), ("favourite", bob.name), ("follow", bob.name))
    assert [notice.status and notice.status.id for notice in as_alice.notifications()] == [
        reply.id, status.id, status.id, None]
    assert as_bob.notifications() == []


def test_a_request_to_follow_is_a_notification_of_its_own(person, as_alice, alice):
    locked = person("lea", "--locked")
    as_alice.account_follow(locked.id)
    expect(locked.client(), ("follow_request", alice.name))


def test_a_followed_author_with_a_bell_is_told_of(as_alice, as_bob, bob):
    as_alice.account_follow(bob.id, notify=True)
    as_bob.status_post("news")
    expect(as_alice, ("status", bob.name))


def test_an_edit_tells_those_who_boosted(as_alice, alice, as_bob):
    status = as_alice.status_post("first words")
    as_bob.status_reblog(status.id)
    as_alice.status_update(status.id, "other words")
    expect(as_bob, ("update", alice.name))


def test_kinds_are_chosen_and_left_out(as_alice, alice, as_bob, bob):
    status = as_alice.status_post("look at me")
    as_bob.account_follow(alice.id)
    as_bob.status_favourite(status.id)
    expect(as_alice, ("favourite", bob.name), ("follow", bob.name))
    assert notices(as_alice, types=["follow"]) == [("follow", bob.name)]
    assert notices(as_alice, exclude_types=["follow"]) == [("favourite", bob.name)]
    assert notices(as_alice, account_id=alice.id) == []


def test_what_is_taken_back_is_not_told_of(as_alice, as_bob):
    status = as_alice.status_post("look at me")
    as_bob.status_favourite(status.id)
    eventually(lambda: len(as_alice.notifications()) == 1, "one notification")
    as_bob.status_unfavourite(status.id)
    eventually(lambda: as_alice.notifications() == [], "no notification")


def test_a_blocked_or_muted_person_tells_nothing(as_alice, as_bob, bob, person):
    status = as_alice.status_post("look at me")
    as_alice.account_mute(bob.id)
    as_bob.status_favourite(status.id)
    carol = person("carol")
    carol.client().status_favourite(status.id)
    expect(as_alice, ("favourite", carol.name))


def test_one_is_read_and_dismissed_and_the_rest_cleared(as_alice, alice, as_bob, bob):
    status = as_alice.status_post("look at me")
    as_bob.account_follow(alice.id)
    as_bob.status_favourite(status.id)
    expect(as_alice, ("favourite", bob.name), ("follow", bob.name))
    newest = as_alice.notifications()[0]
    assert as_alice.notifications(id=newest.id).type == "favourite"
    as_alice.notifications_dismiss(newest.id)
    with pytest.raises(MastodonNotFoundError):
        as_alice.notifications(id=newest.id)
    assert notices(as_alice) == [("follow", bob.name)]
    as_alice.notifications_clear()
    assert as_alice.notifications() == []


def test_notifications_are_paged(as_alice, as_bob):
    posted = [as_alice.status_post(f"number {n}").id for n in range(5)]
    for status in posted:
        as_bob.status_favourite(status)
    eventually(lambda: len(as_alice.notifications()) == 5, "five notifications")
    first = as_alice.notifications(limit=2)
    assert [notice.status.id for notice in as_alice.fetch_remaining(first)] == posted[::-1]


def test_a_private_mention_of_a_stranger_waits_and_is_let_in(as_alice, alice, as_bob, bob):
    policy = as_alice.notifications_policy()
    assert (policy.for_private_mentions, policy.for_not_following) == ("filter", "accept")
    status = as_bob.status_post(f"@{alice.name} psst", visibility="direct")
    eventually(lambda: len(as_alice.notification_requests()) == 1, "one request")
    assert as_alice.notifications() == []
    request = as_alice.notification_requests()[0]
    assert (request.account.acct, request.last_status.id, int(request.notifications_count)) == (bob.name, status.id, 1)
    assert as_alice.notifications_policy().summary.pending_requests_count == 1
    as_alice.accept_notification_request(request.id)
    assert as_alice.notifications_merged()
    expect(as_alice, ("mention", bob.name))
    assert as_alice.notification_requests() == []


def test_what_the_policy_drops_is_not_told_of(as_alice, alice, as_bob):
    changed = as_alice.update_notifications_policy(for_not_following="drop")
    assert changed.for_not_following == "drop"
    as_bob.status_post(f"@{alice.name} hello")
    assert as_alice.notifications() == []
    assert as_alice.notification_requests() == []

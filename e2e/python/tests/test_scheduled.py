"""Posts that wait for their time."""

from datetime import datetime, timedelta, timezone

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError


def later(**span):
    return datetime.now(timezone.utc) + timedelta(**span)


def test_a_post_waits_is_moved_and_cancelled(as_alice, alice):
    waiting = as_alice.status_post("later", scheduled_at=later(hours=1), visibility="unlisted")
    assert waiting.params.text == "later"
    assert [entry.id for entry in as_alice.scheduled_statuses()] == [waiting.id]
    assert as_alice.account_statuses(alice.id) == []

    moved = as_alice.scheduled_status_update(waiting.id, later(hours=2))
    assert moved.scheduled_at > waiting.scheduled_at

    as_alice.scheduled_status_delete(waiting.id)
    with pytest.raises(MastodonNotFoundError):
        as_alice.scheduled_status(waiting.id)


def test_the_time_has_to_be_five_minutes_ahead(as_alice):
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.status_post("soon", scheduled_at=later(minutes=4))
    assert refused.value.args[1] == 422


def test_waiting_posts_are_seen_by_their_author_alone(as_alice, as_bob):
    waiting = as_alice.status_post("mine", scheduled_at=later(hours=1))
    assert as_bob.scheduled_statuses() == []
    with pytest.raises(MastodonNotFoundError):
        as_bob.scheduled_status(waiting.id)

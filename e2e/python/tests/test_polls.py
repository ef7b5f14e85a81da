"""Polls as Mastodon.py asks and answers them."""

import pytest
from mastodon.errors import MastodonAPIError


@pytest.fixture
def asked(as_alice):
    poll = as_alice.make_poll(["yes", "no"], expires_in=300)
    return as_alice.status_post("well?", poll=poll)


def test_a_vote_counts_for_everybody(as_alice, as_bob, asked):
    voted = as_bob.poll_vote(asked.poll.id, [1])
    assert (voted.voted, voted.own_votes) == (True, [1])
    seen = as_alice.poll(asked.poll.id)
    assert (seen.votes_count, seen.options[1].votes_count) == (1, 1)
    assert as_alice.status(asked.id).poll.voters_count == 1


def test_nobody_votes_twice_or_for_themselves(as_alice, as_bob, asked):
    as_bob.poll_vote(asked.poll.id, [0])
    for client in (as_alice, as_bob):
        with pytest.raises(MastodonAPIError) as refused:
            client.poll_vote(asked.poll.id, [1])
        assert refused.value.args[1] == 422


def test_a_poll_needs_two_choices(as_alice):
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.status_post("well?", poll=as_alice.make_poll(["yes"], expires_in=300))
    assert "Choices must have more than one item" in refused.value.args[3]


def test_an_edit_of_the_choices_begins_anew(as_alice, as_bob, asked):
    as_bob.poll_vote(asked.poll.id, [0])
    edited = as_alice.status_update(asked.id, "well?", poll=as_alice.make_poll(["yes", "never"], expires_in=300))
    assert edited.poll.votes_count == 0
    assert [option.title for option in as_bob.status_history(asked.id)[0].poll.options] == ["yes", "no"]

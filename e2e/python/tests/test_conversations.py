"""Direct conversations and muted threads."""

import pytest
from mastodon.errors import MastodonNotFoundError


@pytest.fixture(autouse=True)
def anybody_may_write(as_alice, as_bob):
    """Private mentions of strangers wait by default."""
    for client in (as_alice, as_bob):
        client.update_notifications_policy(for_private_mentions="accept")


def test_a_direct_post_is_a_conversation_for_both(as_alice, alice, as_bob, bob):
    status = as_alice.status_post(f"@{bob.name} psst", visibility="direct")
    mine, = as_alice.conversations()
    theirs, = as_bob.conversations()
    assert (mine.unread, theirs.unread) == (False, True)
    assert [account.acct for account in theirs.accounts] == [alice.name]
    assert mine.last_status.id == theirs.last_status.id == status.id


def test_a_conversation_is_read_and_leaves_the_list(as_alice, as_bob, bob):
    as_alice.status_post(f"@{bob.name} psst", visibility="direct")
    conversation, = as_bob.conversations()
    as_bob.conversations_read(conversation.id)
    assert as_bob.conversations()[0].unread is False
    with pytest.raises(MastodonNotFoundError):
        as_alice.conversations_read(conversation.id)


def test_conversations_turn_their_pages(as_alice, as_bob, bob):
    posts = [as_alice.status_post(f"@{bob.name} {n}", visibility="direct").id for n in range(3)]
    first = as_bob.conversations(limit=2)
    second = as_bob.fetch_next(first)
    assert [entry.last_status.id for entry in first + second] == posts[::-1]


def test_a_muted_thread_is_silent(as_alice, alice, as_bob):
    status = as_alice.status_post("a long talk")
    assert as_alice.status_mute(status.id).muted is True
    as_bob.status_reply(status, "well")
    assert as_alice.notifications() == []
    assert as_alice.status_unmute(status.id).muted is False

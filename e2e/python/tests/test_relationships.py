"""Following, locked accounts, blocks and mutes, and what each tells about the other."""

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError


def relation(client, person):
    return client.account_relationships(person.id)[0]


def test_following_shows_on_both_sides(as_alice, alice, as_bob, bob):
    assert as_alice.account_follow(bob.id).following is True
    assert relation(as_bob, alice).followed_by is True
    assert [account.acct for account in as_bob.account_followers(bob.id)] == [alice.name]
    assert [account.acct for account in as_bob.account_following(alice.id)] == [bob.name]
    assert as_bob.me().followers_count == 1
    assert as_alice.me().following_count == 1

    assert as_alice.account_unfollow(bob.id).following is False
    assert as_bob.me().followers_count == 0


def test_following_again_changes_how(as_alice, bob):
    assert as_alice.account_follow(bob.id).showing_reblogs is True
    changed = as_alice.account_follow(bob.id, reblogs=False, notify=True)
    assert changed.showing_reblogs is False
    assert changed.notifying is True


def test_a_locked_account_is_asked_and_accepts(as_alice, alice, person):
    locked = person("lea", "--locked")
    as_locked = locked.client()
    asked = as_alice.account_follow(locked.id)
    assert asked.requested is True
    assert asked.following is False
    assert [account.acct for account in as_locked.follow_requests()] == [alice.name]
    assert relation(as_locked, alice).requested_by is True

    assert as_locked.follow_request_authorize(alice.id).followed_by is True
    assert relation(as_alice, locked).following is True
    assert as_locked.follow_requests() == []


def test_a_locked_account_is_asked_and_refuses(as_alice, alice, person):
    locked = person("lea", "--locked")
    as_locked = locked.client()
    as_alice.account_follow(locked.id)
    as_locked.follow_request_reject(alice.id)
    assert relation(as_alice, locked).requested is False
    assert as_locked.account_followers(locked.id) == []


def test_a_request_can_be_taken_back(as_alice, person):
    locked = person("lea", "--locked")
    as_alice.account_follow(locked.id)
    assert as_alice.account_unfollow(locked.id).requested is False
    assert locked.client().follow_requests() == []


def test_a_block_ends_following_both_ways_and_hides(as_alice, alice, as_bob, bob):
    as_alice.account_follow(bob.id)
    as_bob.account_follow(alice.id)
    status = as_alice.status_post("not for bob")
    blocked = as_alice.account_block(bob.id)
    assert blocked.blocking is True
    assert blocked.following is False
    assert blocked.followed_by is False
    assert [account.acct for account in as_alice.blocks()] == [bob.name]
    assert relation(as_bob, alice).blocked_by is True
    with pytest.raises(MastodonNotFoundError):
        as_bob.status(status.id)
    assert as_bob.account_statuses(alice.id) == []
    with pytest.raises(MastodonAPIError) as refused:
        as_bob.account_follow(alice.id)
    assert refused.value.args[1] == 403

    assert as_alice.account_unblock(bob.id).blocking is False
    assert as_bob.status(status.id).id == status.id


def test_a_mute_is_known_to_its_owner_alone(as_alice, alice, as_bob, bob):
    muted = as_alice.account_mute(bob.id, notifications=False)
    assert muted.muting is True
    assert muted.muting_notifications is False
    assert [account.acct for account in as_alice.mutes()] == [bob.name]
    assert relation(as_bob, alice).muting is False
    assert as_alice.account_unmute(bob.id).muting is False
    assert as_alice.mutes() == []


def test_relationships_are_asked_for_many_at_once(as_alice, bob, person):
    carol = person("carol")
    as_alice.account_follow(carol.id)
    following = {str(found.id): found.following for found in as_alice.account_relationships([bob.id, carol.id])}
    assert following == {bob.id: False, carol.id: True}


def test_nobody_follows_or_blocks_themselves(as_alice, alice):
    with pytest.raises(MastodonNotFoundError):
        as_alice.account_follow(alice.id)
    # Mastodon's BlockService and MuteService pass over oneself without a word.
    assert as_alice.account_block(alice.id).blocking is False
    assert as_alice.account_mute(alice.id).muting is False

"""Lists: made, filled, read and streamed by their owner alone."""

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError

from server import eventually


def ids(items):
    return [item.id for item in items]


def test_a_list_is_made_changed_and_deleted(as_alice):
    made = as_alice.list_create("Friends", replies_policy="none", exclusive=True)
    assert (made.title, made.replies_policy, made.exclusive) == ("Friends", "none", True)
    changed = as_alice.list_update(made.id, "Kin", replies_policy="followed", exclusive=False)
    assert as_alice.list(made.id) == changed
    assert (changed.title, changed.replies_policy, changed.exclusive) == ("Kin", "followed", False)
    assert ids(as_alice.lists()) == [made.id]
    as_alice.list_delete(made.id)
    assert as_alice.lists() == []


def test_only_the_followed_are_put_on_a_list(as_alice, bob):
    made = as_alice.list_create("Friends")
    with pytest.raises(MastodonNotFoundError):
        as_alice.list_accounts_add(made.id, [bob.id])
    as_alice.account_follow(bob.id)
    as_alice.list_accounts_add(made.id, [bob.id])
    with pytest.raises(MastodonAPIError, match="has already been taken"):
        as_alice.list_accounts_add(made.id, [bob.id])
    assert [account.acct for account in as_alice.list_accounts(made.id)] == [bob.name]
    assert ids(as_alice.account_lists(bob.id)) == [made.id]
    as_alice.list_accounts_delete(made.id, [bob.id])
    assert as_alice.list_accounts(made.id) == []


def test_a_list_shows_its_members_and_an_exclusive_one_keeps_them_from_home(as_alice, as_bob, bob):
    as_alice.account_follow(bob.id)
    made = as_alice.list_create("Loud", exclusive=True)
    before = as_bob.status_post("before")
    eventually(lambda: ids(as_alice.timeline_home()) == [before.id], "it comes home as long as nobody is on the list")
    as_alice.list_accounts_add(made.id, [bob.id])
    after = as_bob.status_post("after")
    eventually(lambda: ids(as_alice.timeline_list(made.id)) == [after.id, before.id], "both are in the list")
    assert as_alice.timeline_home() == []


def test_a_list_is_nobody_elses(as_alice, as_bob):
    made = as_alice.list_create("Friends")
    for ask in (as_bob.list, as_bob.list_accounts, as_bob.timeline_list, as_bob.list_delete):
        with pytest.raises(MastodonNotFoundError):
            ask(made.id)
    assert as_bob.lists() == []

"""Profiles: who am I, changing it, looking others up, searching."""

import secrets
from datetime import datetime

import pytest
from mastodon.errors import MastodonNotFoundError


def test_the_own_account_has_its_source(as_alice, alice):
    me = as_alice.account_verify_credentials()
    assert str(me.id) == alice.id
    assert me.acct == me.username == alice.name
    assert me.source.privacy == "public"
    assert me.source.follow_requests_count == 0
    assert isinstance(me.created_at, datetime)


def test_a_changed_profile_is_seen_by_others(as_alice, alice, as_bob):
    as_alice.account_update_credentials(
        display_name="Alice & co", note="I write about #tea\nand <b>more</b>", bot=True, discoverable=True,
        locked=True, fields=[("Site", "https://example.org"), ("Pronouns", "she")])
    seen = as_bob.account(alice.id)
    assert seen.display_name == "Alice & co"
    assert seen.bot is True
    assert seen.locked is True
    assert "&lt;b&gt;more&lt;/b&gt;" in seen.note
    assert [field.name for field in seen.fields] == ["Site", "Pronouns"]
    assert 'href="https://example.org"' in seen.fields[0].value
    assert as_alice.me().source.note == "I write about #tea\nand <b>more</b>"


def test_accounts_are_found_by_id_by_handle_and_many_at_once(as_alice, alice, bob, anyone, server):
    assert as_alice.account(bob.id).acct == bob.name
    assert anyone.account_lookup(bob.name.upper()).id == as_alice.account(bob.id).id
    assert str(anyone.account_lookup(f"{bob.name}@{server.domain}").id) == bob.id
    assert {account.acct for account in as_alice.accounts([alice.id, bob.id])} == {alice.name, bob.name}
    with pytest.raises(MastodonNotFoundError):
        anyone.account_lookup("nobody_of_this_name")


def test_people_are_searched_by_the_beginning_of_their_name(as_alice, bob):
    assert bob.name in [account.acct for account in as_alice.account_search(bob.name[:10])]
    found = as_alice.search_v2(f"@{bob.name}", result_type="accounts")
    assert [account.acct for account in found.accounts] == [bob.name]


def test_tags_are_searched(as_alice):
    tag = f"tea{secrets.token_hex(4)}"
    as_alice.status_post(f"more #{tag}")
    found = as_alice.search_v2(tag[:9], result_type="hashtags", exclude_unreviewed=False)
    assert [hit.name for hit in found.hashtags] == [tag]
    assert found.accounts == found.statuses == []


def test_following_narrows_a_search(as_alice, bob):
    assert as_alice.account_search(bob.name, following=True) == []
    as_alice.account_follow(bob.id)
    assert [account.acct for account in as_alice.account_search(bob.name, following=True)] == [bob.name]

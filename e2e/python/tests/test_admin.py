"""Staff at work with Mastodon.py, and what others see of it."""

from contextlib import contextmanager

import pytest
from mastodon import MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError

from people import client_of


@pytest.fixture
def as_owner(server, person):
    owner = person("owner", "--role", "owner")
    return client_of(server, access_token=owner.staff_token())


def test_a_report_ends_with_a_limit_and_the_limit_is_lifted(as_owner, alice, as_alice, bob, as_bob, anyone):
    post = as_bob.status_post("buy my things")
    reported = as_alice.report(bob.id, [post.id], "spam again", category="spam")
    report = as_owner.admin_report(reported.id)
    assert (report.account.username, report.target_account.username) == (alice.name, bob.name)
    assert [str(status.id) for status in report.statuses] == [str(post.id)] and report.category == "spam"
    assert as_owner.admin_report_assign(reported.id).assigned_account is not None
    as_owner.admin_account_moderate(
        bob.id, "silence", report_id=reported.id, text="enough", send_email_notification=False)
    assert as_owner.admin_report(reported.id).action_taken
    assert as_alice.account(bob.id).limited
    assert str(post.id) not in [str(status.id) for status in anyone.timeline_public(limit=40)]
    assert bob.name in [found.username for found in as_owner.admin_accounts_v2(status="silenced", username=bob.name)]
    as_owner.admin_account_unsilence(bob.id)
    assert str(post.id) in [str(status.id) for status in anyone.timeline_public(limit=40)]
    as_owner.admin_report_reopen(reported.id)
    assert not as_owner.admin_report_unassign(reported.id).action_taken


def test_who_is_suspended_is_out_at_once_and_can_come_back(as_owner, bob, as_bob, as_alice):
    post = as_bob.status_post("still here")
    as_owner.admin_account_moderate(bob.id, "suspend", send_email_notification=False)
    with pytest.raises(MastodonUnauthorizedError):
        as_bob.account_verify_credentials()
    with pytest.raises(MastodonNotFoundError):
        as_alice.status(post.id)
    as_owner.admin_account_unsuspend(bob.id)
    assert as_alice.status(post.id).content == "<p>still here</p>"
    assert bob.client().account_verify_credentials().username == bob.name


def test_servers_are_limited_blocked_and_forgiven(as_owner):
    block = as_owner.admin_create_domain_block("enemy.example", severity="silence", private_comment="noisy")
    assert (block.severity, block.private_comment, block.reject_media) == ("silence", "noisy", False)
    with refused(422):
        as_owner.admin_create_domain_block("enemy.example")
    changed = as_owner.admin_update_domain_block(block.id, severity="suspend", obfuscate=True)
    assert (changed.severity, changed.private_comment, changed.obfuscate) == ("suspend", "noisy", True)
    assert "enemy.example" in [one.domain for one in as_owner.admin_domain_blocks()]
    as_owner.admin_delete_domain_block(block.id)
    with pytest.raises(MastodonNotFoundError):
        as_owner.admin_domain_blocks(id=block.id)


def test_nobody_but_staff_may(as_owner, as_bob, bob, server):
    with refused(403):
        as_bob.admin_accounts_v2()
    with refused(403):
        client_of(server, access_token=bob.staff_token()).admin_accounts_v2()


@contextmanager
def refused(status):
    with pytest.raises(MastodonAPIError) as refusal:
        yield
    assert refusal.value.args[1] == status

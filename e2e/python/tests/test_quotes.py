"""Quotes as Mastodon.py makes and sees them."""

import pytest
from mastodon.errors import MastodonNotFoundError


@pytest.fixture
def quotable(as_alice):
    return as_alice.status_post("quote me", quote_approval_policy="public")


def test_a_quote_shows_the_quoted_post_and_is_listed(as_alice, as_bob, quotable):
    quote = as_bob.status_post("see this", quoted_status_id=quotable.id)
    assert (quote.quote.state, quote.quote.quoted_status.id) == ("accepted", quotable.id)
    assert [status.id for status in as_alice.status_quotes(quotable.id)] == [quote.id]
    assert as_alice.status(quotable.id).quotes_count == 1
    told = as_alice.notifications(types=["quote"])
    assert told[0].status.id == quote.id


def test_who_may_quote_is_for_the_author_to_say(as_alice, as_bob, quotable):
    as_alice.status_update_quote_approval_policy(quotable.id, "nobody")
    assert as_bob.status(quotable.id).quote_approval.current_user == "denied"
    with pytest.raises(MastodonNotFoundError):
        as_bob.status_post("see this", quoted_status_id=quotable.id)


def test_the_permission_can_be_taken_back(as_alice, as_bob, quotable):
    quote = as_bob.status_post("see this", quoted_status_id=quotable.id)
    as_alice.status_quote_revoke(quotable.id, quote.id)
    seen = as_bob.status(quote.id).quote
    assert (seen.state, seen.quoted_status) == ("revoked", None)


def test_an_edit_of_what_one_quoted_is_told(as_alice, as_bob, quotable):
    quote = as_bob.status_post("see this", quoted_status_id=quotable.id)
    as_alice.status_update(quotable.id, "quote me, corrected")
    told = as_bob.notifications(types=["quoted_update"])
    assert (told[0].account.acct, told[0].status.id) == (as_alice.me().acct, quote.id)
    assert "corrected" in as_bob.status(quote.id).quote.quoted_status.content


def test_a_quote_needs_no_words_and_ends_in_an_id(as_alice, as_bob, quotable):
    first = as_bob.status_post("", quoted_status_id=quotable.id, quote_approval_policy="public")
    assert first.quote.quoted_status.id == quotable.id
    assert "quote-inline" in first.content and quotable.id in first.content
    second = as_alice.status_post("and this", quoted_status_id=first.id)
    inner = second.quote.quoted_status.quote
    assert (inner.state, inner.quoted_status_id) == ("accepted", quotable.id)


def test_a_quote_outlives_what_it_quotes(as_alice, as_bob, quotable):
    quote = as_bob.status_post("see this", quoted_status_id=quotable.id)
    as_alice.status_delete(quotable.id)
    seen = as_bob.status(quote.id).quote
    assert (seen.state, seen.quoted_status) == ("deleted", None)

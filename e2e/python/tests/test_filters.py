"""Filters and blocked domains, by the library that people's scripts use."""

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError


def matches(post):
    return [(result.filter.title, result.keyword_matches) for result in post.filtered]


def test_a_filter_is_made_and_its_matches_are_told(as_alice, as_bob):
    alice, bob = as_alice, as_bob
    keywords = [{"keyword": "teapot", "whole_word": True}]
    made = alice.create_filter_v2("Tea", ["home", "public"], "warn", keywords_attributes=keywords)
    assert (made.title, made.context, made.filter_action, made.expires_at) == ("Tea", ["home", "public"], "warn", None)
    phrase = alice.add_filter_keyword_v2(made.id, "kettle", whole_word=False)
    assert [k.keyword for k in alice.filter_keywords_v2(made.id)] == ["teapot", "kettle"]
    post = bob.status_post("a Teapot and kettles")
    assert matches(alice.status(post.id)) == [("Tea", ["Teapot"])]
    assert matches(bob.status(post.id)) == []
    alice.delete_filter_keyword_v2(phrase.id)
    changed = alice.update_filter_v2(made.id, title="Drinks", filter_action="hide", expires_in=3600)
    assert (changed.title, changed.filter_action) == ("Drinks", "hide") and changed.expires_at is not None
    other = bob.status_post("something else")
    named = alice.add_filter_status_v2(made.id, other.id)
    assert alice.status(other.id).filtered[0].status_matches == [str(other.id)]
    assert [n.id for n in alice.filter_statuses_v2(made.id)] == [named.id]
    alice.delete_filter_status_v2(named.id)
    assert matches(alice.status(other.id)) == []
    assert [f.id for f in alice.filters_v2()] == [made.id]
    alice.delete_filter_v2(made.id)
    assert alice.filters_v2() == []
    with pytest.raises(MastodonNotFoundError):
        alice.filter_v2(made.id)


def test_the_older_filters_are_the_same_ones(as_alice, as_bob):
    alice, bob = as_alice, as_bob
    made = alice.filter_create("coffee", ["home"], irreversible=True, whole_word=True, expires_in=600)
    assert (made.phrase, made.context, made.irreversible, made.whole_word) == ("coffee", ["home"], True, True)
    assert [f.title for f in alice.filters_v2()] == ["coffee"]
    post = bob.status_post("Coffee?")
    assert matches(alice.status(post.id)) == [("coffee", ["Coffee"])]
    changed = alice.filter_update(made.id, phrase="cocoa", context=["home"])
    assert alice.filter(made.id).phrase == changed.phrase == "cocoa"
    alice.filter_delete(made.id)
    assert alice.filters() == []


def test_a_domain_is_blocked_and_no_longer(as_alice):
    alice = as_alice
    alice.domain_block("elsewhere.example")
    assert list(alice.domain_blocks()) == ["elsewhere.example"]
    alice.domain_unblock("elsewhere.example")
    assert list(alice.domain_blocks()) == []
    with pytest.raises(MastodonAPIError):
        alice.domain_block("no domain")

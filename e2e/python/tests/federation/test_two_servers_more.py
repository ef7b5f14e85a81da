"""Two Phiomias: who moves, what is quoted with consent, what is voted, reported, shown on profiles, and kept away."""

import json

import pytest
from mastodon.errors import MastodonAPIError

from federation import PATIENCE_SECONDS
from hostile import word
from server import eventually


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


@pytest.fixture
def followed(alice, bob):
    """bob, whom alice follows."""
    alice.follows(bob)
    return bob


# Moving

def test_followers_follow_on_to_the_other_server_and_back(alice, followed, here, there):
    """bob moves to a new account at alice's server, and a third one from there to a fourth here."""
    new, fan = here.person("new"), there.person("fan")
    fan.follows(followed)
    old_uri, new_uri = followed.client.me().uri, new.client.me().uri
    here.cli("account", "alias", "add", new.name, f"@{followed.handle}")
    assert json.loads(there.cli("fetch", new_uri))["also_known_as"] == [old_uri]
    there.cli("account", "move", followed.name, f"@{new.handle}", "--yes")
    soon(lambda: alice.relation(new.name).following, "alice follows the new account")
    soon(lambda: not alice.relation(followed).following, "and the old one no longer")
    soon(lambda: fan.client.account_relationships(fan.finds(new).id)[0].following, "so does who lived beside the old one")
    assert new.client.me().followers_count == 2
    moved = soon(lambda: alice.client.account(alice.knows(followed).id).get("moved"), "alice sees where to")
    assert moved.acct == new.name
    with pytest.raises(MastodonAPIError) as refused:
        alice.client.account_follow(alice.knows(followed).id)
    assert refused.value.args[1] == 403
    assert alice.client.me().following_count == 1


# Quotes

def test_a_quote_is_asked_for_stamped_and_taken_back(alice, followed):
    status = followed.says("quote me", quote_approval_policy="public")
    seen = alice.sees("quote me")
    assert seen.quote_approval.automatic == ["public"]
    quote = alice.client.status_post("see this", quoted_status_id=seen.id)
    accepted = soon(lambda: next((q for q in [alice.client.status(quote.id).quote] if q.state == "accepted"), None),
                    "the quote is allowed")
    assert accepted.quoted_status.uri == status.uri
    told = followed.hears("quote")
    assert (told.account.acct, told.status.quote.quoted_status.id) == (alice.handle, status.id)
    assert [post.uri for post in followed.client.status_quotes(status.id)] == [quote.uri]
    # Who reads it elsewhere believes the stamp.
    reader = followed.server.person("reader")
    read = reader.finds_post(quote.uri)
    assert (read.quote.state, read.quote.quoted_status.id) == ("accepted", status.id)
    followed.client.status_quote_revoke(status.id, told.status.id)
    soon(lambda: alice.client.status(quote.id).quote.state == "revoked", "the consent is taken back")
    assert reader.client.status(read.id).quote.state == "revoked"


def test_a_quote_is_not_shown_where_the_author_said_no(alice, followed):
    followed.says("do not quote me", quote_approval_policy="nobody")
    seen = alice.sees("do not quote me")
    assert seen.quote_approval.current_user == "denied"
    with pytest.raises(MastodonAPIError):
        alice.client.status_post("but I want to", quoted_status_id=seen.id)


def test_followers_alone_may_quote_where_the_author_says_so(alice, followed, here):
    followed.says("friends may quote", quote_approval_policy="followers")
    seen = alice.sees("friends may quote")
    quote = alice.client.status_post("as a friend", quoted_status_id=seen.id)
    soon(lambda: alice.client.status(quote.id).quote.state == "accepted", "a follower may")
    stranger = here.person("stranger")
    with pytest.raises(MastodonAPIError):
        stranger.client.status_post("as a stranger", quoted_status_id=seen.id)


# Polls

def test_the_result_of_a_poll_reaches_who_voted_elsewhere(alice, followed, here):
    other = here.person("other")
    other.follows(followed)
    poll = followed.client.make_poll(["yes", "no"], expires_in=300)
    status = followed.says(f"{word()}?", poll=poll)
    seen = alice.finds_post(status.uri)
    alice.client.poll_vote(seen.poll.id, [1])
    soon(lambda: followed.client.poll(status.poll.id).votes_count == 1, "the vote")
    # What the author changes goes to everybody, with the figures as they are now.
    followed.client.status_update(status.id, "well, yes?", poll=poll | {"options": ["yes", "no"]})
    soon(lambda: "well, yes?" in other.client.status(other.reads(status.uri).id).content, "the edit")
    shown = other.client.status(other.reads(status.uri).id).poll
    assert [option.votes_count for option in shown.options] == [0, 1]
    assert alice.client.poll(seen.poll.id).own_votes == [1]


# Profiles

def test_hashtags_of_a_profile_come_and_go(alice, followed):
    first = followed.client.featured_tag_create("bees")
    names = lambda: sorted(tag.name for tag in alice.client.account_featured_tags(alice.knows(followed).id))  # noqa: E731
    soon(lambda: names() == ["bees"], "the tag is shown there")
    followed.client.featured_tag_delete(first.id)
    soon(lambda: names() == [], "and no longer")


def test_hashtags_of_a_profile_from_before_are_found(alice, bob):
    bob.client.featured_tag_create("old")
    seen = alice.finds(bob)
    alice.client.account(seen.id)
    soon(lambda: [tag.name for tag in alice.client.account_featured_tags(seen.id)] == ["old"], "the tag")


# Moderation

def test_a_report_is_forwarded_to_the_other_server(alice, followed, there):
    status = followed.says(word())
    seen = alice.sees(status.content.removeprefix("<p>").removesuffix("</p>"))
    comment = word()
    alice.client.report(seen.account.id, status_ids=[seen.id], comment=comment, forward=True)

    def reported():
        rows = json.loads(there.cli("report", "list", "--json"))
        return next((row for row in rows if row["comment"] == comment), None)
    row = soon(reported, "the report is there")
    assert row["about"] == followed.name and alice.name not in str(row)


def test_two_servers_part_and_meet_again(alice, followed, here, there):
    followed.follows(alice)
    here.cli("federation", "block", there.domain)
    try:
        soon(lambda: not alice.client.account_followers(alice.id), "nobody from there follows")
        soon(lambda: alice.client.me().following_count == 0, "alice follows nobody there")
        assert alice.knows(followed) is None
        with pytest.raises(AssertionError):
            alice.finds(followed.handle)
        lost = followed.says(word())
        witness = alice.says(word())
        # What is said here does not go there, and what is said there is not taken.
        assert here.anyone().timeline_public(remote=True) == []
        assert followed.reads(witness.uri) is None
    finally:
        here.cli("federation", "forget", there.domain)
    assert alice.reads(lost.uri) is None
    # Nobody told the other server that the follow had ended; with the next post for followers it is found out.
    assert len(followed.client.account_followers(followed.id)) == 1
    followed.says(word(), visibility="private")
    soon(lambda: not followed.client.account_followers(followed.id), "both count the same")
    alice.follows(followed)
    text = word()
    followed.says(text)
    alice.sees(text)


def test_a_silenced_server_is_heard_by_followers_alone(alice, followed, here, there):
    other = here.person("other")
    here.cli("federation", "silence", there.domain)
    try:
        text = word()
        followed.says(text)
        seen = alice.sees(text)
        assert seen.id not in [post.id for post in other.client.timeline_public(remote=True, limit=40)]
        # A stranger from there has to ask, also who is not locked.
        stranger = there.person("stranger")
        account = stranger.finds(other)
        assert stranger.client.account_follow(account.id).requested
        asked = soon(other.client.follow_requests, "other is asked")
        assert [account.acct for account in asked] == [stranger.handle]
    finally:
        here.cli("federation", "forget", there.domain)


# Reactions

def test_a_reaction_with_an_emoji_is_counted_once_and_taken_back(alice, peer):
    carol = peer.actor("carol")
    known = peer.find(alice.handle)
    status = alice.says(word())
    reaction = carol.activity("EmojiReact", status.uri, content="🦊")
    for _ in range(2):
        carol.send(reaction, known)
    assert alice.hears("favourite").account.acct == carol.handle
    assert alice.client.status(status.id).favourites_count == 1
    carol.send(carol.undo(reaction), known)
    soon(lambda: alice.client.status(status.id).favourites_count == 0, "it is taken back")

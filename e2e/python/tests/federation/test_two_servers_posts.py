"""What people on two Phiomias write, read, answer, change and take back; and who never gets to see it."""

import pytest
from mastodon.errors import MastodonAPIError

from federation import PATIENCE_SECONDS
from live import listening
from server import eventually


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


@pytest.fixture
def followed(alice, bob):
    """bob, whom alice follows."""
    alice.follows(bob)
    return bob


# Posts

def test_a_post_arrives_at_followers_as_it_was_written(alice, followed):
    status = followed.says("Grüße & <love>\n\nwith https://example.org/page #Bees", language="de")
    seen = alice.sees("Grüße")
    assert seen.uri == status.uri
    assert seen.url == status.url
    assert seen.account.acct == followed.handle
    assert seen.visibility == "public"
    assert seen.language == "de"
    assert "&amp; &lt;love&gt;" in seen.content
    assert [tag.name.lower() for tag in seen.tags] == ["bees"]
    assert abs((seen.created_at - status.created_at).total_seconds()) < 2


def test_a_content_warning_arrives(alice, followed):
    followed.says("the butler", spoiler_text="plot", sensitive=True)
    seen = alice.sees("the butler")
    assert (seen.spoiler_text, seen.sensitive) == ("plot", True)


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_each_visibility_arrives_at_followers_as_what_it_is(alice, followed, visibility):
    followed.says(f"{visibility} words", visibility=visibility)
    assert alice.sees(f"{visibility} words").visibility == visibility


def test_a_post_for_followers_is_nowhere_else(alice, followed, here):
    stranger = here.person("stranger")
    status = followed.says("between us", visibility="private")
    known = alice.sees("between us")
    assert stranger.reads(status.uri) is None
    assert here.anyone().account_statuses(known.account.id) == []
    assert stranger.client.account_statuses(known.account.id) == []
    with pytest.raises(MastodonAPIError) as refused:
        stranger.client.status(known.id)
    assert refused.value.args[1] == 404
    assert not any("between us" in post.content for post in stranger.client.timeline_public())


def test_a_direct_post_is_for_those_it_names(alice, followed, here):
    other = here.person("other")
    other.follows(followed)
    status = followed.says(f"@{alice.handle} a secret", visibility="direct")
    told = alice.hears("mention", lambda note: "a secret" in note.status.content).status
    assert told.visibility == "direct"
    assert told.uri == status.uri
    followed.says("for all")
    other.sees("for all")
    assert other.reads(status.uri) is None
    assert not any("a secret" in post.content for post in other.home())
    assert [talk.last_status.uri for talk in alice.client.conversations()][:1] == [status.uri]


def test_a_public_post_is_in_the_federated_timeline_only(alice, followed):
    followed.says("news of the world")
    seen = alice.sees("news of the world")
    assert seen.id in [post.id for post in alice.client.timeline_public()]
    assert seen.id in [post.id for post in alice.client.timeline_public(remote=True)]
    assert seen.id not in [post.id for post in alice.client.timeline_local()]


def test_a_hashtag_finds_posts_from_elsewhere(alice, followed):
    followed.says(f"what #a{followed.name}tag is this")
    seen = alice.sees("what")
    assert [post.id for post in alice.client.timeline_hashtag(f"a{followed.name}tag")] == [seen.id]


# Talking

def test_a_mention_arrives_without_following(alice, bob):
    status = alice.says(f"hello @{bob.handle}")
    assert [mention.acct for mention in status.mentions] == [bob.handle]
    told = bob.hears("mention").status
    assert told.uri == status.uri
    assert told.account.acct == alice.handle
    assert [mention.acct for mention in told.mentions] == [bob.name]
    assert told.mentions[0].id == bob.id


def test_a_reply_stands_in_the_thread_on_both_sides(alice, followed):
    root = followed.says("the beginning")
    seen = alice.sees("the beginning")
    answer = alice.client.status_reply(seen, "the answer")
    told = followed.hears("mention", lambda note: "the answer" in note.status.content).status
    assert told.in_reply_to_id == root.id
    assert told.in_reply_to_account_id == followed.id
    assert [post.uri for post in followed.client.status_context(root.id).descendants] == [answer.uri]
    assert [post.uri for post in followed.client.status_context(told.id).ancestors] == [root.uri]
    assert soon(lambda: followed.client.status(root.id).replies_count == 1, "the count")

    further = followed.client.status_reply(told, "and back")
    alice.hears("mention", lambda note: "and back" in note.status.content)
    assert [post.uri for post in alice.client.status_context(seen.id).descendants] == [answer.uri, further.uri]


def test_a_direct_answer_stays_between_the_two(alice, bob, there):
    # What strangers write to one alone would be held back, as requests.
    alice.follows(bob)
    bob.follows(alice)
    alice.says(f"@{bob.handle} psst", visibility="direct")
    told = bob.hears("mention").status
    bob.client.status_reply(told, "yes?", visibility="direct")
    answer = alice.hears("mention").status
    assert answer.visibility == "direct"
    stranger = there.person("stranger")
    with pytest.raises(MastodonAPIError) as refused:
        stranger.client.status(told.id)
    assert refused.value.args[1] == 404


# Changing

def test_an_edit_arrives_with_its_history(alice, followed):
    status = followed.says("teh first", spoiler_text="typo")
    seen = alice.sees("teh first")
    followed.client.status_update(status.id, "the second", spoiler_text="fixed")
    edited = soon(lambda: next((post for post in [alice.client.status(seen.id)] if post.edited_at), None), "the edit")
    assert "the second" in edited.content
    assert edited.spoiler_text == "fixed"
    versions = alice.client.status_history(seen.id)
    assert [("teh first" in v.content, "the second" in v.content) for v in versions] == [(True, False), (False, True)]


def test_an_edit_is_told_to_who_boosted(alice, followed):
    status = followed.says("before")
    alice.client.status_reblog(alice.sees("before").id)
    followed.hears("reblog")
    followed.client.status_update(status.id, "after")
    assert "after" in alice.hears("update").status.content


def test_a_deleted_post_is_gone(alice, followed):
    status = followed.says("not for long")
    seen = alice.sees("not for long")
    followed.client.status_delete(status.id)
    soon(lambda: alice.reads(status.uri) is None, "the post is gone")
    with pytest.raises(MastodonAPIError) as refused:
        alice.client.status(seen.id)
    assert refused.value.args[1] == 404
    assert not any("not for long" in post.content for post in alice.home())


# Reacting

def test_a_favourite_arrives_and_is_taken_back(alice, followed):
    status = followed.says("a nice one")
    seen = alice.sees("a nice one")
    alice.client.status_favourite(seen.id)
    told = followed.hears("favourite")
    assert (told.account.acct, told.status.id) == (alice.handle, status.id)
    assert followed.client.status(status.id).favourites_count == 1
    assert [account.acct for account in followed.client.status_favourited_by(status.id)] == [alice.handle]
    alice.client.status_unfavourite(seen.id)
    soon(lambda: followed.client.status(status.id).favourites_count == 0, "the favourite is gone")


def test_a_boost_arrives_and_is_taken_back(alice, followed, there):
    fan = there.person("fan")
    fan.follows(alice)
    status = followed.says("worth telling")
    seen = alice.sees("worth telling")
    alice.client.status_reblog(seen.id)
    told = followed.hears("reblog")
    assert (told.account.acct, told.status.id) == (alice.handle, status.id)
    assert followed.client.status(status.id).reblogs_count == 1
    boosted = soon(
        lambda: next((post for post in fan.home() if post.reblog and post.reblog.id == status.id), None), "the boost")
    assert boosted.account.acct == alice.handle
    alice.client.status_unreblog(seen.id)
    soon(lambda: followed.client.status(status.id).reblogs_count == 0, "the boost is gone")
    soon(lambda: not any(post.reblog for post in fan.home()), "the boost has left home")


def test_a_boost_brings_a_post_from_elsewhere(alice, followed, there):
    author = there.person("author")
    status = author.says("said by somebody else")
    followed.client.status_reblog(status.id)
    boost = soon(lambda: next((post for post in alice.home() if post.reblog), None), "the boost")
    assert boost.reblog.uri == status.uri
    assert boost.reblog.account.acct == author.handle
    assert boost.account.acct == followed.handle


def test_a_poll_is_voted_on_from_elsewhere(alice, followed):
    status = followed.says("well?", poll=followed.client.make_poll(["yes", "no"], expires_in=300))
    seen = alice.sees("well?")
    assert [option.title for option in seen.poll.options] == ["yes", "no"]
    assert (seen.poll.multiple, seen.poll.expired, seen.poll.voted) == (False, False, False)
    voted = alice.client.poll_vote(seen.poll.id, [1])
    assert (voted.voted, voted.own_votes) == (True, [1])
    counted = soon(
        lambda: next((p for p in [followed.client.poll(status.poll.id)] if p.votes_count), None), "the vote")
    assert [option.votes_count for option in counted.options] == [0, 1]
    assert counted.voters_count == 1
    # A vote is no post.
    assert followed.client.notifications(types=["mention"]) == []


def test_a_poll_with_many_choices_is_voted_on_from_elsewhere(alice, followed):
    poll = followed.client.make_poll(["a", "b", "c"], expires_in=300, multiple=True)
    status = followed.says("which?", poll=poll)
    seen = alice.sees("which?")
    assert seen.poll.multiple is True
    alice.client.poll_vote(seen.poll.id, [0, 2])
    soon(lambda: followed.client.poll(status.poll.id).votes_count == 2, "both votes")
    counted = followed.client.poll(status.poll.id)
    assert [option.votes_count for option in counted.options] == [1, 0, 1]
    assert counted.voters_count == 1


def test_pins_come_and_go(alice, followed):
    status = followed.says("remember this")
    seen = alice.sees("remember this")
    followed.client.status_pin(status.id)
    pinned = lambda: [post.id for post in alice.client.account_statuses(seen.account.id, pinned=True)]  # noqa: E731
    soon(lambda: pinned() == [seen.id], "the pin")
    followed.client.status_unpin(status.id)
    soon(lambda: pinned() == [], "the pin is gone")


def test_pins_from_before_are_found(alice, bob):
    status = bob.says("pinned long ago")
    bob.client.status_pin(status.id)
    seen = alice.client.account(alice.finds(bob).id)
    soon(lambda: [post.uri for post in alice.client.account_statuses(seen.id, pinned=True)] == [status.uri], "the pin")


# Live

def test_streams_carry_what_comes_from_elsewhere(alice, followed):
    with listening(alice.client.stream_user) as events:
        followed.says("live from elsewhere")
        seen = events.wait_for("update", lambda status: "live from elsewhere" in status.content, PATIENCE_SECONDS)
        assert seen.account.acct == followed.handle
        status = followed.says(f"@{alice.handle} look")
        events.wait_for("notification", lambda note: "look" in note.status.content, PATIENCE_SECONDS)
        here = alice.sees("look")
        followed.client.status_update(status.id, f"@{alice.handle} look again")
        events.wait_for("status.update", lambda status: "look again" in status.content, PATIENCE_SECONDS)
        followed.client.status_delete(status.id)
        events.wait_for("delete", lambda gone: str(gone) == str(here.id), PATIENCE_SECONDS)


def test_the_public_stream_carries_them_too(alice, followed):
    with listening(alice.client.stream_public) as events:
        followed.says("to the public stream")
        events.wait_for("update", lambda status: "to the public stream" in status.content, PATIENCE_SECONDS)

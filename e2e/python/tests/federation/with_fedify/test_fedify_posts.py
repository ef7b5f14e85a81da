"""Posts of people here and on fedify: written, read, changed, voted in, answered, liked, boosted, quoted and deleted."""

import pytest

from fedify import SECONDS, Refused, followed_by, new_actor
from federation import Federated
from server import eventually



# Posts of people there


def test_a_post_from_there_is_edited_with_history_and_deleted(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="first words")
    seen = alice.sees("first words")
    fedify.tell("edit", uri=post["uri"], text="second thoughts")
    edited = eventually(lambda: (status := alice.client.status(seen.id)).edited_at and status, "it is edited", SECONDS)
    assert "second thoughts" in edited.content
    history = alice.client.status_history(seen.id)
    assert ["first words" in history[0].content, "second thoughts" in history[1].content] == [True, True]
    fedify.tell("delete", uri=post["uri"])
    eventually(lambda: not any(status.id == seen.id for status in alice.home()), "it leaves home", SECONDS)
    eventually(lambda: alice.reads(post["uri"]) is None, "it is gone", SECONDS)


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_each_visibility_arrives_as_what_it_is(fedify, petra, alice, visibility):
    alice.follows(fedify.handle(petra))
    fedify.tell("post", actor=petra, text=f"a {visibility} word", visibility=visibility, mentions=[alice.handle])
    heard = alice.hears("mention")
    assert (heard.status.visibility, heard.account.acct) == (visibility, fedify.handle(petra))
    assert [mention.acct for mention in heard.status.mentions] == [alice.name]


def test_posts_from_there_are_found_by_address_with_pictures_and_boosts_of_them_can_be_made(fedify, petra, alice):
    picture = {"url": f"http://{fedify.domain}/tea.png", "mediaType": "image/png", "name": "A cup", "width": 4, "height": 3}
    post = fedify.tell("post", actor=petra, text="look", attachments=[picture])
    seen = alice.finds_post(post["uri"])
    attachment, = seen.media_attachments
    assert (attachment.type, attachment.description, attachment.remote_url) == ("image", "A cup", picture["url"])
    assert alice.client.status_reblog(seen).reblog.uri == post["uri"]


def test_a_poll_from_there_is_voted_in(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="which tea", poll={"options": ["green", "black"]})
    seen = alice.sees("which tea")
    assert [option.title for option in seen.poll.options] == ["green", "black"]
    alice.client.poll_vote(seen.poll, [1])
    eventually(lambda: fedify.note(post["uri"])["votes"].get("black") == 1, "the vote is counted", SECONDS)


# Posts of people here


def test_a_post_here_is_edited_and_deleted_there(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    post = alice.says("first words")
    fedify.reads(post.uri)
    alice.client.status_update(post, "second thoughts", spoiler_text="changed")
    edited = fedify.reads(post.uri, lambda note: "second thoughts" in note["content"])
    assert edited["summary"] == "changed" and edited["updated"] is not None
    alice.client.status_delete(post)
    eventually(lambda: not any(note["id"] == post.uri for note in fedify.ask("notes")["theirs"]), "it is gone", SECONDS)
    with pytest.raises(Refused):
        fedify.lookup(post.uri)


def test_only_those_a_post_is_for_are_told(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    stranger = new_actor(fedify, "stranger")
    secret = alice.says(f"@{fedify.handle(stranger)} for you alone", visibility="direct")
    private = alice.says("for my friends", visibility="private")
    seen = fedify.reads(secret.uri)
    assert seen["to"] == [fedify.actor(stranger)] and seen["cc"] == []
    assert [(tag["type"], tag["href"]) for tag in seen["tags"]] == [("Mention", fedify.actor(stranger))]
    friends = fedify.reads(private.uri)
    assert friends["to"] == [fedify.lookup(alice.handle)["followers"]]
    for hidden in (secret, private):
        with pytest.raises(Refused):
            fedify.lookup(hidden.uri, unsigned=True)
    # A follower may fetch what is for followers; a stranger may not.
    assert fedify.lookup(private.uri, **{"as": petra})["id"] == private.uri
    with pytest.raises(Refused):
        fedify.lookup(private.uri, **{"as": stranger})


def test_a_poll_here_is_voted_in_from_there(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    post = alice.says("which tea", poll=alice.client.make_poll(["green", "black"], expires_in=600))
    fedify.reads(post.uri, lambda note: note["type"] == "Question")
    fedify.tell("vote", actor=petra, uri=post.uri, name="black")
    poll = eventually(lambda: (poll := alice.client.poll(post.poll.id)).votes_count and poll, "the vote counts", SECONDS)
    assert [option.votes_count for option in poll.options] == [0, 1]


# Answers, likes and boosts


def test_a_conversation_goes_to_and_fro(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="what do you think")
    seen = alice.sees("what do you think")
    answer = alice.says(f"@{fedify.handle(petra)} I like it", in_reply_to_id=seen.id)
    assert fedify.reads(answer.uri)["in_reply_to"] == post["uri"]
    fedify.tell("post", actor=petra, text="thank you", in_reply_to=answer.uri)
    heard = alice.hears("mention", lambda note: "thank you" in note.status.content)
    assert heard.status.in_reply_to_id == answer.id
    thread = alice.client.status_context(answer.id)
    assert [status.uri for status in thread.ancestors] == [post["uri"]]
    assert [status.id for status in thread.descendants] == [heard.status.id]


def test_likes_and_boosts_from_there_are_counted_and_taken_back(fedify, petra, alice):
    post = alice.says("judge me")
    counts = lambda: (status := alice.client.status(post.id)) and (status.favourites_count, status.reblogs_count)
    fedify.tell("like", actor=petra, uri=post.uri)
    fedify.tell("announce", actor=petra, uri=post.uri)
    eventually(lambda: counts() == (1, 1), "both are counted", SECONDS)
    for kind in ("favourite", "reblog"):
        assert alice.hears(kind).account.acct == fedify.handle(petra)
    fedify.tell("unlike", actor=petra, uri=post.uri)
    fedify.tell("unannounce", actor=petra, uri=post.uri)
    eventually(lambda: counts() == (0, 0), "both are taken back", SECONDS)


def test_a_reaction_with_an_emoji_is_a_favourite_here(fedify, petra, alice):
    post = alice.says("react to me")
    fedify.tell("react", actor=petra, uri=post.uri, emoji="🫖")
    eventually(lambda: alice.client.status(post.id).favourites_count == 1, "it is counted", SECONDS)


def test_likes_and_boosts_of_people_here_arrive_and_are_taken_back(fedify, petra, alice, uri):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="judge this")
    seen = alice.sees("judge this")
    alice.client.status_favourite(seen)
    alice.client.status_reblog(seen)
    counts = lambda: (note := fedify.note(post["uri"])) and (note["likes"], note["announces"])
    eventually(lambda: counts() == ([uri], [uri]), "both arrive", SECONDS)
    alice.client.status_unfavourite(seen)
    alice.client.status_unreblog(seen)
    eventually(lambda: counts() == ([], []), "both are taken back", SECONDS)


def test_a_boost_from_there_brings_a_post_home(fedify, petra, alice, here):
    bob = here.person("bob")
    alice.follows(fedify.handle(petra))
    post = bob.says("worth a boost")
    fedify.tell("announce", actor=petra, uri=post.uri)
    seen = eventually(lambda: next((status for status in alice.home() if status.reblog), None), "the boost", SECONDS)
    assert (seen.account.acct, seen.reblog.uri) == (fedify.handle(petra), post.uri)


def test_what_an_unknown_post_answers_is_fetched_with_it(fedify, petra, alice):
    other = new_actor(fedify, "other")
    first = fedify.tell("post", actor=petra, text="how it began")
    second = fedify.tell("post", actor=other, text="how it went on", in_reply_to=first["uri"])
    third = fedify.tell("post", actor=petra, text="how it ended", in_reply_to=second["uri"])
    seen = alice.finds_post(third["uri"])
    above = lambda: [status.uri for status in alice.client.status_context(seen.id).ancestors]
    eventually(lambda: above() == [first["uri"], second["uri"]], "the thread is complete", SECONDS)


# Quotes, which the quoted author allows


def test_a_post_there_is_quoted_when_its_author_allows_it(fedify, petra, alice, uri):
    followed_by(fedify, petra, alice, uri)
    post = fedify.tell("post", actor=petra, text="quote me", quotable=True)
    seen = alice.finds_post(post["uri"])
    quote = alice.says("look at this", quoted_status_id=seen.id)
    eventually(lambda: alice.client.status(quote.id).quote.state == "accepted", "the quote is allowed", SECONDS)
    told = fedify.reads(quote.uri, lambda note: note["quote_authorization"])
    assert told["quote"] == post["uri"]
    assert told["quote_authorization"].startswith(f"{fedify.actor(petra)}/stamps/")


def test_a_post_there_is_not_quoted_when_its_author_refuses(fedify, petra, alice):
    post = fedify.tell("post", actor=petra, text="do not quote me")
    seen = alice.finds_post(post["uri"])
    assert seen.quote_approval.current_user == "denied"


def test_a_post_here_is_quoted_from_there_as_its_author_says(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    open_to_all = alice.says("quote me", quote_approval_policy="public")
    mine_alone = alice.says("do not quote me", quote_approval_policy="nobody")
    assert fedify.lookup(open_to_all.uri)["who_may_quote"] == ["https://www.w3.org/ns/activitystreams#Public"]
    quoting = fedify.tell("post", actor=petra, text="look at this", quote=open_to_all.uri)
    refused = fedify.tell("post", actor=petra, text="look at that", quote=mine_alone.uri)
    stamp = eventually(lambda: fedify.note(quoting["uri"])["stamp"], "the quote is allowed", SECONDS)
    assert fedify.lookup(stamp)["type"] == "QuoteAuthorization"
    seen = alice.sees("look at this")
    quote = eventually(lambda: (quote := alice.client.status(seen.id).quote).state == "accepted" and quote, "a quote",
                       SECONDS)
    assert quote.quoted_status.uri == open_to_all.uri
    assert alice.hears("quote").account.acct == fedify.handle(petra)
    eventually(lambda: fedify.received("Reject"), "the other is refused", SECONDS)
    assert fedify.note(refused["uri"])["stamp"] is None
    assert alice.client.status(alice.sees("look at that").id).quote.state != "accepted"


def test_a_third_server_believes_the_stamp_that_fedify_shows(here, fedify, petra, alice, uri):
    with Federated(here.engine) as third:
        reader = third.person("reader")
        reader.follows(alice)
        post = fedify.tell("post", actor=petra, text="quote me for others", quotable=True)
        seen = alice.finds_post(post["uri"])
        quote = alice.says("look, all of you", quoted_status_id=seen.id)
        shown = reader.sees("look, all of you")
        # It came before fedify was asked, and is told once more with the stamp.
        accepted = eventually(lambda: (now := reader.client.status(shown.id).quote).state == "accepted" and now,
                              "the quote is allowed", SECONDS)
        assert accepted.quoted_status.uri == post["uri"]
        stamp = fedify.reads(quote.uri, lambda note: note["quote_authorization"])["quote_authorization"]
        asked = [one for one in fedify.ask("requests") if stamp.endswith(one.get("path", "/nowhere"))]
        assert asked, "the third server asked fedify for the stamp"

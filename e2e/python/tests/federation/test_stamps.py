"""What an author allows is seen by others: a third server asks the author's for the stamp, and believes nothing else."""

import pytest

from actor import PUBLIC
from federation import PATIENCE_SECONDS, Federated
from hostile import word
from server import engines, eventually
from wire import Answer


@pytest.fixture(scope="module", params=engines())
def third(request):
    """The server of somebody who neither wrote nor quoted anything."""
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def reader(third):
    return third.person("reader")


@pytest.fixture
def cy(peers):
    """An author who wants to be asked, elsewhere than who answers and quotes."""
    return peers[0].actor(f"cy_{word()}")


@pytest.fixture
def bo(peers):
    return peers[1].actor(f"bo_{word()}")


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


def follows(member, actor):
    """Until the actor has said yes."""
    account = member.finds(actor)
    member.client.account_follow(account.id)
    remote = actor.peer.find(member.handle)
    asked = actor.peer.eventually_received(type="Follow", actor=remote.id, object=actor.id)
    actor.send(actor.accept(asked.json), remote)
    soon(lambda: member.client.account_relationships(account.id)[0].following, f"{member} follows {actor.handle}")


def asking(cy):
    """A post whose author wants to be asked about everything, in the words of GoToSocial."""
    ask = {"automaticApproval": [cy.id], "manualApproval": [PUBLIC]}
    open_to_all = {"automaticApproval": [PUBLIC], "manualApproval": []}
    policy = {"canReply": ask, "canAnnounce": ask, "canLike": open_to_all, "canQuote": open_to_all}
    return cy.note(word(), interactionPolicy=policy)


def stamp(author, kind, interacting, target, **fields):
    """A stamp as its author's server shows it."""
    return author.peer.publish({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://gotosocial.org/ns"],
        "id": author.peer.new_id("stamps"), "type": kind, "attributedTo": author.id,
        "interactingObject": interacting, "interactionTarget": target} | fields)["id"]


def asked_for(actor, uri):
    return actor.peer.requests(method="GET", path=uri.removeprefix(actor.peer.base))


# What is asked and answered between two servers, and read by a third


def test_an_answer_is_asked_for_allowed_and_read_elsewhere(here, third, reader, cy):
    alice = here.person("alice")
    begins = asking(cy)
    remote = cy.peer.find(alice.handle)
    for member in (alice, reader):
        follows(member, cy)
    reader.follows(alice)
    cy.send(cy.create(begins), remote)
    cy.send(cy.create(begins), cy.peer.find(reader.handle))
    parent, seen = alice.sees(begins["content"][3:-4]), reader.sees(begins["content"][3:-4])
    answer = alice.says(word(), in_reply_to_id=parent.id)
    request = cy.peer.eventually_received(type="ReplyRequest", actor=remote.id)
    assert request.part("instrument") == answer.uri
    below = lambda: [post.uri for post in reader.client.status_context(seen.id).descendants]
    assert below() == [], "until the author has said yes nobody else hears of it"
    allowed = stamp(cy, "ReplyAuthorization", answer.uri, begins["id"])
    cy.send(cy.activity("Accept", request.json, result=allowed, to=[remote.id]), remote)
    soon(lambda: below() == [answer.uri], "the answer is in the thread elsewhere")
    assert asked_for(cy, allowed), "the stamp was asked for"


def test_a_quote_is_told_again_with_its_stamp_and_then_shown_elsewhere(here, third, reader, cy):
    alice = here.person("alice")
    quoted = asking(cy)
    remote = cy.peer.find(alice.handle)
    reader.follows(alice)
    text = word()
    quote = alice.says(text, quoted_status_id=alice.finds_post(quoted["id"]).id)
    shown = reader.sees(text)
    assert reader.client.status(shown.id).quote.state == "pending"
    request = cy.peer.eventually_received(type="QuoteRequest", object=quoted["id"])
    allowed = stamp(cy, "QuoteAuthorization", quote.uri, quoted["id"])
    cy.send(cy.activity("Accept", request.json, result=allowed, to=[remote.id]), remote)
    soon(lambda: alice.client.status(quote.id).quote.state == "accepted", "alice may quote")
    now = soon(lambda: (now := reader.client.status(shown.id).quote).state == "accepted" and now, "elsewhere it is shown")
    assert now.quoted_status.uri == quoted["id"]
    assert len(asked_for(cy, allowed)) >= 2, "both servers asked for the stamp"


# A stamp that does not verify


# Stamps that allow something else, or that nobody may give: of a kind, for what somebody did with a post of cy's.
WRONG = {
    "for something else": lambda cy, bo, kind, done, post: stamp(cy, kind, bo.note(word())["id"], post),
    "about another post": lambda cy, bo, kind, done, post: stamp(cy, kind, done, cy.note(word())["id"]),
    "of another kind": lambda cy, bo, kind, done, post: stamp(cy, "LikeAuthorization", done, post),
    "by somebody else there": lambda cy, bo, kind, done, post: stamp(cy.peer.actor(f"di_{word()}"), kind, done, post),
    "by whoever wants it": lambda cy, bo, kind, done, post: stamp(bo, kind, done, post, attributedTo=cy.id),
    "that is not there": lambda cy, bo, kind, done, post: cy.peer.new_id("stamps"),
    "that is no stamp": lambda cy, bo, kind, done, post: post,
    "none": lambda cy, bo, kind, done, post: None,
}


def shows(thing, name, uri):
    """A post or a boost that shows a stamp, found by its id."""
    if uri:
        thing[name] = uri
    return thing


def test_only_an_answer_that_the_author_allowed_comes_in(third, reader, cy, bo):
    follows(reader, bo)
    begins = asking(cy)
    seen = reader.finds_post(begins["id"])
    remote = bo.peer.find(reader.handle)
    below = lambda: {post.uri for post in reader.client.status_context(seen.id).descendants}
    wrong = []
    for made in WRONG.values():
        note = bo.note(word(), inReplyTo=begins["id"])
        shows(note, "replyAuthorization", made(cy, bo, "ReplyAuthorization", note["id"], begins["id"]))
        bo.send(bo.create(note), remote)
        wrong.append(note)
    note = bo.note(word(), inReplyTo=begins["id"])
    allowed = stamp(cy, "ReplyAuthorization", note["id"], begins["id"])
    bo.send(bo.create(shows(note, "replyAuthorization", allowed)), remote)
    soon(lambda: below() == {note["id"]}, "the one that was allowed")
    assert asked_for(cy, allowed)
    for note in wrong:
        assert reader.reads(note["id"]) is None
        found = reader.client.search_v2(note["id"], resolve=True, result_type="statuses").statuses
        assert found == [], "not even by its address"


def test_only_a_boost_that_the_author_allowed_is_shown(third, reader, cy, bo):
    follows(reader, bo)
    post = asking(cy)
    seen = reader.finds_post(post["id"])
    remote = bo.peer.find(reader.handle)
    for made in WRONG.values():
        boost = bo.announce(post["id"])
        uri = made(cy, bo, "AnnounceAuthorization", boost["id"], post["id"])
        bo.send(shows(boost, "announceAuthorization", uri), remote)
    bo.send(bo.create(after := bo.note(word())), remote)
    reader.sees(after["content"][3:-4])
    assert reader.client.status(seen.id).reblogs_count == 0
    boost = bo.announce(post["id"])
    allowed = stamp(cy, "AnnounceAuthorization", boost["id"], post["id"])
    bo.send(shows(boost, "announceAuthorization", allowed), remote)
    soon(lambda: reader.client.status(seen.id).reblogs_count == 1, "the one that was allowed")


def test_only_a_quote_that_the_author_allowed_is_shown(third, reader, cy, bo):
    follows(reader, bo)
    quoted = asking(cy)
    remote = bo.peer.find(reader.handle)
    sent = []
    for made in WRONG.values():
        note = bo.note(word(), quote=quoted["id"])
        shows(note, "quoteAuthorization", made(cy, bo, "QuoteAuthorization", note["id"], quoted["id"]))
        bo.send(bo.create(note), remote)
        sent.append(note)
    note = bo.note(word(), quote=quoted["id"])
    allowed = stamp(cy, "QuoteAuthorization", note["id"], quoted["id"])
    bo.send(bo.create(shows(note, "quoteAuthorization", allowed)), remote)
    right = reader.sees(note["content"][3:-4])
    assert (right.quote.state, right.quote.quoted_status.uri) == ("accepted", quoted["id"])
    for note in sent:
        quote = soon(lambda: reader.reads(note["id"]), "the post itself").quote
        assert (quote.state, quote.quoted_status) == ("pending", None)


# A stamp whose server is away for a while


def test_what_cannot_be_looked_up_now_is_looked_up_later(third, reader, cy, bo):
    follows(reader, bo)
    begins = asking(cy)
    seen = reader.finds_post(begins["id"])
    remote = bo.peer.find(reader.handle)
    cy.peer.answers("/stamps/", Answer(503), Answer(503))
    answer, quote = bo.note(word(), inReplyTo=begins["id"]), bo.note(word(), quote=begins["id"])
    answer["replyAuthorization"] = stamp(cy, "ReplyAuthorization", answer["id"], begins["id"])
    quote["quoteAuthorization"] = stamp(cy, "QuoteAuthorization", quote["id"], begins["id"])
    bo.send(bo.create(answer), remote)
    bo.send(bo.create(quote), remote)
    # A post does not wait for somebody else's server; its quote does.
    shown = reader.sees(quote["content"][3:-4])
    soon(lambda: reader.client.status(shown.id).quote.state == "accepted", "the quote, when the stamp could be read")
    soon(lambda: [post.uri for post in reader.client.status_context(seen.id).descendants] == [answer["id"]], "the answer")


def test_a_stamp_that_is_taken_back_takes_the_quote_along(third, reader, cy, bo):
    for actor in (bo, cy):
        follows(reader, actor)
    quoted = asking(cy)
    note = bo.note(word(), quote=quoted["id"])
    note["quoteAuthorization"] = stamp(cy, "QuoteAuthorization", note["id"], quoted["id"])
    bo.send(bo.create(note), bo.peer.find(reader.handle))
    shown = reader.sees(note["content"][3:-4])
    assert shown.quote.state == "accepted"
    cy.peer.withdraw(note["quoteAuthorization"])
    cy.send(cy.delete(note["quoteAuthorization"]), cy.peer.find(reader.handle))
    soon(lambda: reader.client.status(shown.id).quote.state == "revoked", "the consent is taken back")
    # Who shows the old stamp once more does not bring it back.
    bo.send(bo.update(note | {"updated": "2100-01-01T00:00:00Z"}), bo.peer.find(reader.handle))
    bo.send(bo.create(after := bo.note(word())), bo.peer.find(reader.handle))
    reader.sees(after["content"][3:-4])
    assert reader.client.status(shown.id).quote.state == "revoked"

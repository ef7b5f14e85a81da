"""What comes in another order than it was sent."""

from datetime import datetime, timedelta, timezone

from hostile import word
from server import eventually


def test_an_edit_that_overtakes_its_post_is_not_lost(server, peer):
    reader, carol = server.person("reader"), peer.actor("carol")
    account = reader.finds(carol)
    reader.client.account_follow(account.id)
    asked = peer.eventually_received(type="Follow", object=carol.id)
    carol.send(carol.accept(asked.json), peer.find(reader.handle))
    eventually(lambda: reader.client.account_relationships(account.id)[0].following, "the follow is accepted")
    known = peer.find(reader.handle)
    first, second = word(), word()
    later = (datetime.now(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = carol.note(first)
    carol.send(carol.update(note | {"content": f"<p>{second}</p>", "updated": later}), known)
    carol.send(carol.create(note), known)
    seen = reader.sees(second)
    assert seen.uri == note["id"]
    assert first not in [post.content for post in reader.home()]


def follows(reader, actor):
    """Until it is accepted."""
    account, peer = reader.finds(actor), actor.peer
    reader.client.account_follow(account.id)
    asked = peer.eventually_received(type="Follow", object=actor.id)
    actor.send(actor.accept(asked.json), peer.find(reader.handle))
    eventually(lambda: reader.client.account_relationships(account.id)[0].following, "the follow is accepted")


def test_an_answer_waits_until_what_it_answers_was_fetched(server, peer):
    reader, carol, dave, stranger = server.person("reader"), *map(peer.actor, ("carol", "dave", "stranger"))
    follows(reader, carol)
    follows(reader, dave)
    known, first, second = peer.find(reader.handle), word(), word()
    # Neither was sent here.
    asked, other = dave.note(word()), stranger.note(word())
    carol.send(carol.create(carol.note(second, inReplyTo=other["id"])), known)
    carol.send(carol.create(carol.note(first, inReplyTo=asked["id"])), known)
    assert reader.sees(first).in_reply_to_id == reader.reads(asked["id"]).id
    # Both were fetched: that one answers nobody whom the reader follows.
    eventually(lambda: reader.reads(other["id"]), "the other one is fetched")
    assert not any(second in post.content for post in reader.home())
    assert not any(second in post.content for post in reader.client.timeline_public(limit=40))


def test_an_edit_of_a_stranger_brings_nothing(server, peer):
    reader, carol = server.person("reader"), peer.actor("carol")
    known, text = peer.find(reader.handle), word()
    note = carol.note(text)
    carol.send(carol.update(note), known)
    last = carol.note(word(), mentions=[known])
    carol.send(carol.create(last), known)
    reader.hears("mention")
    assert reader.reads(note["id"]) is None

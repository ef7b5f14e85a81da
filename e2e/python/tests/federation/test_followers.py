"""Two servers that count followers differently come to agree (FEP-8fcf)."""

import hashlib
import re

from federation import PATIENCE_SECONDS
from hostile import word
from server import eventually

HEADER = "Collection-Synchronization"


def digest_of(ids):
    """The XOR of the SHA-256 of each."""
    digest = bytes(32)
    for one in ids:
        digest = bytes(a ^ b for a, b in zip(digest, hashlib.sha256(one.encode()).digest()))
    return digest.hex()


def told_by(actor, ids, url):
    """The header an actor's server sends along, and a document at `url` that lists these ids."""
    actor.peer.serve(url, {"@context": "https://www.w3.org/ns/activitystreams", "id": url,
                           "type": "OrderedCollection", "orderedItems": ids})
    value = f'collectionId="{actor.followers}", url="{url}", digest="{digest_of(ids)}"'
    return lambda headers, body: ([*headers, (HEADER, value)], body)


def test_each_server_is_told_which_of_its_people_follow(server, peer):
    author, carol, dave = server.person("author"), peer.actor("carol"), peer.actor("dave")
    known = peer.find(author.handle)
    for actor in (carol, dave):
        actor.send(actor.follow(known), known)
        peer.eventually_received(type="Accept", where=lambda got, a=actor: got.json["object"]["actor"] == a.id)
    author.says(word(), visibility="private")
    got = peer.eventually_received(type="Create")
    told = dict(re.findall(r'(\w+)="([^"]*)"', {n.lower(): v for n, v in got.headers}[HEADER.lower()]))
    assert told["collectionId"] == known.followers
    assert told["digest"] == digest_of([carol.id, dave.id])
    # What the digest is of is read with a signature of the same server, and by nobody else.
    assert peer.get(told["url"]).status == 401
    listed = peer.get(told["url"], signer=peer.instance).json()
    assert sorted(listed["orderedItems"]) == sorted([carol.id, dave.id])


def test_who_is_not_counted_there_follows_no_longer(server, peer):
    author, carol = server.person("author"), peer.actor("carol")
    stays, leaves = server.person("stays"), server.person("leaves")
    known = {}
    for person in (stays, leaves):
        account = person.finds(carol)
        person.client.account_follow(account.id)
        known[person] = peer.find(person.handle)
        asked = peer.eventually_received(type="Follow", actor=known[person].id)
        carol.send(carol.accept(asked.json), known[person])
        eventually(lambda p=person, a=account: p.client.account_relationships(a.id)[0].following, "the follow holds")
    # A third one counts there without having asked.
    stranger = peer.find(author.handle)
    url = f"{carol.id}/followers_of_here"
    note = carol.note(word(), visibility="private")
    carol.send(carol.create(note), known[stays],
               alter=told_by(carol, [known[stays].id, stranger.id], url))
    eventually(lambda: not leaves.relation(carol).following, "the follow that carol does not know of is over",
               PATIENCE_SECONDS)
    assert stays.relation(carol).following
    undone = peer.eventually_received(type="Undo", actor=stranger.id)
    assert undone.json["object"]["object"] == carol.id
    # When both agree nobody asks.
    peer.forget()
    carol.send(carol.create(carol.note(word(), visibility="private")), known[stays],
               alter=told_by(carol, [known[stays].id], url))
    stays.sees(carol_says(carol, known[stays]))
    assert not peer.requests(method="GET", path="/users/carol/followers_of_here")


def carol_says(carol, known):
    """A last post: everything before it has been worked on."""
    text = word()
    carol.send(carol.create(carol.note(text)), known)
    return text


def test_a_list_on_another_host_or_that_breaks_off_changes_nothing(server, peer, peers):
    reader, carol, (_, evil) = server.person("reader"), peer.actor("carol"), peers
    account = reader.finds(carol)
    reader.client.account_follow(account.id)
    known = peer.find(reader.handle)
    asked = peer.eventually_received(type="Follow", actor=known.id)
    carol.send(carol.accept(asked.json), known)
    eventually(lambda: reader.client.account_relationships(account.id)[0].following, "the follow holds")
    carol.send(carol.create(carol.note(word(), visibility="private")), known,
               alter=told_by(evil.actor("mallory"), [], f"{evil.base}/nobody"))
    told = told_by(carol, [], f"{carol.id}/nobody")
    # Of its two pages the second is not there.
    carol.peer.documents["/users/carol/nobody"] |= {"next": f"{carol.id}/nobody2"}
    carol.send(carol.create(carol.note(word(), visibility="private")), known, alter=told)
    peer.eventually_received(method="GET", path="/users/carol/nobody2")
    reader.sees(carol_says(carol, known))
    assert reader.relation(carol).following

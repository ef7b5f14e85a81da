"""Somebody on a peer: their keys, their document, what they write and do, and how it is signed and sent."""

import json
import time

from signatures import Ed25519Key, RsaKey, sign

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Remote:
    """Somebody elsewhere, known by their document."""

    def __init__(self, document):
        self.document = document
        self.id = document["id"]
        self.inbox = document["inbox"]
        self.shared_inbox = document.get("endpoints", {}).get("sharedInbox", self.inbox)
        self.followers = document.get("followers")
        self.name = document["preferredUsername"]


class Actor:
    """`fields` go into the document as they are, also in place of what would be there. With `proofs` the actor has an
    Ed25519 key too (FEP-521a)."""

    def __init__(self, peer, name, kind="Person", proofs=False, **fields):
        self.peer = peer
        self.name = name
        self.kind = kind
        self.fields = fields
        self.id = f"{peer.base}/users/{name}"
        self.handle = f"{name}@{peer.handle_domain}"
        self.inbox = f"{self.id}/inbox"
        self.followers = f"{self.id}/followers"
        self.key = RsaKey(f"{self.id}#main-key")
        self.proof_key = Ed25519Key(f"{self.id}#ed25519-key") if proofs else None
        # Ids, for the collections: who follows this actor, what is pinned, what was written.
        self.follower_ids = []
        self.pinned = []
        self.outbox = []
        for collection, items in (
                ("followers", lambda: self.follower_ids), ("following", lambda: []),
                ("featured", lambda: self.pinned), ("outbox", lambda: self.outbox)):
            self._serve(collection, items)

    def _serve(self, collection, items):
        path = f"/users/{self.name}/{collection}"
        self.peer.documents[path] = lambda got: {
            "@context": CONTEXT, "id": self.peer.base + path, "type": "OrderedCollection",
            "totalItems": len(items()), "orderedItems": list(items())}

    def document(self):
        document = {
            "@context": CONTEXT,
            "id": self.id,
            "type": self.kind,
            "preferredUsername": self.name,
            "name": self.name.title(),
            "summary": f"<p>{self.name} of {self.peer.domain}</p>",
            "url": self.id,
            "inbox": self.inbox,
            "outbox": f"{self.id}/outbox",
            "followers": self.followers,
            "following": f"{self.id}/following",
            "featured": f"{self.id}/featured",
            "endpoints": {"sharedInbox": f"{self.peer.base}/inbox"},
            "publicKey": {"id": self.key.id, "owner": self.id, "publicKeyPem": self.key.pem},
        }
        if self.proof_key:
            document["assertionMethod"] = [{
                "id": self.proof_key.id, "type": "Multikey", "controller": self.id,
                "publicKeyMultibase": self.proof_key.multibase}]
        return document | self.fields

    # What is written

    def audience(self, visibility, to=()):
        """`to` and `cc` as Mastodon fills them for `public`, `unlisted`, `private` and `direct`."""
        to = list(to)
        return {
            "public": {"to": [PUBLIC], "cc": [self.followers, *to]},
            "unlisted": {"to": [self.followers], "cc": [PUBLIC, *to]},
            "private": {"to": [self.followers], "cc": to},
            "direct": {"to": to, "cc": []},
        }[visibility]

    def note(self, content, visibility="public", mentions=(), **fields):
        """A post. `mentions` are `Remote`s; whoever asks for the id finds it, if it is for everybody."""
        names = [mention.id for mention in mentions]
        note = {
            "@context": CONTEXT,
            "id": self.peer.new_id("notes"),
            "type": "Note",
            "attributedTo": self.id,
            "content": f"<p>{content}</p>",
            "published": now(),
            "tag": [{"type": "Mention", "href": m.id, "name": f"@{m.name}"} for m in mentions],
        } | self.audience(visibility, names) | fields
        if visibility in ("public", "unlisted"):
            self.peer.publish(note)
        return note

    # What is done

    def activity(self, kind, object, **fields):
        return {
            "@context": CONTEXT, "id": self.peer.new_id("activities"), "type": kind, "actor": self.id,
            "object": object} | fields

    def create(self, note, **fields):
        parts = {name: note[name] for name in ("to", "cc", "published") if name in note}
        activity = self.activity("Create", inner(note), **(parts | fields))
        if note["id"] in self.peer:
            self.outbox.insert(0, activity["id"])
            self.peer.publish(activity)
        return activity

    def update(self, object, **fields):
        to = {name: object[name] for name in ("to", "cc") if name in object}
        return self.activity("Update", inner(object), **({"to": [PUBLIC]} | to | fields))

    def delete(self, uri, **fields):
        tombstone = uri if uri == self.id else {"id": uri, "type": "Tombstone"}
        return self.activity("Delete", tombstone, **({"to": [PUBLIC]} | fields))

    def follow(self, remote):
        return self.activity("Follow", remote.id)

    def accept(self, activity):
        return self.activity("Accept", inner(activity))

    def reject(self, activity):
        return self.activity("Reject", inner(activity))

    def like(self, uri, **fields):
        return self.activity("Like", uri, **fields)

    def announce(self, uri, **fields):
        return self.activity("Announce", uri, published=now(), **(self.audience("public") | fields))

    def undo(self, activity, **fields):
        return self.activity("Undo", inner(activity), **fields)

    def block(self, remote):
        return self.activity("Block", remote.id)

    def flag(self, uris, content=""):
        return self.activity("Flag", uris, content=content)

    def move(self, to):
        return self.activity("Move", self.id, target=to.id, to=[self.followers])

    def add(self, uri):
        return self.activity("Add", uri, target=f"{self.id}/featured", to=[PUBLIC])

    def remove(self, uri):
        return self.activity("Remove", uri, target=f"{self.id}/featured", to=[PUBLIC])

    # How it is sent

    def post(self, url, activity, dialect="rsa-sha256", key=None, at=None, alter=None):
        """Signs and sends; `activity` may be bytes. `alter(headers, body)` gives what is sent in place of what was
        signed."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        headers = sign(dialect, "POST", url, body, key or self.key, at)
        if alter is not None:
            headers, body = alter(headers, body)
        return self.peer.request("POST", url, headers, body)

    def send(self, activity, remote, shared=True, **how):
        """To somebody's server; the answer must be 202."""
        answer = self.post(remote.shared_inbox if shared else remote.inbox, activity, **how)
        assert answer.status == 202, (answer.status, answer.body[:500])
        return activity


def inner(document):
    """As part of another document: without a context of its own."""
    return {name: value for name, value in document.items() if name != "@context"} if isinstance(document, dict) else document

"""A small relay: it says yes to who follows it, and passes on to each what the others send."""

import json
import threading
from urllib.parse import urlsplit

from actor import PUBLIC
from peer import Peer


class Relay(Peer):
    """Who follows the public gets what others sent as it came, as Mastodon's relays do it; who follows the actor gets
    boosts by the actor, as LitePub's do it."""

    def __init__(self):
        super().__init__()
        self.itself = self.actor("relay", kind="Application", inbox=self.inbox)
        # The inbox of each subscriber, by their actor: and whether they are of LitePub's kind.
        self.subscribers = {}

    def answer(self, got):
        answered = super().answer(got)
        if got.method == "POST" and got.refused is None and answered.status == 202:
            threading.Thread(target=self._work, args=(got,), daemon=True).start()
        return answered

    def _work(self, got):
        activity = got.json
        if activity["type"] == "Follow":
            subscriber = self.fetch_actor(got.signer)
            follows_actor = activity["object"] == self.itself.id
            assert follows_actor or activity["object"] == PUBLIC
            self.subscribers[got.signer] = (subscriber, follows_actor)
            self.itself.send(self.itself.accept(activity), subscriber, shared=False)
            if follows_actor:
                self.itself.send(self.itself.follow(subscriber), subscriber, shared=False)
        elif activity["type"] == "Undo" and activity["object"]["type"] == "Follow":
            self.subscribers.pop(got.signer, None)
        elif activity["type"] in ("Create", "Update", "Delete", "Announce"):
            self._pass_on(got, activity)

    def _pass_on(self, got, activity):
        # A signature of Linked Data, which proves nothing to anybody here.
        body = json.dumps(activity | {"signature": {"type": "RsaSignature2017", "signatureValue": "AAAA"}}).encode()
        post = activity["object"] if isinstance(activity["object"], str) else activity["object"]["id"]
        for subscriber, follows_actor in list(self.subscribers.values()):
            if urlsplit(subscriber.id).netloc == urlsplit(got.signer).netloc:
                continue
            if activity["type"] in ("Create", "Announce") and (follows_actor or activity["type"] == "Announce"):
                self.itself.send(self.itself.announce(post), subscriber)
            else:
                self.itself.post(subscriber.shared_inbox, body)

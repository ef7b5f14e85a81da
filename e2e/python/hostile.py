"""What the hostile tests share: a victim, somebody decent, somebody who is not, and how one sees that nothing happened."""

import itertools

from federation import PATIENCE_SECONDS
from server import eventually

_words = itertools.count(1)


def word():
    """A word that is nowhere else in this run."""
    return f"word{next(_words)}x"


class Scene:
    """`victim` lives on the Phiomia; `carol` on one peer, `mallory` on another."""

    def __init__(self, victim, carol, mallory):
        self.victim = victim
        self.carol = carol
        self.mallory = mallory
        self.remote = carol.peer.find(victim.handle)
        self.inbox = self.remote.shared_inbox

    def mention(self, author, text, **fields):
        """A post by the author that mentions the victim."""
        return author.note(text, mentions=[self.remote], **fields)

    def made_up(self, author, **fields):
        """The same, of which the author knows nothing: whoever asks their server finds no such post."""
        note = self.mention(author, word(), **fields)
        author.peer.withdraw(note["id"])
        return note

    def arrives(self, author, note=None):
        """Sends a decent post and waits until the victim has it; gives it as it is shown."""
        note = note or self.mention(author, word())
        author.send(author.create(note), self.remote)
        return eventually(lambda: self.victim.reads(note["id"]), f"{note['id']} is here", PATIENCE_SECONDS)

    def settles(self):
        """Everything that was sent before has been worked on, and decent people are still heard: from both peers, one
        after the other, a post arrives."""
        for author in (self.mallory.peer.actor("bystander"), self.carol):
            self.arrives(author)

    def is_absent(self, note, text=None):
        """Nothing of this post is shown anywhere."""
        self.settles()
        assert self.victim.reads(note["id"]) is None
        text = text or note["content"]
        assert not any(text in told.status.content for told in self.victim.client.notifications(types=["mention"]))
        assert not any(text in post.content for post in self.victim.client.timeline_public(limit=40))

    def post_of(self, note):
        shown = self.victim.reads(note["id"])
        assert shown is not None, f"{note['id']} is gone"
        return shown

    def changes_nothing(self, send, *notes):
        """Whatever `send` sends is taken as a request and has no effect on these posts."""
        before = [self.post_of(note) for note in notes]
        answer = send()
        assert answer.status in (202, 401, 403), (answer.status, answer.body[:300])
        self.settles()
        for was, note in zip(before, notes, strict=True):
            now = self.post_of(note)
            for name in ("content", "visibility", "spoiler_text", "edited_at", "favourites_count", "reblogs_count"):
                assert now[name] == was[name], name
            assert now.account.id == was.account.id

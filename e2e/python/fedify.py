"""The server on fedify (`e2e/fedify`): another implementation of ActivityPub, one process, driven by its control interface."""

import queue
import secrets
import subprocess
import threading

import requests

from peer import next_host
from server import ROOT, eventually, free_port

FOLDER = ROOT / "e2e" / "fedify"
START_SECONDS = 30
SECONDS = 30


class Refused(AssertionError):
    """The control interface could not do it; the text is what it said."""


class Fedify:
    """Start it with `with`. `flags` are those of its command line."""

    def __init__(self, *flags):
        self.host = next_host()
        self.port = free_port(self.host)
        self.domain = f"{self.host}:{self.port}"
        self.flags = flags
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["node", FOLDER / "server.js", "--host", self.host, "--port", str(self.port), *self.flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        # Node reads a large library before it listens, and says so in one line.
        lines = queue.Queue()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = ""
        if not line.startswith("listening"):
            self.__exit__()
            raise AssertionError("the server on fedify did not start; is its folder installed (npm ci)?")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def handle(self, name="peer"):
        return f"{name}@{self.domain}"

    def actor(self, name="peer"):
        return f"http://{self.domain}/actors/{name}"

    def tell(self, what, /, **said):
        """Makes somebody there do something: `tell("post", text="hello")`."""
        return self._answer(requests.post(self._at(what), json=said, timeout=40))

    def ask(self, what, **query):
        return self._answer(requests.get(self._at(what), params=query, timeout=20))

    def lookup(self, what, **options):
        return self.tell("lookup", what=what, **options)

    def received(self, kind, object=None):
        """The activities of a type its inboxes took, after checking who sent them."""
        return [one for one in self.ask("received")
                if one["type"] == kind and (object is None or one["object"] == object)]

    def gets(self, kind, object=None, seconds=30):
        """The last activity of this type, as soon as there is one."""
        return eventually(lambda: self.received(kind, object), f"fedify gets {kind} of {object or 'anything'}", seconds)[-1]

    def reads(self, uri, fits=lambda note: True, seconds=30):
        """A note of others as it was last told there, as soon as it is there and fits."""
        return eventually(lambda: next((note for note in self.ask("notes")["theirs"]
                                        if note["id"] == uri and fits(note)), None),
                          f"fedify reads {uri}", seconds)

    def note(self, uri):
        """A note of theirs with the likes and boosts it has."""
        return next(note for note in self.ask("notes")["ours"] if note["uri"] == uri)

    def follower(self, whom, name="peer"):
        return next((one for one in self.ask("followers", actor=name) if one["id"] == whom), None)

    def following(self, whom, name="peer"):
        """`pending`, `accepted`, `rejected`, or None for somebody who was not asked."""
        return next((one["state"] for one in self.ask("following", actor=name) if one["id"] == whom), None)

    def _at(self, what):
        return f"http://{self.domain}/control/{what}"

    @staticmethod
    def _answer(response):
        found = response.json()
        if not response.ok:
            raise Refused(found["error"])
        return found


def new_actor(fedify, name, **more):
    """The name of somebody new there."""
    name = f"{name}_{secrets.token_hex(4)}"
    fedify.tell("actors", name=name, **more)
    return name


def followed_by(fedify, name, member, uri):
    """Somebody there follows somebody here, who knows it."""
    fedify.tell("follow", actor=name, whom=member.handle)
    eventually(lambda: fedify.following(uri, name) == "accepted", f"{name} follows {member}", SECONDS)

"""The name server of the machine falls silent: who needs no name goes on, who does waits, nobody is blamed, and all goes
on by itself when it speaks again."""

import json
import subprocess

import pytest
import requests

from federation import Federated
from obstacles import Names, with_name_server
from peer import NETWORK, Peer, next_host
from server import BINARY, eventually

FAR = "far.example.net"


class Asking(Federated):
    """A server that asks a name server of ours."""

    def __init__(self, host, names):
        super().__init__("sqlite", host)
        self.before = with_name_server(names.host, self.data)

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, BINARY, "serve", "--data", self.data, "--listen", f"{self.host}:{self.port}"],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        eventually(self._healthy, "the server answers /health", 30)


@pytest.fixture
def names():
    with Names(f"{NETWORK}.253.53") as running:
        yield running


@pytest.fixture
def asking(names):
    with Asking(next_host(), names) as running:
        yield running


@pytest.fixture
def log_since(asking):
    asking.log_mark = asking.log_size()


class Called(Peer):
    """A peer whose name has to be looked up."""

    def __init__(self, names):
        super().__init__()
        names.names[FAR] = self.host
        self.domain = self.handle_domain = f"{FAR}:{self.port}"
        self.base = f"http://{self.domain}"
        self.actors.clear()
        self.instance = self.actor("instance", kind="Application")
        self.inbox = f"{self.base}/inbox"


def test_names_that_nobody_knows_any_more(names, asking):
    alice = asking.person("alice")
    with Called(names) as far, Peer() as near:
        for peer in (far, near):
            friend = peer.actor("friend")
            known = near.find(alice.handle)
            friend.send(friend.follow(known), known)
            peer.eventually_received(type="Accept", actor=known.id)
        assert names.asked > 0
        names.is_silent = True
        # Whoever is connected needs no name.
        far.stop()
        far.start()
        first = alice.says("heard nearby")
        near.eventually_received(type="Create", object=first.uri)
        eventually(lambda: "the name server of this machine does not answer" in asking.log_text(), "it is noticed", 12)
        # Others are served as ever while this one waits.
        second = alice.says("heard nearby, too")
        near.eventually_received(type="Create", object=second.uri, seconds=3)
        assert far.requests(type="Create") == []
        # Whose key we cannot ask for is asked to come again, and not told that the signature is wrong.
        stranger = far.actor("stranger")
        hello = stranger.create(stranger.note("hello", mentions=[known]))
        turned = stranger.post(known.inbox, hello)
        assert (turned.status, int(turned.header("Retry-After")) > 0) == (503, True), turned.body
        # Who posts or searches does not wait for it.
        assert alice.says(f"@nobody@{FAR} is text").mentions == []
        assert alice.client.search_v2(f"@nobody@{FAR}", resolve=True).accounts == []
        assert requests.get(f"{asking.base}/api/v1/accounts/{alice.id}/statuses", timeout=5).ok
        names.is_silent = False
        for post in (first, second):
            far.eventually_received(type="Create", object=post.uri, seconds=20)
        assert stranger.post(known.inbox, hello).status == 202
        alice.hears("mention")
    assert "the name server of this machine answers again" in asking.log_text()
    # The host was not to blame, and no job used up a try.
    assert json.loads(asking.cli("host", "show", far.domain, "--json"))["last_error"] is None
    assert asking.cli("jobs", "parked") == ""

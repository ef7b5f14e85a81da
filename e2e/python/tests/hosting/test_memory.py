"""The whole server within 256 MB, whatever is done at the same time, and within what the smallest machine leaves it."""

import resource
import subprocess
import time
import warnings

import pytest
import requests

from beside import Beside
from browser import Browser
from federation import Federated
from live import web_socket
from obstacles import Memory, MemoryGroup
from operations import png_of
from peer import Peer
from server import BINARY, eventually

# `MemoryMax=` of the unit on a machine with 0.5 GB, and what the server takes of it at most, in megabytes.
CEILING, MOST = 384, 256
# How long everything goes on at the same time.
SECONDS = 3
N_STREAMS = 60


class Confined(Federated):
    """Runs in a control group; where there is none, each of its processes has that ceiling by itself."""

    def __init__(self, group):
        super().__init__("sqlite")
        self.group = group

    def start(self):
        def limit():
            if self.group.folder is None:
                resource.setrlimit(resource.RLIMIT_DATA, (CEILING << 20, CEILING << 20))

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.group.before(), BINARY, "serve", "--data", self.data, "--listen", f"{self.host}:{self.port}"],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=limit)
        eventually(self._healthy, "the server answers /health", 30)


@pytest.fixture
def confined():
    with MemoryGroup(CEILING) as group:
        if group.folder is None:
            warnings.warn(f"{group.why_not}: each process had a ceiling of {CEILING} MB by itself instead")
        with Confined(group) as running:
            yield running


@pytest.fixture
def log_since(confined):
    confined.log_mark = confined.log_size()


class Busy(Beside):
    """Does something again and again, as so many at the same time; counts how often it went well, keeps what did not."""

    def __init__(self, what, at_once=1):
        super().__init__(at_once)
        self.what, self.n_done, self.wrong = what, 0, []

    def run(self):
        while not self.is_over:
            try:
                answer = self.what()
            except Exception as failure:
                answer = repr(failure)
            if answer in (200, 202, True):
                self.n_done += 1
            else:
                self.wrong.append(answer)
                return


def test_everything_at_the_same_time(confined, record_property):
    alice = confined.person("alice")
    token = {"Authorization": f"Bearer {alice.client.access_token}"}
    for n in range(40):
        alice.says(f"no {n} " + "word " * 60)
    # As many pixels as are taken: 99 MB when it lies open.
    picture = png_of(6_600, 5_000)

    def reads(path):
        def read():
            return requests.get(confined.base + path, headers=token, timeout=30).status_code
        return read

    def uploads():
        answer = requests.post(f"{confined.base}/api/v2/media", headers=token, files={"file": ("red.png", picture)}, timeout=60)
        return answer.status_code

    def signs_in():
        browser = Browser(confined)
        return browser.sign_in(browser.open(f"{confined.base}/auth/sign_in"), alice.person).status

    with Peer() as peer:
        carol = peer.actor("carol")
        known = peer.find(alice.handle)
        carol.send(carol.follow(known), known)
        peer.eventually_received(type="Accept", actor=known.id)

        def writes():
            return carol.post(known.inbox, carol.create(carol.note("hello " + "word " * 100, mentions=[known]))).status

        with Memory(confined.process.pid) as memory:
            busy = [Busy(reads("/api/v1/timelines/home?limit=40"), 2), Busy(reads("/api/v1/notifications?limit=40")),
                    Busy(uploads), Busy(signs_in, 2), Busy(writes, 2)]
            open_streams = [web_socket(confined, alice.client.access_token, "user") for _ in range(N_STREAMS)]
            heard = [stream.__enter__() for stream in open_streams]
            try:
                for one in busy:
                    one.__enter__()
                time.sleep(SECONDS)
                said = alice.says("heard by all")
                for stream in heard:
                    assert str(said.id) in stream.wait_for("update")
            finally:
                for one in busy:
                    one.is_over = True
                for one in busy:
                    one.__exit__()
                for stream in open_streams:
                    stream.__exit__(None, None, None)
    assert [one.wrong for one in busy] == [[]] * len(busy)
    assert all(one.n_done > 0 for one in busy)
    assert confined.process.poll() is None
    figures = {"together": memory.most // 1024, "alone": memory.most_alone // 1024,
               "done": [one.n_done for one in busy]}
    print("MB at most:", figures)
    record_property("megabytes", figures)
    assert figures["together"] <= MOST, figures
    if confined.group.folder is not None:
        assert confined.group.n_killed() == 0

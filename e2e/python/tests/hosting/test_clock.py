"""A clock that jumps: hours ahead, and back again. Posts stay in order, tokens hold, nothing waits for hours, and the log
says so."""

import json

import pytest

from federation import Federated
from live import listening
from obstacles import FalseClock
from peer import Peer
from server import eventually

HOURS = 3 * 3_600


class Misled(Federated):
    def __init__(self):
        super().__init__("sqlite")
        self.clock = FalseClock(self.data)
        self.environment |= self.clock.environment


@pytest.fixture
def misled():
    with Misled() as running:
        yield running


@pytest.fixture
def log_since(misled):
    misled.log_mark = misled.log_size()


def test_a_clock_that_jumps_ahead_and_back(misled):
    reader, writer = misled.person("reader"), misled.person("writer")
    reader.follows(writer)
    with Peer() as peer, listening(reader.client.stream_user) as events:
        friend = peer.actor("friend")
        known = peer.find(writer.handle)
        friend.send(friend.follow(known), known)
        peer.eventually_received(type="Accept", actor=known.id)

        def says(text):
            post = writer.says(text)
            events.wait_for("update", lambda seen: seen.id == post.id, 5)
            return post

        posts = [says("at the right time")]
        misled.clock.show(HOURS)
        eventually(lambda: "jumped ahead by" in misled.log_text(), "it is noticed", 5)
        posts.append(says("three hours later"))
        # What is tried again in a while by the wrong clock.
        peer.stop()
        late = says("for a peer that is away")
        posts.append(late)
        eventually(lambda: json.loads(misled.cli("host", "show", peer.domain, "--json"))["failures"], "a delivery has failed")
        misled.clock.show(0)
        eventually(lambda: "went back by" in misled.log_text(), "it is noticed", 5)
        peer.start()
        # People and other servers hear of it now and not in three hours.
        posts.append(says("at the right time again"))
        peer.eventually_received(type="Create", object=late.uri, seconds=15)
        peer.eventually_received(type="Create", object=posts[-1].uri, seconds=15)
    misled.stop()
    misled.start()
    # A new process, whose clock is hours behind the newest post.
    assert "the newest post is dated" in misled.log_text(misled.log_mark)
    posts.append(writer.says("after a restart"))
    ids = [post.id for post in posts]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)
    reader.sees("after a restart", 5)
    assert [post.id for post in reader.home()] == ids[::-1]
    assert misled.cli("jobs", "parked") == ""

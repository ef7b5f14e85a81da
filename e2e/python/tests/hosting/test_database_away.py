"""PostgreSQL is stopped and started, cut off, and silent: `503` and a moment to wait, never a crash; what was
acknowledged is there, and all goes on by itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from beside import Beside
from cluster import Postgres
from live import listening
from obstacles import Way
from people import new_person
from server import Server, eventually


class OnTheOtherSide(Server):
    """A server whose PostgreSQL stands at the end of a way."""

    def __init__(self):
        super().__init__("sqlite")
        self.cluster = Postgres("fsync = off")

    def __enter__(self):
        self.cluster.__enter__()
        self.way = Way(self.cluster.port).__enter__()
        self.environment |= {"DATABASE_URL": self.cluster.address(self.way.port), "DB_POOL": "6",
                             "PHIOMIA_DATABASE_ANSWER_TIMEOUT": "1s"}
        return super().__enter__()

    def __exit__(self, *what):
        super().__exit__(*what)
        if hasattr(self, "way"):
            self.way.__exit__()
        self.cluster.__exit__()


@pytest.fixture(scope="module")
def far():
    with OnTheOtherSide() as running:
        yield running


@pytest.fixture
def log_since(far):
    far.log_mark = far.log_size()


@pytest.fixture(scope="module")
def pair(far):
    """Two people, the first of whom follows the second."""
    alice, bob = new_person(far, "alice").client(), new_person(far, "bob").client()
    alice.account_follow(bob.me().id)
    return alice, bob


def get(far, client, path):
    headers = {"Authorization": f"Bearer {client.access_token}"} if client else {}
    return requests.get(far.base + path, headers=headers, timeout=20)


def says(far, client, text):
    headers = {"Authorization": f"Bearer {client.access_token}", "Idempotency-Key": text}
    began = time.monotonic()
    answer = requests.post(f"{far.base}/api/v1/statuses", json={"status": text}, headers=headers, timeout=40)
    answer.took = time.monotonic() - began
    return answer


def is_put_off(answer):
    return (answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
            and answer.json() == {"error": "Service temporarily unavailable"})


class Talk(Beside):
    """Somebody who posts on and on, and says it again when told to come back later."""

    def __init__(self, far, client):
        super().__init__()
        self.far, self.client = far, client
        self.posted, self.put_off, self.wrong = [], [], []

    def run(self):
        n = 0
        while not self.is_over:
            answer = says(self.far, self.client, f"{id(self)} no {n}")
            if answer.status_code == 200:
                self.posted.append(answer.json()["id"])
                n += 1
                time.sleep(0.03)
            elif is_put_off(answer):
                self.put_off.append(answer.took)
                time.sleep(0.1)
            else:
                self.wrong.append((answer.status_code, answer.text[:200]))
                return


def is_whole(far, talk, pair):
    """Nobody heard a lie, and everything that was acknowledged is there, once, and came to who follows."""
    alice, bob = pair
    assert talk.wrong == []
    assert far.process.poll() is None, "the server ended"

    def in_home():
        seen, newest = [], None
        while page := alice.timeline_home(limit=40, max_id=newest):
            seen += [str(post.id) for post in page]
            newest = page[-1].id
        return set(talk.posted) <= set(seen) and seen

    seen = eventually(in_home, "all that was posted comes to the feed", 20)
    assert len(seen) == len(set(seen))
    assert far.cli("jobs", "parked") == ""


def test_a_database_that_is_stopped_and_started_again(far, pair):
    alice, bob = pair
    with listening(alice.stream_user) as events, Talk(far, bob) as talk:
        eventually(lambda: len(talk.posted) > 5, "posts go through")
        far.cluster.stop()
        eventually(lambda: is_put_off(get(far, alice, "/api/v1/timelines/home")), "readers are put off", 5)
        # The process lives, and is not ready. Who asks is answered at once, not when the database is back.
        assert [get(far, None, path).status_code for path in ("/livez", "/readyz")] == [200, 503]
        with ThreadPoolExecutor(12) as many:
            waiting = [many.submit(says, far, bob, f"{id(talk)} beside {n}") for n in range(12)]
            eventually(lambda: sum(one.done() for one in waiting) >= 8, "most writers are put off", 5)
            assert all(is_put_off(one.result()) for one in waiting if one.done())
            begun = time.monotonic()
            far.cluster.start()
            # A few wait, and are done when it is back.
            done = [one.result() for one in waiting]
        assert {one.status_code for one in done} <= {200, 503}
        talk.posted += [one.json()["id"] for one in done if one.status_code == 200]
        eventually(lambda: get(far, alice, "/readyz").ok, "the server is ready again", 10)
        n_posted = len(talk.posted)
        eventually(lambda: len(talk.posted) > n_posted + 5, "posts go through again", 10)
        assert time.monotonic() - begun < 10
        # The stream that was open all the time hears of them.
        last = talk.posted[-1]
        events.wait_for("update", lambda post: str(post.id) >= last)
    is_whole(far, talk, pair)
    assert "the database is away" in far.log_text(far.log_mark)
    assert "the database is back after" in far.log_text(far.log_mark)


def test_connections_that_are_cut_again_and_again(far, pair):
    with Talk(far, pair[1]) as talk:
        for _ in range(4):
            n_posted = len(talk.posted)
            eventually(lambda: len(talk.posted) > n_posted + 3, "posts go through")
            far.way.sever()
        # Nobody gets through for a while.
        far.way.cut()
        eventually(lambda: is_put_off(get(far, pair[0], "/api/v1/timelines/home")), "readers are put off", 5)
        far.way.mend()
        n_posted = len(talk.posted)
        eventually(lambda: len(talk.posted) > n_posted + 3, "posts go through again", 10)
    is_whole(far, talk, pair)


def test_a_database_that_says_nothing(far, pair):
    alice = pair[0]
    with Talk(far, pair[1]) as talk:
        eventually(lambda: len(talk.posted) > 3, "posts go through")
        far.way.hold()
        begun = time.monotonic()
        assert is_put_off(get(far, alice, "/api/v1/timelines/home"))
        assert time.monotonic() - begun < 6, "an answer came, only late"
        # By now it is known, and told at once.
        begun = time.monotonic()
        assert is_put_off(get(far, alice, "/api/v1/timelines/home"))
        assert time.monotonic() - begun < 3
        far.way.let_go()
        n_posted = len(talk.posted)
        eventually(lambda: len(talk.posted) > n_posted + 3, "posts go through again", 15)
    is_whole(far, talk, pair)

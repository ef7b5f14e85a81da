"""One instance of several processes: two for requests, one for streams, two that work, behind HAProxy."""

import collections
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from beside import Beside
from fronts import end
from live import listening, web_socket
from people import new_person
from server import BINARY, POSTGRES, START_SECONDS, Server, eventually, free_port

PARTS = ["web", "web", "streaming", "workers", "workers"]

FRONT = """
defaults
    mode http
    timeout connect 2s
    # A check that is not answered within `inter` counts as failed otherwise: on a busy machine all are taken for dead.
    timeout check 10s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    retries 5
    option redispatch 1
    retry-on conn-failure empty-response 503
frontend front
    bind {address}
    use_backend streaming if {{ path_beg /api/v1/streaming }}
    default_backend web
backend web
    option httpchk GET /health
    {web}
backend streaming
    {streaming}
"""


class Cluster(Server):
    """Its address is HAProxy's; `processes` are what stands behind."""

    def __init__(self):
        super().__init__("postgres", PHIOMIA_WORKERS_LEASE="3s")
        self.ports = [free_port() for _ in PARTS]
        self.metrics_ports = [free_port() for _ in PARTS]
        self.processes = [None for _ in PARTS]
        self.front = None

    def start(self):
        for n in range(len(PARTS)):
            self.start_one(n)
        lines = {
            part: "\n    ".join(
                f"server s{n} 127.0.0.1:{self.ports[n]} check inter 200ms fall 1 rise 1"
                for n, of in enumerate(PARTS) if of == part)
            for part in ("web", "streaming")
        }
        configuration = self.data / "haproxy.cfg"
        configuration.write_text(FRONT.format(address=f"127.0.0.1:{self.port}", **lines))
        self.front = subprocess.Popen(["haproxy", "-db", "-f", configuration], stderr=subprocess.DEVNULL)
        eventually(lambda: requests.get(f"{self.base}/health", timeout=2).status_code == 200
                   if self._listens(self.port) else False, "HAProxy finds the web processes", START_SECONDS)

    def start_one(self, n):
        with self.log.open("ab") as log:
            self.processes[n] = subprocess.Popen(
                [BINARY, "serve", "--only", PARTS[n], "--data", self.data, "--listen", f"127.0.0.1:{self.ports[n]}"],
                env=self.environment | {"PHIOMIA_METRICS_LISTEN": f"127.0.0.1:{self.metrics_ports[n]}"},
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if PARTS[n] != "workers":
            eventually(lambda: self._listens(self.ports[n]), f"the {PARTS[n]} process listens", START_SECONDS)

    def stop_one(self, n):
        self._end(self.processes[n])

    def kill_one(self, n):
        self.processes[n].send_signal(signal.SIGKILL)
        self.processes[n].wait()

    def stop(self):
        end(self.front)
        for process in self.processes:
            self._end(process)

    def directly(self, n):
        """Mastodon.py's base for one of the processes, past HAProxy."""
        return f"http://127.0.0.1:{self.ports[n]}"

    def jobs_run(self, n):
        """How many jobs that process has run, by the kind of job."""
        text = requests.get(f"http://127.0.0.1:{self.metrics_ports[n]}/metrics", timeout=5).text
        found = re.findall(r'^phiomia_jobs_run_total\{.*kind="(\w+)".*\} (\d+)$', text, re.MULTILINE)
        return sum((collections.Counter({kind: int(count)}) for kind, count in found), collections.Counter())


@pytest.fixture(scope="module")
def cluster():
    assert POSTGRES, "several processes need PostgreSQL"
    with Cluster() as running:
        yield running


@pytest.fixture
def pair(cluster):
    """Two people, the first of whom follows the second."""
    alice, bob = new_person(cluster, "alice"), new_person(cluster, "bob")
    as_alice = alice.client()
    as_alice.account_follow(bob.id)
    return as_alice, bob.client()


def at(cluster, n, person_client):
    return {"base": cluster.directly(n), "headers": {"Authorization": f"Bearer {person_client.access_token}"}}


def test_a_post_reaches_a_stream_of_another_process_through_a_third(cluster, pair):
    as_alice, as_bob = pair
    with listening(as_alice.stream_user) as events:
        post = as_bob.status_post("from one process to the other")
        # Who has the job done hears of it, and does not look every second for it.
        assert events.wait_for("update").id == post.id


def test_each_process_serves_its_part_alone(cluster):
    def status(n, path):
        return requests.get(cluster.directly(n) + path, timeout=5).status_code

    assert (status(0, "/api/v2/instance"), status(0, "/api/v1/streaming/health")) == (200, 404)
    assert (status(2, "/api/v2/instance"), status(2, "/api/v1/streaming/health")) == (404, 200)
    assert status(2, "/health") == 200
    assert not cluster._listens(cluster.ports[3])


def test_jobs_are_spread_over_the_processes_that_work(cluster, pair):
    _, as_bob = pair
    workers = [n for n, part in enumerate(PARTS) if part == "workers"]
    before = {n: cluster.jobs_run(n) for n in workers}
    others = [n for n in range(len(PARTS)) if n not in workers]

    def shares():
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(lambda n: as_bob.status_post(f"no {n}"), range(24)))
        return [(cluster.jobs_run(n) - before[n]).total() for n in workers]

    eventually(lambda: all(share >= 10 for share in shares()), "each has done its share", 30)
    assert [cluster.jobs_run(n).total() for n in others] == [0] * len(others), "who answers requests does no jobs"


def test_what_changes_in_one_process_shows_in_the_other_at_once(cluster, pair):
    _, as_bob = pair
    post = as_bob.status_post("frist")
    path = f"/api/v1/statuses/{post.id}"

    def text(n):
        place = at(cluster, n, as_bob)
        return requests.get(place["base"] + path, headers=place["headers"], timeout=5).json()["content"]

    assert text(0) == text(1) == "<p>frist</p>"
    place = at(cluster, 0, as_bob)
    requests.put(place["base"] + path, json={"status": "first"}, headers=place["headers"], timeout=5).raise_for_status()
    assert text(0) == "<p>first</p>"
    eventually(lambda: text(1) == "<p>first</p>", "the other process shows the edit", 2)


def test_a_revoked_token_is_worth_nothing_in_every_process(cluster):
    carol = new_person(cluster, "carol")
    token = carol.token()

    def status(n):
        return requests.get(f"{cluster.directly(n)}/api/v1/accounts/verify_credentials",
                            headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code

    assert (status(0), status(1)) == (200, 200)
    cluster.cli("token", "revoke", token)
    eventually(lambda: (status(0), status(1)) == (401, 401), "both processes refuse the token", 5)


def test_requests_are_counted_together(cluster, pair):
    as_alice, _ = pair
    cluster.cli("settings", "set", "rate_limits", "on")
    try:
        def left(n):
            place = at(cluster, n, as_alice)
            answer = requests.get(f"{place['base']}/api/v1/timelines/home", headers=place["headers"], timeout=5)
            return int(answer.headers.get("X-RateLimit-Remaining", -1))

        eventually(lambda: left(0) > 0 and left(1) > 0, "requests are counted", 5)
        first = left(0)
        assert (left(1), left(0)) == (first - 1, first - 2)
    finally:
        cluster.cli("settings", "set", "rate_limits", "off")
    eventually(lambda: "X-RateLimit-Remaining" not in as_alice_headers(cluster, as_alice), "counting ends", 5)


def as_alice_headers(cluster, client):
    found = [requests.get(f"{cluster.directly(n)}/api/v1/timelines/home", timeout=5,
                          headers={"Authorization": f"Bearer {client.access_token}"}).headers for n in (0, 1)]
    return {name for headers in found for name in headers}


class Load(Beside):
    """Posts through HAProxy until told to stop; every answer is kept. What was answered by nobody is said again with the
    same key, `n_tries` times in all: when the process behind a connection dies at that moment, HAProxy closes it without
    a word and leaves that to the client."""

    def __init__(self, cluster, client, n_tries=1):
        super().__init__()
        self.n_tries = n_tries
        self.cluster, self.token = cluster, client.access_token
        self.posted, self.failed = [], []

    def run(self):
        n = 0
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self.token}"
            while not self.is_over:
                n += 1
                try:
                    answer = self.say(session, n)
                    if answer.status_code == 200:
                        self.posted.append(answer.json()["id"])
                    else:
                        self.failed.append((n, answer.status_code, answer.text[:200]))
                except requests.RequestException as failure:
                    self.failed.append((n, repr(failure)))
                time.sleep(0.02)

    def say(self, session, n):
        for is_last in [False] * (self.n_tries - 1) + [True]:
            try:
                return session.post(f"{self.cluster.base}/api/v1/statuses", json={"status": f"no {n}"}, timeout=15,
                                    headers={"Idempotency-Key": f"{id(self)}-{n}"})
            except requests.ConnectionError:
                if is_last:
                    raise


def home(client, n):
    seen, newest = [], None
    while len(seen) < n:
        page = client.timeline_home(limit=40, max_id=newest)
        if not page:
            break
        seen += [str(post.id) for post in page]
        newest = page[-1].id
    return seen


def test_a_rolling_restart_fails_no_request(cluster, pair):
    _, as_bob = pair
    with Load(cluster, as_bob) as load:
        for n in (0, 1):
            eventually(lambda: len(load.posted) > 20 * (n + 1) or load.failed, "posts go through", 15)
            cluster.stop_one(n)
            cluster.start_one(n)
            eventually(lambda: requests.get(cluster.directly(n) + "/health", timeout=2).ok, "it is well again", 10)
            time.sleep(0.5)
    assert load.failed == []


def test_a_process_killed_under_load_loses_nothing(cluster, pair):
    as_alice, as_bob = pair
    with Load(cluster, as_bob, n_tries=3) as load:
        eventually(lambda: len(load.posted) > 20 or load.failed, "posts go through", 15)
        cluster.kill_one(3)
        eventually(lambda: len(load.posted) > 40 or load.failed, "posts go on", 15)
        cluster.kill_one(0)
        eventually(lambda: len(load.posted) > 60 or load.failed, "posts go on", 15)
    assert load.failed == []
    cluster.start_one(0)
    cluster.start_one(3)
    # What the dead one had in hand is another's when its lease is over.
    eventually(lambda: set(load.posted) <= set(home(as_alice, len(load.posted) + 40)), "all are in the home feed", 20)
    seen = home(as_alice, len(load.posted) + 40)
    assert len(seen) == len(set(seen))
    # What was in hand was sent again by HAProxy, with the same key: nothing is there twice.
    assert as_bob.me().statuses_count == len(load.posted) == len(set(load.posted))


def test_redis_dies_and_comes_back_and_nothing_is_lost(cluster, pair):
    as_alice, as_bob = pair
    cluster.cli("settings", "set", "rate_limits", "on")
    log_mark = cluster.log_size()

    def left(n):
        place = at(cluster, n, as_alice)
        answer = requests.get(f"{place['base']}/api/v1/timelines/home", headers=place["headers"], timeout=5)
        return int(answer.headers.get("X-RateLimit-Remaining", -1))

    try:
        eventually(lambda: left(0) > 0 and left(1) > 0, "requests are counted", 5)
        with Load(cluster, as_bob) as load:
            eventually(lambda: len(load.posted) > 5 or load.failed, "posts go through", 15)
            with web_socket(cluster, as_alice.access_token, "user") as open_stream:
                cluster.redis.kill()
                cluster.redis.wait()
                posted = len(load.posted)
                eventually(lambda: len(load.posted) > posted + 10 or load.failed, "posts go on without it", 15)
                # Each process counts by itself, and goes on from what it had counted.
                first = left(0)
                assert (left(0), left(1)) == (first - 1, left(1) + 1)
                # Jobs are found, only later: nobody tells the workers.
                last = load.posted[-1]
                eventually(lambda: last in home(as_alice, len(load.posted) + 5), "the feed is written", 10)
                cluster.start_redis()
                said = "is back"
                eventually(lambda: cluster.log_text(log_mark).count(said) >= len(PARTS), "all have found it again", 10)
                # Whoever listened may have missed something, and is told to come again.
                with pytest.raises(ValueError):
                    open_stream.wait_for("nothing that is ever told", 5)
            with listening(as_alice.stream_user) as events:
                after = as_bob.status_post("it is back")
                events.wait_for("update", lambda post: post.id == after.id)
        assert load.failed == []
        eventually(lambda: set(load.posted) <= set(home(as_alice, len(load.posted) + 60)), "all are in the home feed", 20)
        eventually(lambda: (first := left(0)) and (left(1), left(0)) == (first - 1, first - 2),
                   "requests are counted together again", 5)
        assert "this process goes on alone until it is back" in cluster.log_text(log_mark)
    finally:
        cluster.cli("settings", "set", "rate_limits", "off")

"""A streaming replica of PostgreSQL takes the reading: nobody misses what they have just written, and a replica that is
late or away is left alone."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from cluster import Postgres, Replica
from people import new_person
from server import Server, eventually

# How much was read where, as PostgreSQL itself counts it.
READ = "select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_user_tables"


class Mirrored(Server):
    def __init__(self):
        super().__init__("sqlite")
        self.primary = Postgres("fsync = off", "stats_fetch_consistency = none")

    def __enter__(self):
        self.primary.__enter__()
        self.replica = Replica(self.primary).__enter__()
        self.environment |= {
            "DB_HOST": "127.0.0.1", "DB_PORT": str(self.primary.port), "DB_USER": "postgres", "DB_NAME": "postgres",
            "REPLICA_DB_HOST": "127.0.0.1", "REPLICA_DB_PORT": str(self.replica.port), "DB_POOL": "4"}
        return super().__enter__()

    def __exit__(self, *what):
        super().__exit__(*what)
        if hasattr(self, "replica"):
            self.replica.__exit__()
        self.primary.__exit__()


@pytest.fixture(scope="module")
def mirrored():
    with Mirrored() as running:
        yield running


@pytest.fixture
def log_since(mirrored):
    mirrored.log_mark = mirrored.log_size()


@pytest.fixture(scope="module")
def alice(mirrored):
    return new_person(mirrored, "alice").client()


def write_and_read(mirrored, client, n):
    """Posts, and looks at once, each time: it is there, in every place."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {client.access_token}"
        for number in range(n):
            post = session.post(f"{mirrored.base}/api/v1/statuses", json={"status": f"no {number}"}, timeout=10).json()
            assert session.get(f"{mirrored.base}/api/v1/statuses/{post['id']}", timeout=10).status_code == 200
            home = session.get(f"{mirrored.base}/api/v1/timelines/home", timeout=10).json()
            assert home[0]["id"] == post["id"]


def n_read(cluster):
    return int(cluster.ask(READ))


def test_reading_goes_to_the_replica_and_nobody_misses_what_they_wrote(mirrored, alice):
    write_and_read(mirrored, alice, 3)
    before = n_read(mirrored.replica)
    write_and_read(mirrored, alice, 20)
    eventually(lambda: n_read(mirrored.replica) > before + 100, "the replica is read", 15)


def test_a_replica_that_is_late_is_left_alone(mirrored, alice):
    mirrored.replica.stop_reading()
    try:
        def is_told():
            write_and_read(mirrored, alice, 1)
            return "behind, the primary is read instead" in mirrored.log_text(mirrored.log_mark)

        eventually(is_told, "it is told")
        begun = time.monotonic()
        write_and_read(mirrored, alice, 10)
        assert time.monotonic() - begun < 5
    finally:
        mirrored.replica.read_on()

    def is_read_again():
        write_and_read(mirrored, alice, 1)
        return "the replica is read again" in mirrored.log_text(mirrored.log_mark)

    eventually(is_read_again, "the replica is read again")


def test_a_replica_that_dies_and_comes_back(mirrored, alice):
    mirrored.replica.stop()
    write_and_read(mirrored, alice, 5)
    assert "the replica is away, the primary is read instead" in mirrored.log_text(mirrored.log_mark)
    mirrored.replica.start()

    def is_read_again():
        write_and_read(mirrored, alice, 1)
        return "the replica is read again" in mirrored.log_text(mirrored.log_mark)

    eventually(is_read_again, "the replica is read again")


def test_what_the_replica_has_is_read_while_the_primary_is_away(mirrored, alice):
    post = alice.status_post("still here")
    headers = {"Authorization": f"Bearer {alice.access_token}"}
    place = f"{mirrored.base}/api/v1/statuses/{post.id}"
    eventually(lambda: requests.get(place, headers=headers, timeout=10).ok, "it is there")
    # The replica has it, too.
    eventually(lambda: mirrored.replica.ask("select count(*) from statuses") == mirrored.primary.ask("select count(*) from statuses"), "it is copied")
    mirrored.primary.stop()
    try:
        eventually(lambda: requests.get(place, headers=headers, timeout=10).status_code == 200, "it is read on", 5)
        # Writing waits for the primary.
        with ThreadPoolExecutor(1) as beside:
            said = beside.submit(requests.post, f"{mirrored.base}/api/v1/statuses", json={"status": "as soon as may be"},
                                 headers=headers, timeout=40)
            for _ in range(5):
                assert requests.get(place, headers=headers, timeout=10).status_code == 200
            mirrored.primary.start()
            assert said.result().status_code in (200, 503)
    finally:
        if not mirrored.primary.is_running():
            mirrored.primary.start()
    eventually(lambda: requests.post(f"{mirrored.base}/api/v1/statuses", json={"status": "again"}, headers=headers,
                                     timeout=40).ok, "writing goes on", 10)
    write_and_read(mirrored, alice, 3)

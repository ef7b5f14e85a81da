"""A disk without room: what was acknowledged is there, reading goes on, writing is refused for the time being and in
words, and all goes on by itself when there is room."""

import sqlite3
from contextlib import closing

import pytest
import requests

from federation import Federated
from obstacles import SmallDisk
from operations import PNG
from peer import Peer
from server import eventually

MEGABYTE = 1 << 20
# The beginning of an MP4: what looks like a film goes to the disk as it comes.
FILM = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0" * 200_000


@pytest.fixture(scope="module")
def narrow():
    """A server whose database, files and log are all on a disk of 48 MB, of which files leave the last 8."""
    server = Federated("sqlite", PHIOMIA_MEDIA_DISK_RESERVE="8MB")
    with SmallDisk(server.data, 48) as disk, server:
        server.disk = disk
        yield server


@pytest.fixture
def log_since(narrow):
    narrow.log_mark = narrow.log_size()


def ask(client, method, path, **options):
    headers = {"Authorization": f"Bearer {client.access_token}"} | options.pop("headers", {})
    return requests.request(method, client.api_base_url + path, headers=headers, timeout=20, **options)


def says(client, text, key=None):
    return ask(client, "POST", "/api/v1/statuses", json={"status": text},
               headers={"Idempotency-Key": key or text})


def is_put_off(answer):
    """Refused in the protocol's words, for the time being."""
    assert answer.status_code == 503, (answer.status_code, answer.text[:200])
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == {"error": "Service temporarily unavailable"}
    return True


def test_files_end_before_the_disk_does_and_leave_room_for_words(narrow):
    alice = narrow.person("alice").client
    kept = alice.media_post(PNG, mime_type="image/png")
    narrow.disk.fill(leave=6 * MEGABYTE)
    try:
        for name, file in (("dot.png", PNG), ("film.mp4", FILM)):
            is_put_off(ask(alice, "POST", "/api/v2/media", files={"file": (name, file)}))
        assert "the last 8 MB take no files" in narrow.log_text()
        # Words have room, and pictures that are here are shown and can go.
        post = alice.status_post("there is room for this", media_ids=[kept])
        assert requests.get(post.media_attachments[0].url, timeout=5).content
        alice.status_delete(post.id)
    finally:
        narrow.disk.empty()
    assert ask(alice, "POST", "/api/v2/media", files={"file": ("dot.png", PNG)}).status_code == 200


def test_a_full_disk_loses_nothing_and_stops_nobody_from_reading(narrow):
    reader, writer = narrow.person("reader"), narrow.person("writer")
    reader.follows(writer)
    with Peer() as peer:
        carol = peer.actor("carol")
        known = peer.find(writer.handle)
        carol.send(carol.follow(known), known)
        token = writer.client
        kept = [says(token, "before").json()["id"]]
        reader.sees("before")
        # Somebody who comes back after weeks: their feed would be written anew.
        with closing(sqlite3.connect(narrow.data / "phiomia.sqlite3", timeout=10)) as database, database:
            database.execute("update users set home_seen_at = 1")
        narrow.disk.fill()
        try:
            # What has a place in the log already may still be written.
            for n in range(200):
                answer = says(token, f"no {n}" + "x" * 400, key=f"no {n}")
                if answer.status_code != 200:
                    break
                kept.append(answer.json()["id"])
            is_put_off(answer)
            refused = n
            # Another server is asked to come again, and keeps what it has.
            note = carol.note("from elsewhere", mentions=[known])
            turned = carol.post(known.inbox, carol.create(note))
            assert (turned.status, int(turned.header("Retry-After")) >= 1) == (503, True)
            # Everything that was acknowledged is read.
            for path in ("/api/v1/timelines/home", "/api/v1/notifications", f"/api/v1/accounts/{writer.id}",
                         "/api/v1/accounts/verify_credentials", f"/api/v1/statuses/{kept[-1]}", "/readyz"):
                assert ask(reader.client if "verify" not in path else token, "GET", path).status_code == 200, path
            seen = {str(post.id) for post in token.account_statuses(writer.id, limit=40)}
            assert set(kept[-40:]) <= seen
            assert says(token, f"no {refused}" + "x" * 400, key=f"no {refused}").status_code == 503
            # As when the machine dies now: who starts again reads as well. (The write-ahead log is taken over at a start,
            # which may make a little room.)
            narrow.process.kill()
            narrow.process.wait()
            narrow.start()
            assert ask(reader.client, "GET", f"/api/v1/statuses/{kept[-1]}").status_code == 200
        finally:
            narrow.disk.empty()

        def goes_on():
            answer = says(token, f"no {refused}" + "x" * 400, key=f"no {refused}")
            return answer.json()["id"] if answer.status_code == 200 else None

        kept.append(eventually(goes_on, "posts are taken again", 10))
        assert carol.post(known.inbox, carol.create(note)).status == 202
    writer.hears("mention")
    # Jobs that waited are done, and each post is there once.
    eventually(lambda: kept[-1] in [str(post.id) for post in reader.home()], "the feed is written", 10)
    all_there, newest = [], None
    while page := token.account_statuses(writer.id, limit=40, max_id=newest):
        all_there += [str(post.id) for post in page]
        newest = page[-1].id
    assert sorted(all_there) == sorted(kept)
    # Nothing was tried so often that it was set aside.
    assert narrow.cli("jobs", "parked") == ""

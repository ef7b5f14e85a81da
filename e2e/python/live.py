"""Open streams: of Mastodon.py, whose events are put in a queue until a test waits for them, and as they are on the wire."""

import base64
import itertools
import json
import os
import queue
import secrets
import socket
import ssl
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from mastodon import StreamListener

from server import eventually


class Events(StreamListener):
    def __init__(self):
        self._arrived = queue.Queue()
        self.heartbeats = 0

    def on_any_event(self, name, data=None, for_stream=None):
        self._arrived.put((name, data))

    def on_unknown_event(self, name, unknown_event=None):
        """Known to on_any_event already."""

    def handle_heartbeat(self):
        self.heartbeats += 1

    def wait_for(self, name, fits=lambda data: True, seconds=10):
        """The data of the next event of this name that fits; others before it are passed over."""
        seen = []
        while True:
            try:
                arrived, data = self._arrived.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no {name} within {seconds} s, but {seen}") from None
            if arrived == name and fits(data):
                return data
            seen.append(arrived)

    def names_so_far(self):
        """The names of what has arrived and nobody waited for."""
        names = []
        while not self._arrived.empty():
            names.append(self._arrived.get()[0])
        return names


@contextmanager
def listening(stream, *arguments, **options):
    """`with listening(client.stream_user) as events`: open before the block begins, closed after it."""
    events = Events()
    handle = stream(*arguments, events, run_async=True, timeout=30, **options)
    eventually(lambda: handle.connection is not None, "the stream is open")
    try:
        yield events
    finally:
        handle.closed = True
        # Wakes the thread that reads; closing from here would wait until the server says something.
        handle.connection.raw.shutdown()
        handle.join(5)


class Wire:
    """A stream as it is on the wire: what is told, before any library has looked at it."""

    def __init__(self, pieces):
        self._pieces = pieces
        self._seen = []

    def wait_for(self, event, seconds=10):
        """The payload, as text, of the next event of this name."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            name, payload = next(self._pieces)
            if name == event:
                return payload
            self._seen.append(name)
        raise AssertionError(f"no {event} within {seconds} s, but {self._seen}")

    def until(self, fits):
        """What is told before the first event that fits, as pairs of a name and a payload."""
        return list(itertools.takewhile(lambda told: not fits(*told), self._pieces))


@contextmanager
def event_source(server, token, path):
    """Server-sent events, read line by line; without a token as anybody hears them."""
    address = f"{server.base}/api/v1/streaming/{path}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with requests.get(address, headers=headers, stream=True, timeout=10) as answer:
        assert answer.status_code == 200

        def pieces():
            event = None
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield event, line.removeprefix("data: ")

        yield Wire(pieces())


def connected(place):
    """A connection to the place; with TLS where that is spoken, trusting whom the other clients of this run trust."""
    plain = socket.create_connection((place.hostname, place.port), timeout=10)
    if place.scheme == "http":
        return plain
    return ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"]).wrap_socket(
        plain, server_hostname=place.hostname)


@contextmanager
def web_socket(server, token, path):
    """A WebSocket, as RFC 6455 writes it, without a library that would hide what is sent."""
    stream = path.replace("/", ":")
    place = urlsplit(server.base)
    with connected(place) as connection:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        connection.sendall((
            f"GET /api/v1/streaming?stream={stream} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n").encode())
        source = connection.makefile("rb")
        assert b" 101 " in source.readline()
        while source.readline() != b"\r\n":
            pass

        def pieces():
            while True:
                kind, length = source.read(2)
                if length >= 126:
                    length = int.from_bytes(source.read(2 if length == 126 else 8), "big")
                content = source.read(length)
                if kind == 0x81:
                    frame = json.loads(content)
                    assert set(frame) <= {"stream", "event", "payload"} and frame["stream"] == [stream], frame
                    yield frame["event"], frame.get("payload")

        yield Wire(pieces())

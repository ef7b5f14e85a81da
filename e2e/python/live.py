"""Open streams of Mastodon.py: events are put in a queue, and a test waits for the one it expects."""

import queue
from contextlib import contextmanager

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

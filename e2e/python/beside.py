"""What goes on beside a test."""

import threading


class Beside:
    """Use it with `with`: `run`, which subclasses have, goes on in so many threads and looks whether `is_over`."""

    def __init__(self, at_once=1):
        self.is_over = False
        self.threads = [threading.Thread(target=self.run) for _ in range(at_once)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()

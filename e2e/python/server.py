"""A real Phiomia of our own: one process, one engine, its data in a temporary folder, its command line, its log."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("PHIOMIA_BIN", ROOT / "target" / "debug" / "phiomia"))
POSTGRES = os.environ.get("PHIOMIA_TEST_POSTGRES")
START_SECONDS = 30
STOP_SECONDS = 15


def engines():
    """Both, when the address of a PostgreSQL is given; SQLite alone needs nothing."""
    return ["sqlite", "postgres"] if POSTGRES else ["sqlite"]


def free_port(host="127.0.0.1"):
    with socket.socket() as listener:
        listener.bind((host, 0))
        return listener.getsockname()[1]


def eventually(check, what="the condition", seconds=10):
    """Calls `check` until it gives something true, and gives that back. Work in the background takes its time."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s, last seen {found!r}")
        time.sleep(0.05)


class CommandFailed(Exception):
    """A command ended with another code than 0; the text is what it said on standard error."""


class Server:
    """Start it with `with`; everything it made is gone afterwards. `more` are environment variables."""

    def __init__(self, engine, host="localhost", **more):
        self.engine = engine
        self.host = host
        self.port = free_port(host)
        self.domain = f"{host}:{self.port}"
        self.base = f"http://{self.domain}"
        # Where it listens itself, whatever stands before it.
        self.behind = self.base
        self.data = Path(tempfile.mkdtemp(prefix=f"phiomia-{engine}-"))
        self.log = self.data / "server.log"
        self.process = None
        self.redis = None
        self.app = None
        self.database = f"phiomia_e2e_{secrets.token_hex(6)}"
        # Only what the server needs: a variable of the person who runs the tests must not change what they find.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.data),
            "LOCAL_DOMAIN": self.domain,
            "RUST_BACKTRACE": "1",
            "RUST_LOG": os.environ.get("RUST_LOG", "info"),
        } | more

    def __enter__(self):
        try:
            if self.engine == "postgres":
                self._start_postgres_and_redis()
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _open(self):
        # Tests ask more often in a minute than a person does in a day.
        self.cli("settings", "set", "rate_limits", "off")
        self.start()
        self.app = json.loads(self.cli(
            "app", "create", "--name", "End to end", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob",
            "--scopes", "read write follow push profile", "--json"))

    def __exit__(self, *_):
        self.stop()
        self._end(self.redis)
        if self.engine == "postgres":
            self._psql(f"drop database if exists {self.database} with (force)")
        shutil.rmtree(self.data, ignore_errors=True)

    def _start_postgres_and_redis(self):
        """The larger installation: PostgreSQL keeps everything, Redis carries what is live between processes."""
        self._psql(f"create database {self.database}")
        self.redis_port = free_port()
        self.environment["DATABASE_URL"] = f"{POSTGRES.rsplit('/', 1)[0]}/{self.database}"
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"
        self.start_redis()

    def start_redis(self):
        """Also after it died: an empty one, at the same address."""
        self.redis = subprocess.Popen(
            ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.data)],
            stdout=subprocess.DEVNULL)
        eventually(lambda: self._listens(self.redis_port), "Redis listens")

    def start(self):
        """Also after `stop`: the same address, the same data."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", self.data, "--listen", f"{self.host}:{self.port}"],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            eventually(self._healthy, "the server answers /health", START_SECONDS)
        except AssertionError as slow:
            raise AssertionError(f"{slow}\n{self.log_text()}") from slow

    def stop(self):
        self._end(self.process)

    def _healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with code {self.process.returncode}")
        return self._answers()

    def _answers(self):
        try:
            return requests.get(f"{self.behind}/health", timeout=2).ok
        except requests.ConnectionError:
            return False

    @staticmethod
    def _listens(port):
        return Server._listens_at("127.0.0.1", port)

    @staticmethod
    def _listens_at(host, port):
        with socket.socket() as probe:
            return probe.connect_ex((host, port)) == 0

    @staticmethod
    def _end(process):
        """SIGTERM first: a graceful stop is part of what is tested."""
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    @staticmethod
    def _psql(statement):
        subprocess.run(["psql", POSTGRES, "--quiet", "--command", statement],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def log_text(self, from_byte=0):
        """What the server wrote since the given place."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[from_byte:].decode(errors="replace")

    def log_size(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def cli(self, *arguments):
        """Runs one command beside the server; gives what it printed."""
        done = subprocess.run(
            [BINARY, "--data", self.data, *arguments], env=self.environment,
            capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise CommandFailed(f"phiomia {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()


class Unattended(Server):
    """One that nobody signs in to, and that need not be reached as it is called."""

    def _open(self):
        self.start()

    def _answers(self):
        return self._listens(self.port)

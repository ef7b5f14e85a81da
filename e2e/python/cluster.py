"""A PostgreSQL of a test's own, to be killed and started again, and a replica of it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from server import free_port

IS_ROOT = os.geteuid() == 0


def programs():
    """The folder with the programs of the newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert found, "PostgreSQL is not installed: run script/test"
    return found[-1]


class Postgres:
    """Started by `with`. `more` are lines of its configuration."""

    def __init__(self, *more):
        self.folder = Path(tempfile.mkdtemp(prefix="phiomia-postgres-"))
        if IS_ROOT:
            shutil.chown(self.folder, "postgres", "postgres")
        self.port = free_port()
        self.more = more

    def __enter__(self):
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self):
        return self.folder / "data"

    def address(self, port=None):
        return f"postgres://postgres@127.0.0.1:{port or self.port}/postgres"

    def make(self):
        self.run("initdb", "--pgdata", self.data, "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8",
                 "--locale=C")
        self.configure()

    def configure(self):
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join([
                "", "listen_addresses = '127.0.0.1'", f"port = {self.port}", f"unix_socket_directories = '{self.folder}'",
                "shared_buffers = 16MB", *self.more, ""]))

    def start(self):
        self.run("pg_ctl", "start", "--wait", "--silent", "--pgdata", self.data, f"--log={self.folder / 'log'}")

    def stop(self):
        """As when the machine dies: nothing is flushed, nobody is told."""
        self.run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate", "--pgdata", self.data)

    def is_running(self):
        return (self.data / "postmaster.pid").exists()

    def ask(self, statement):
        done = subprocess.run(["psql", self.address(), "--no-align", "--tuples-only", "--quiet", "--command", statement],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def run(self, program, *arguments):
        # The server refuses to be root, so root lends it to the user that Debian made for it.
        before = ["runuser", "-u", "postgres", "--"] if IS_ROOT else []
        done = subprocess.run([*before, programs() / program, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert done.returncode == 0, f"{program} ended with code {done.returncode}: {self.folder}"


class Replica(Postgres):
    """A streaming replica."""

    def __init__(self, primary):
        super().__init__()
        self.primary = primary

    def make(self):
        self.run("pg_basebackup", "--pgdata", self.data, "--host=127.0.0.1", f"--port={self.primary.port}",
                 "--username=postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream")
        self.configure()

    def stop_reading(self):
        """From here on it is late."""
        self.ask("select pg_wal_replay_pause()")

    def read_on(self):
        self.ask("select pg_wal_replay_resume()")

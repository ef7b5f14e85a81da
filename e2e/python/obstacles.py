"""What a machine may do to a server: a small disk, connections that are cut or say nothing, names that nobody knows any
more, a clock that jumps."""

import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

CHUNK = 1 << 20


class SmallDisk:
    """A file system of so many megabytes at a folder, which is there already."""

    def __init__(self, folder, megabytes):
        self.folder, self.megabytes = Path(folder), megabytes
        self.filler = self.folder / "filler"

    def __enter__(self):
        options = f"size={self.megabytes}m,mode=700"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "phiomia-small-disk", self.folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"this machine lets nobody mount a small disk ({done.stderr.strip()}): nothing was tried")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def free(self):
        seen = os.statvfs(self.folder)
        return seen.f_bavail * seen.f_frsize

    def fill(self, leave=0):
        """Until so many bytes are left."""
        with self.filler.open("ab", buffering=0) as file:
            while (left := self.free() - leave) > 0:
                try:
                    file.write(b"\0" * min(CHUNK, left))
                except OSError:
                    return

    def empty(self):
        self.filler.unlink()


class Way:
    """A way to a port of this machine, on which bytes are passed on: until it is cut, or until it is held. It takes `seconds`,
    and what goes and what comes back over it may be changed into something else."""

    def __init__(self, to, host="127.0.0.1", seconds=0, says=lambda out: out, reads=lambda back: back):
        self.to, self.behind, self.seconds, self.says, self.reads = to, host, seconds, says, reads
        self.is_cut = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._open = set()
        self._listener = _Listener(("127.0.0.1", 0), _Passing)
        self._listener.way = self
        self.port = self._listener.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.let_go()
        self.cut()
        self._listener.shutdown()
        self._listener.server_close()

    def cut(self):
        """Whoever is connected is not any more; who connects from here on is hung up on."""
        self.is_cut = True
        self.sever()

    def sever(self):
        """The same, and who connects again gets through."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                """It ended by itself."""

    def mend(self):
        self.is_cut = False

    def hold(self):
        """Nobody is hung up on, and nothing gets through."""
        self._goes_on.clear()

    def let_go(self):
        self._goes_on.set()

    def copy(self, source, target, change):
        try:
            while data := source.recv(65_536):
                self._goes_on.wait()
                time.sleep(self.seconds)
                target.sendall(change(data))
        except OSError:
            """Cut."""
        for connection in (source, target):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                """The other side did."""


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class _Passing(socketserver.BaseRequestHandler):
    def handle(self):
        way = self.server.way
        if way.is_cut:
            return
        try:
            behind = socket.create_connection((way.behind, way.to), timeout=5)
        except OSError:
            return
        behind.settimeout(None)
        way._open |= {self.request, behind}
        with behind:
            back = threading.Thread(target=way.copy, args=(behind, self.request, way.reads), daemon=True)
            back.start()
            way.copy(self.request, behind, way.says)
            back.join()
        way._open -= {self.request, behind}


class Names:
    """A name server at port 53 of an address of this machine, which knows `names` and may fall silent."""

    def __init__(self, host, **names):
        self.host, self.names, self.is_silent, self.asked = host, names, False, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self):
        try:
            self._socket.bind((self.host, 53))
        except OSError as why:
            pytest.skip(f"this machine lets nobody be a name server at port 53 ({why}): nothing was tried")
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _run(self):
        while True:
            try:
                question, whence = self._socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            if not self.is_silent:
                self._socket.sendto(self.answer(question), whence)

    def answer(self, question):
        labels, at = [], 12
        while length := question[at]:
            labels.append(question[at + 1:at + 1 + length].decode())
            at += 1 + length
        kind = struct.unpack(">H", question[at + 1:at + 3])[0]
        asked = question[12:at + 5]
        address = self.names.get(".".join(labels).lower())
        code = 0 if address else 3
        found = address if address and kind == 1 else None
        head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if found else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(found) if found else b""
        return head + asked + record


def with_name_server(host, folder):
    """What stands before a command so that it asks the name server at `host`: a room of its own with another
    /etc/resolv.conf."""
    file = Path(folder) / "resolv.conf"
    file.write_text(f"nameserver {host}\n")
    before = ["unshare", "--mount", "sh", "-c", f'mount --bind "{file}" /etc/resolv.conf && exec "$@"', "sh"]
    tried = subprocess.run([*before, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"this machine gives no program another /etc/resolv.conf ({tried.stderr.strip()}): nothing was tried")
    return before


class FalseClock:
    """A clock that shows what a file says, by libfaketime; timers run on as they do when a clock is set."""

    def __init__(self, folder):
        assert shutil.which("faketime"), "faketime is not installed: run script/test"
        told = subprocess.run(["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], check=True, capture_output=True, text=True)
        self.file = Path(folder) / "clock"
        self.environment = {
            "LD_PRELOAD": told.stdout.strip(), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
        }
        self.show(0)

    def show(self, seconds):
        """So many seconds from the right time."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}s\n")
        beside.replace(self.file)


class MemoryGroup:
    """A control group that may have so many megabytes, below the one that we are in. `why_not` says why there is none."""

    def __init__(self, megabytes):
        self.megabytes, self.folder, self.why_not = megabytes, None, None
        try:
            self.folder, limit = self._place()
            self.folder.mkdir()
            (self.folder / limit).write_text(str(megabytes << 20))
        except OSError as why:
            self.why_not = f"this machine gives nobody a control group for memory ({why})"
            self.__exit__()

    @staticmethod
    def _place():
        """Where ours would be, and what the limit is called there."""
        own = {}
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            own |= {name: path for name in controllers.split(",")}
        name = f"phiomia-{os.getpid()}"
        if "memory" in own:
            return Path("/sys/fs/cgroup/memory") / own["memory"].lstrip("/") / name, "memory.limit_in_bytes"
        return Path("/sys/fs/cgroup") / own.get("", "/").lstrip("/") / name, "memory.max"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.folder is not None and self.folder.is_dir():
            try:
                self.folder.rmdir()
            except OSError:
                """The last process is just leaving."""
        self.folder = None

    def before(self):
        """What stands before a command so that it runs in here."""
        return ["sh", "-c", f'echo $$ > "{self.folder}/cgroup.procs" && exec "$@"', "sh"] if self.folder else []

    def n_killed(self):
        """Processes that were killed for taking more."""
        for name in ("memory.events", "memory.oom_control"):
            if (self.folder / name).exists():
                words = (self.folder / name).read_text().split()
                return int(words[words.index("oom_kill") + 1])
        raise AssertionError("this kernel does not say whom it killed for memory")


class Memory:
    """What a process and its children take of memory, looked at again and again: what no other can have, which is what a
    machine runs out of. The program itself and files lie in memory as well, and give way."""

    def __init__(self, pid):
        self.pid, self.most, self.most_alone, self._is_over = pid, 0, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()

    def _look(self):
        while not self._is_over.wait(0.02):
            alone = self.of(self.pid)
            self.most_alone = max(self.most_alone, alone)
            self.most = max(self.most, alone + sum(self.of(child) for child in self.children()))

    def children(self):
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            return [pid for task in tasks for pid in (task / "children").read_text().split()]
        except OSError:
            return []

    @staticmethod
    def of(pid):
        """In kB."""
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem", "VmSwap")))

"""A machine of a test's own: Debian as it is installed here (or in the folder that PHIOMIA_TEST_ROOT names), with systemd as its
first process, a network of two addresses, and nothing else running. What is changed in it is gone afterwards. Only root can
make one."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from server import eventually

_numbers = itertools.count()
# Another Debian than this one, as debootstrap makes it.
BENEATH = os.environ.get("PHIOMIA_TEST_ROOT", "/")

# Its files are those of the Debian beneath, under a layer of its own; of devices it has those that every program wants.
BOOT = r"""
set -e
folder=$1
beneath=$2
root=$folder/root
mount --make-rprivate /
mount -t tmpfs -o mode=755 machine "$folder"
mkdir "$folder/upper" "$folder/work" "$root"
mount -t overlay -o "lowerdir=$beneath,upperdir=$folder/upper,workdir=$folder/work" machine "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs shm "$root/dev/shm"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
# No service of this machine is one of that one, but for what systemd itself brings.
rm -rf "$root"/etc/systemd/system "$root"/etc/rc?.d/* "$root"/var/log/journal
mkdir "$root/etc/systemd/system"
# The kernel is not its own.
ln -s /dev/null "$root/etc/systemd/system/systemd-modules-load.service"
[ -s "$root/etc/machine-id" ] || echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
hostname machine
cd "$root"
mkdir -p run/old
pivot_root . run/old
exec chroot . sh -c 'umount -l /run/old && exec env -i container=test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=no'
"""


class Machine:
    """Use it with `with`. It is at `address`, and this process, with all that it starts, at `outside`."""

    def __init__(self):
        self.name = f"ph{os.getpid() % 1_000_000}x{next(_numbers)}"
        self.folder = Path(tempfile.mkdtemp(prefix="phiomia-machine-"))
        self.group = self._groups() / self.name
        self.process = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        if os.geteuid() != 0 or not Path("/lib/systemd/systemd").exists():
            pytest.skip("only root on a system with systemd can make a machine: nothing was tried")
        self.group.mkdir()
        boot = self.folder.with_suffix(".boot")
        boot.write_text(BOOT)
        log = self.folder.with_suffix(".log").open("wb")
        self.process = subprocess.Popen(
            ["sh", "-c", 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"', "sh", self.group,
             "unshare", "--kill-child", "--cgroup", "--pid", "--mount", "--net", "--uts", "--ipc", "--fork", "sh", boot, self.folder, BENEATH],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def first():
            assert self.process.poll() is None, self.folder.with_suffix(".log").read_text()
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            is_there = children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd"
            return is_there and (self.group / "init.scope" / "cgroup.procs").exists() and children[0]

        self.pid = eventually(first, "systemd is the first process", 20)
        self._connect()
        state = eventually(
            lambda: (said := self.run("systemctl", "is-system-running", check=False).strip()) in ("running", "degraded") and said,
            "the machine has started", 30)
        assert state == "running", self.run("systemctl", "--failed", "--no-pager")

    def _connect(self):
        """A cable between the two, with addresses that nothing else on this machine has."""
        for number in range(64 * 256):
            network = f"198.18.{(os.getpid() + number // 64) % 256}.{number % 64 * 4}"
            outside, inside = (network.rsplit(".", 1)[0] + f".{number % 64 * 4 + n}" for n in (1, 2))
            with socket.socket() as probe:
                try:
                    probe.bind((outside, 0))
                except OSError:
                    break
        self.outside, self.address = outside, inside
        self._ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        self._ip("addr", "add", f"{outside}/30", "dev", self.name)
        self._ip("link", "set", self.name, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "addr", "add", f"{inside}/30", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "add", "default", "via", outside)

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True)

    def __exit__(self, *_):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            if (self.group / "cgroup.kill").exists():
                (self.group / "cgroup.kill").write_text("1")
        if self.group.is_dir():
            eventually(lambda: "populated 0" in (self.group / "cgroup.events").read_text(), "all its processes are gone")
            for folder, _, _ in os.walk(self.group, topdown=False):
                os.rmdir(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        for suffix in (".boot", ".log"):
            self.folder.with_suffix(suffix).unlink(missing_ok=True)

    @staticmethod
    def _groups():
        """Where control groups of version 2 are made, below the one that we are in."""
        own = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
        mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
        return Path(next(words[1] for words in mounts if words[2] == "cgroup2")) / own.strip("/")

    def path(self, path):
        """A file of the machine, as it is seen from here."""
        return Path(f"/proc/{self.pid}/root{path}")

    def before(self):
        """What stands before a command so that it runs in there."""
        return ["sh", "-c", f'echo $$ > "{self.group}/init.scope/cgroup.procs" && exec "$@"', "sh",
                "nsenter", "--target", self.pid, "--all", "env", "-i", "HOME=/root",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", 'cd /root && exec "$@"', "sh"]

    def run(self, *command, check=True, timeout=60):
        """Gives what it said on its output."""
        done = subprocess.run([*self.before(), *map(str, command)], capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, (command, done.returncode, done.stdout, done.stderr, self.journal())
        return done.stdout

    def shell(self, line, **how):
        """A line as somebody types it who is root."""
        return self.run("bash", "-euc", line, **how)

    def journal(self, *arguments):
        done = subprocess.run([*self.before(), "journalctl", "--no-pager", "--quiet", "--output=cat", *(arguments or ("--unit=phiomia",))],
                              capture_output=True, text=True, timeout=60)
        return done.stdout

    def shows(self, unit, name):
        """A property of a unit, as systemd has it."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

"""Debian's bind9 with a zone that takes updates which a key of it signed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from server import Server, eventually, free_port

HOST = "127.0.0.1"
NAMED = shutil.which("named", path=f"{os.environ['PATH']}:/usr/sbin")
ZONE = "example.test"
KEY_NAME = "phiomia"

CONFIGURATION = """
options {{
    directory "{folder}"; listen-on port {port} {{ {host}; }}; listen-on-v6 {{ none; }}; pid-file "{folder}/named.pid";
    session-keyfile "{folder}/session.key"; recursion no; notify no; dnssec-validation no; minimal-responses yes;
}};
controls {{ }};
{keys}
zone "{zone}" {{
    type primary; file "{folder}/zone"; serial-update-method increment;
    update-policy {{ {policy} }};
}};
"""
RECORDS = """$ORIGIN {zone}.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 1
@ NS ns
ns A {host}
alias CNAME elsewhere
"""


class Bind:
    """`policy`: what the key may do, in BIND's words. Nothing is written by anybody else but the tests."""

    def __init__(self, policy):
        self.folder = Path(tempfile.mkdtemp(prefix="phiomia-bind-"))
        self.folder.chmod(0o755)
        self.port = free_port(HOST)
        self.place = f"{HOST}:{self.port}"
        self.keys = {name: self._made(name, algorithm) for name, algorithm in (
            (KEY_NAME, "hmac-sha256"), ("longer", "hmac-sha512"), ("tests", "hmac-sha256"))}
        text = CONFIGURATION.format(folder=self.folder, port=self.port, host=HOST, zone=ZONE, policy=policy,
                                    keys="\n".join(self.keys.values()))
        (self.folder / "named.conf").write_text(text)
        (self.folder / "zone").write_text(RECORDS.format(zone=ZONE, host=HOST))
        (self.folder / "tests.key").write_text(self.keys["tests"])
        self.process = None

    @staticmethod
    def _made(name, algorithm):
        return subprocess.run(["tsig-keygen", "-a", algorithm, name], check=True, capture_output=True, text=True, timeout=10,
                              env={"PATH": f"{os.environ['PATH']}:/usr/sbin"}).stdout

    def secret(self, name=KEY_NAME):
        return self.keys[name].split('secret "')[1].split('"')[0]

    def __enter__(self):
        log = (self.folder / "named.log").open("wb")
        # -g: in the foreground, and the log to standard error.
        self.process = subprocess.Popen(
            [NAMED, "-g", "-4", "-n", "1", "-c", self.folder / "named.conf"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        eventually(self._answers, "named answers")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "named.log").read_text())
        return Server._listens_at(HOST, self.port)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def asked(self, name, kind):
        """What the server has at a name, as a sorted list."""
        done = subprocess.run(["dig", f"@{HOST}", "-p", str(self.port), "+short", "+norec", "+time=2", "+tries=2", name, kind],
                              check=True, capture_output=True, text=True, timeout=10)
        return sorted(done.stdout.split("\n")[:-1])

    def serial(self):
        """It grows with each change."""
        return int(self.asked(ZONE, "SOA")[0].split()[2])

    def update(self, *lines):
        """A change by somebody else."""
        script = "\n".join([f"server {HOST} {self.port}", f"zone {ZONE}", *lines, "send", ""])
        subprocess.run(["nsupdate", "-k", self.folder / "tests.key"], input=script, check=True, capture_output=True, text=True,
                       timeout=10)

    def settings(self, key=KEY_NAME):
        """The server's, as environment variables."""
        return {
            "PHIOMIA_DNS_PROVIDER": "rfc2136", "PHIOMIA_DNS_RFC2136_SERVER": self.place, "PHIOMIA_DNS_RFC2136_KEY_NAME": key,
            "PHIOMIA_DNS_RFC2136_KEY": self.secret(key), "PHIOMIA_DNS_NAME_SERVER": self.place,
        }

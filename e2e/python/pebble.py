"""Pebble, the authority that ACME clients are tested with, and a name server for which every domain is on this machine."""

import json
import os
import ssl
import subprocess
import tempfile
from pathlib import Path

import requests

from server import Server, eventually, free_port

HOST = "127.0.0.1"


class Pebble:
    """Comes to `tls_port` and `http_port` of 127.0.0.1 for its challenges. It forgets everybody when it ends."""

    def __init__(self, authority, tls_port, http_port, seconds=None, account_keys=None, rejected=(), dns_port=None, host=HOST,
                 all_names_at=HOST):
        """`dns_port`: of another name server, which is asked instead. At another `host` than this machine alone knows, its name
        server is at the usual port."""
        self.ca_file = authority.file
        self.folder = Path(tempfile.mkdtemp(prefix="pebble-"))
        self.host, self.all_names_at = host, all_names_at
        self.port, self.management_port = free_port(host), free_port(host)
        own_port = free_port() if host == HOST else 53
        self.has_names, self.dns_port, self.records_port = dns_port is None, dns_port or own_port, free_port(host)
        self.directory = f"https://{host}:{self.port}/dir"
        self.log = self.folder / "pebble.log"
        self.processes = []
        certificate, key = authority.files_for(host)
        configuration = {
            "listenAddress": f"{host}:{self.port}", "managementListenAddress": f"{host}:{self.management_port}",
            "certificate": str(certificate), "privateKey": str(key), "httpPort": http_port, "tlsPort": tls_port,
            "ocspResponderURL": "", "externalAccountBindingRequired": bool(account_keys),
            "externalAccountMACKeys": account_keys or {}, "domainBlocklist": list(rejected),
        }
        if seconds:
            configuration["certificateValidityPeriod"] = seconds
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))

    def __enter__(self):
        if self.has_names:
            self._start(["pebble-challtestsrv", "-dns01", f"{self.host}:{self.dns_port}", "-http01", "", "-https01", "",
                         "-tlsalpn01", "", "-management", f"{self.host}:{self.records_port}", "-defaultIPv6", "",
                         "-defaultIPv4", self.all_names_at])
        self._start(["pebble", "-config", self.folder / "pebble.json", "-dnsserver", f"{self.host}:{self.dns_port}"])
        eventually(lambda: Server._listens_at(self.host, self.port)
                   and (not self.has_names or Server._listens_at(self.host, self.records_port)), "pebble listens")
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []

    def _start(self, command):
        with self.log.open("ab") as log:
            self.processes.append(subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                # No pauses; nonces are refused now and then, as they may be.
                env={"PATH": os.environ["PATH"], "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}))

    def answers(self, name, address):
        """The name server says from now on that `name` is at `address`."""
        self.record("clear-a" if address is None else "add-a", {"host": f"{name}.", "addresses": [address]})

    def record(self, act, value):
        requests.post(f"http://{self.host}:{self.records_port}/{act}", json=value, timeout=10).raise_for_status()

    def n_orders(self):
        return self.log.read_text().count("Issued certificate serial")

    def root(self):
        """Its own certificate, as PEM."""
        return requests.get(f"https://{self.host}:{self.management_port}/roots/0", verify=str(self.ca_file), timeout=10).text

    def context(self):
        """Trusts what this authority signs, and nobody else."""
        context = ssl.create_default_context(cadata=self.root())
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

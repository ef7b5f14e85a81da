"""A server with everything that can go wrong before it: one nginx, whose faults are switched on by files, so that it is
started once and each test creates the fault that it is about."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import fronts
from federation import Federated
from peer import next_host
from server import BINARY, Server, engines, eventually, free_port

# The site of the bare domain: what it says of /.well-known when nothing is wrong, and each way to get it wrong.
APEX = """
server {{
    listen {apex} ssl; ssl_certificate {apex_certificate}; ssl_certificate_key {apex_key};
    location /.well-known/ {{
        set $fault "";
        if (-f {folder}/cached) {{ set $fault cached; }}
        # Only an old question has an old answer.
        if ($arg_doctor) {{ set $fault ""; }}
        if ($fault = cached) {{ add_header Age 3600 always; add_header X-Cache "Error from cloudfront" always; return 404; }}
        if (-f {folder}/drop-query) {{ return 301 {web}$uri; }}
        if (-f {folder}/wrong-host) {{ return 301 https://{other}$request_uri; }}
        if (-f {folder}/plain-http) {{ return 301 http://{web_place}$request_uri; }}
        if (-f {folder}/far) {{ return 301 https://{apex}$uri?resource=$arg_resource&n=1$arg_n; }}
        if (-f {folder}/loop) {{ return 301 https://{apex}$request_uri; }}
        if (-f {folder}/not-found) {{ return 404; }}
        if (-f {folder}/forbidden) {{ return 403; }}
        if (-f {folder}/no-cors) {{ add_header X-Nothing none; return 301 {web}$request_uri; }}
        if (-f {folder}/media-type) {{ add_header Access-Control-Allow-Origin * always; return 200 '{jrd}'; }}
        if (-f {folder}/no-json) {{ return 200 "It works!"; }}
        if (-f {folder}/no-head) {{ set $fault no-head; }}
        set $both $fault$request_method;
        if ($both = no-headHEAD) {{ return 405; }}
        if (-f {folder}/no-bare) {{ set $fault no-bare; }}
        set $both $fault$args;
        if ($both = no-bare) {{ return 404; }}
        add_header Access-Control-Allow-Origin * always;
        return 301 {web}$request_uri;
    }}
}}
"""

# The front of the web domain. A header without a value is not sent on.
WEB = """
server {{
    listen {web_place} ssl; ssl_certificate {web_certificate}; ssl_certificate_key {web_key};
    client_max_body_size 110m;
    location / {{
        set $host_ $http_host; set $proto https; set $client $proxy_add_x_forwarded_for;
        set $signature $http_signature; set $digest $http_digest; set $content_digest $http_content_digest;
        set $date $http_date; set $up $http_upgrade; set $accept $http_accept;
        if (-f {folder}/strip) {{ set $signature ""; set $digest ""; set $content_digest ""; set $date ""; }}
        if (-f {folder}/rewrite-date) {{ set $date "Thu, 01 Jan 1970 00:00:00 GMT"; }}
        if (-f {folder}/own-host) {{ set $host_ upstream.internal; }}
        if (-f {folder}/says-http) {{ set $proto http; }}
        if (-f {folder}/drop-args) {{ set $args ""; }}
        if (-f {folder}/no-upgrade) {{ set $up ""; }}
        if (-f {folder}/no-client) {{ set $client ""; }}
        if (-f {folder}/static) {{ return 200 "It works!"; }}
        if (-f {folder}/elsewhere) {{ return 302 https://{other}$request_uri; }}
        proxy_pass http://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $host_;
        proxy_set_header X-Forwarded-For $client;
        proxy_set_header X-Forwarded-Proto $proto;
        proxy_set_header Signature $signature;
        proxy_set_header Digest $digest;
        proxy_set_header Content-Digest $content_digest;
        proxy_set_header Date $date;
        proxy_set_header Upgrade $up;
        proxy_set_header Connection $joined;
        proxy_request_buffering off;
    }}
}}
# The same with nginx's own idea of how large a body may be.
server {{
    listen {small} ssl; ssl_certificate {web_certificate}; ssl_certificate_key {web_key};
    location / {{ proxy_pass http://{upstream}; proxy_set_header Host $http_host; proxy_request_buffering off; }}
}}
# A server that was never told that it is reached by https, and believes no front.
server {{
    listen {untold} ssl; ssl_certificate {untold_certificate}; ssl_certificate_key {untold_key};
    location / {{
        proxy_pass http://{untold_upstream}; proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For 203.0.113.9; proxy_set_header X-Forwarded-Proto http;
    }}
}}
# Somebody else at the port of the web domain; a bucket that lets nobody in.
server {{
    listen {stranger} ssl; ssl_certificate {web_certificate}; ssl_certificate_key {web_key};
    location / {{ return 200 "It works!"; }}
}}
server {{ listen {bucket}; location / {{ return 403; }} }}
"""

# The usual ports, at addresses where they are free.
USUAL = """
server {{
    listen {well}:443 ssl; listen {careless}:443 ssl; ssl_certificate {web_certificate}; ssl_certificate_key {web_key};
    location / {{ return 200 OK; }}
}}
server {{ listen {well}:80; return 301 https://$host$request_uri; }}
server {{ listen {careless}:80; location / {{ return 200 OK; }} }}
"""

MAY_USE_LOW_PORTS = os.getuid() == 0 or int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80

CERTIFICATE = """
server {{ listen {place} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; return 200 OK; }}
"""
# A name that the clinic's own name server knows.
NAME = "social.test"


class Clinic(Federated):
    """A Phiomia with handles on one domain and pages on another, both served by the one nginx."""

    def __init__(self, authority):
        super().__init__(engines()[0])
        self.folder = Path(tempfile.mkdtemp(prefix="phiomia-clinic-"))
        self.folder.chmod(0o755)
        self.authority = authority
        self.apex_host, self.other_host = next_host(), next_host()
        ports = {host: free_port(host) for host in (self.apex_host, self.other_host)}
        self.apex = f"{self.apex_host}:{ports[self.apex_host]}"
        self.other = f"{self.other_host}:{ports[self.other_host]}"
        self.upstream = self.domain
        self.web_port, self.small_port = free_port(self.host), free_port(self.host)
        self.well_host, self.careless_host = next_host(), next_host()
        self.untold = Untold()
        self.bucket = f"{self.other_host}:{free_port(self.other_host)}"
        self.certificates = {kind: free_port(self.host) for kind in CERTIFICATES}
        self.domain = f"{self.host}:{self.web_port}"
        self.handle_domain = self.apex
        self.base = f"https://{self.domain}"
        self.environment |= {
            "LOCAL_DOMAIN": self.apex, "WEB_DOMAIN": self.domain, "LOCAL_HTTPS": "true",
            "SSL_CERT_FILE": str(authority.file), "PHIOMIA_FEDERATION_ALLOW_HTTP": "false",
            "TRUSTED_PROXY_IP": "127.0.0.1", "PHIOMIA_SERVER_REDIRECT_HTTP": "true",
        }
        self.front = None

    def start(self):
        super().start()
        self.cli("account", "create", "alice", "--email", "alice@example.org", "--confirmed", "--role", "owner")
        self.front = self.front or fronts.start("nginx", self.configuration(), self.folder)
        eventually(self._front_listens, "nginx listens")

    def __exit__(self, *arguments):
        fronts.end(self.front)
        super().__exit__(*arguments)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _front_listens(self):
        if self.front.poll() is not None:
            raise AssertionError((self.folder / "front.log").read_text())
        return Server._listens_at(self.host, self.web_port)

    def configuration(self):
        values = {}
        for name, host in (("apex", self.apex_host), ("web", self.host), ("untold", self.untold.host)):
            certificate, key = self.authority.files_for(host, names=[host, NAME])
            values |= {f"{name}_certificate": certificate, f"{name}_key": key}
        jrd = {"subject": f"acct:alice@{self.apex}", "links": [{"rel": "self", "href": f"{self.base}/ap/users/1"}]}
        values |= {
            "apex": self.apex, "other": self.other, "web": self.base, "web_place": self.domain, "upstream": self.upstream,
            "small": f"{self.host}:{self.small_port}", "untold": self.untold.front, "untold_upstream": self.untold.domain,
            "stranger": f"{self.other_host}:{self.web_port}", "bucket": self.bucket,
            "well": self.well_host, "careless": self.careless_host, "folder": self.folder, "jrd": json.dumps(jrd),
        }
        text = "map $http_upgrade $joined { default upgrade; '' ''; }\n" + (APEX + WEB + (USUAL if MAY_USE_LOW_PORTS else "")).format(**values)
        for kind, port in self.certificates.items():
            certificate, key = CERTIFICATES[kind](self)
            text += CERTIFICATE.format(place=f"{self.host}:{port}", certificate=certificate, key=key)
        return text

    @contextmanager
    def fault(self, name):
        """Something is wrong for a while."""
        switch = self.folder / name
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()

    def doctor(self, subject, *arguments, **how):
        return asked(self, subject, *arguments, **how)

    def copy(self, name, *statements):
        """A copy of the database in which something was done by hand; as a setting."""
        file = self.folder / f"{name}.sqlite3"
        self.cli("db", "backup", str(file))
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return {"database.url": f"sqlite:{file}"}


class Untold(Federated):
    """A server behind https whose settings say http."""

    def __init__(self):
        super().__init__(engines()[0])
        self.front = f"{self.host}:{free_port(self.host)}"


def asked(server, subject, *flags, settings=None, before=(), **variables):
    """What the doctor says of a subject: the code, and the findings by name. `before`: what starts the program."""
    chosen = [word for pair in (settings or {}).items() for word in ("--set", "=".join(pair))]
    done = subprocess.run(
        [*before, BINARY, "--data", server.data, *chosen, "doctor", "--json", "--only", subject, *flags],
        env=server.environment | variables, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    said = json.loads(done.stdout or "null")
    assert said and said["code"] == done.returncode, done.stderr
    return done.returncode, {finding["name"]: finding for finding in said["findings"]}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=20)


def _by_openssl(clinic, name, *signed_by):
    certificate, key = clinic.folder / f"{name}.pem", clinic.folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30, "-subj",
            f"/CN={name}", "-addext", f"subjectAltName=IP:{clinic.host}", "-addext", "basicConstraints=CA:FALSE",
            "-keyout", key, "-out", certificate, *signed_by)
    return certificate, key


def _without_chain(clinic):
    certificate, key = _by_openssl(clinic, "between")
    return _by_openssl(clinic, "leaf", "-CA", certificate, "-CAkey", key)


def _of_days(*days):
    return lambda clinic: clinic.authority.files_for(f"days{days[0]}", names=[clinic.host], days=days)


# What is wrong with a certificate, and how to get it.
CERTIFICATES = {
    "certificate-expired": _of_days(-3, -1),
    "certificate-not-yet": _of_days(2, 10),
    "certificate-expires-soon": _of_days(-80, 2),
    "certificate-wrong-name": lambda clinic: clinic.authority.files_for("other", names=["other.example"]),
    "certificate-untrusted": lambda clinic: _by_openssl(clinic, "self"),
    "certificate-chain": _without_chain,
}

"""A server with everything that can go wrong before it: one nginx, whose faults are switched on by files, so that it is
started once and each test creates the fault that it is about."""

import json
import shutil
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
server {{
    listen {expired} ssl; ssl_certificate {expired_certificate}; ssl_certificate_key {expired_key};
    location / {{ proxy_pass http://{upstream}; proxy_set_header Host $http_host; }}
}}
"""


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
        self.behind = self.base
        self.upstream = self.domain
        self.web_port, self.small_port, self.expired_port = (free_port(self.host) for _ in range(3))
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

    def _healthy(self):
        front, self.base = self.base, self.behind
        try:
            return super()._healthy()
        finally:
            self.base = front

    def configuration(self):
        values = {}
        for name, host in (("apex", self.apex_host), ("web", self.host)):
            certificate, key = self.authority.files_for(host)
            values |= {f"{name}_certificate": certificate, f"{name}_key": key}
        certificate, key = self.authority.files_for("expired", names=[self.host], days=(-3, -1))
        values |= {"expired_certificate": certificate, "expired_key": key}
        jrd = {"subject": f"acct:alice@{self.apex}", "links": [{"rel": "self", "href": f"{self.base}/ap/users/1"}]}
        values |= {
            "apex": self.apex, "other": self.other, "web": self.base, "web_place": self.domain, "upstream": self.upstream,
            "small": f"{self.host}:{self.small_port}", "expired": f"{self.host}:{self.expired_port}",
            "folder": self.folder, "jrd": json.dumps(jrd),
        }
        return "map $http_upgrade $joined { default upgrade; '' ''; }\n" + (APEX + WEB).format(**values)

    @contextmanager
    def fault(self, name):
        """Something is wrong for a while."""
        switch = self.folder / name
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()

    def doctor(self, *arguments, **more):
        """What the doctor says: the code, and the findings by name."""
        done = subprocess.run(
            [BINARY, "--data", self.data, *arguments[1:], "doctor", "--json", "--only", arguments[0]],
            env=self.environment | more, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        said = json.loads(done.stdout or "null")
        assert said and said["code"] == done.returncode, done.stderr
        return done.returncode, {finding["name"]: finding for finding in said["findings"]}

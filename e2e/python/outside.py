"""What is outside of a machine that becomes a server: names, an authority, the site at the bare domain, another server."""

import os
import socket
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pebble
from authority import Authority
from fronts import end, start
from peer import Peer
from server import Server, eventually

DOMAIN, WEB_DOMAIN = "example.org", "social.example.org"


class Trust(Authority):
    """Signs as the authority of this run; whoever asks by it believes pebble's certificates as well."""

    def __init__(self, authority, root):
        self.__dict__.update(authority.__dict__)
        self.root = root
        self.bundle = self.folder / "everybody.pem"
        self.bundle.write_text(authority.file.read_text() + root)

    def client_context(self):
        context = super().client_context()
        context.load_verify_locations(cadata=self.root)
        return context


class Outside:
    """All names lead to the machine, but for the bare domain, which is a site here. Use it with `with`."""

    def __init__(self, machine, authority, folder):
        self.machine, self.authority, self.folder = machine, authority, folder
        self.pebble = pebble.Pebble(authority, tls_port=443, http_port=80, host=machine.outside, all_names_at=machine.address)
        self.site = self.names = None

    def __enter__(self):
        self.pebble.__enter__()
        self.pebble.answers(DOMAIN, self.machine.outside)
        self.trust = Trust(self.authority, self.pebble.root())
        self.peer = Peer(host=self.machine.outside, tls=self.trust)
        self.peer.start()
        self.machine.shell(f"rm -f /etc/resolv.conf; echo 'nameserver {self.machine.outside}' > /etc/resolv.conf")
        self.machine.path("/etc/ssl/outside.pem").write_text(self.trust.bundle.read_text())
        self.names = _names({DOMAIN: self.machine.outside, WEB_DOMAIN: self.machine.address})
        self.names.__enter__()
        return self

    def __exit__(self, *_):
        if self.names is not None:
            self.names.__exit__(None, None, None)
        end(self.site)
        if hasattr(self, "peer"):
            self.peer.stop()
        self.pebble.__exit__()

    @property
    def settings(self):
        """What a server in this small world has to be told beside what everybody says."""
        return {"federation.allowed_private_addresses": "198.18.0.0/15", "federation.ca_file": "/etc/ssl/outside.pem",
                "tls.acme_directory": self.pebble.directory, "tls.acme_ca_file": "/etc/ssl/outside.pem"}

    def serve_site_by_nginx(self, rules):
        """The site of the bare domain, with these rules in it."""
        certificate, key = self.authority.files_for(DOMAIN)
        self._serve("nginx", f"""server {{ listen {self.machine.outside}:443 ssl; server_name {DOMAIN};
            ssl_certificate {certificate}; ssl_certificate_key {key};
            {rules}
            location / {{ return 200 site; }} }}""")

    def serve_site_by_cloudfront(self, function):
        """The same from a bucket behind CloudFront: this function sees each request first, as CloudFront hands it over."""
        certificate, key = self.authority.files_for(DOMAIN)
        script = self.folder / "cloudfront.js"
        script.write_text(function + f"""
            const {{ readFileSync }} = require('node:fs')
            require('node:https').createServer({{ cert: readFileSync('{certificate}'), key: readFileSync('{key}') }}, (asked, answer) => {{
                const [uri, query] = asked.url.split('?')
                const querystring = {{}}
                for (const pair of (query ?? '').split('&').filter(Boolean)) {{
                    const [name, value = ''] = pair.split('=')
                    const had = querystring[name]
                    querystring[name] = had ? {{ value: had.value, multiValue: [...(had.multiValue ?? [had]), {{ value }}] }} : {{ value }}
                }}
                const said = handler({{ request: {{ method: asked.method, uri, querystring, headers: {{}} }} }})
                const headers = Object.entries(said.headers ?? {{}}).map(([name, {{ value }}]) => [name, value])
                answer.writeHead(said.statusCode ?? 200, said.statusCode ? Object.fromEntries(headers) : {{}})
                answer.end(said.statusCode ? '' : 'site')
            }}).listen(443, '{self.machine.outside}')""")
        self.site = subprocess.Popen(["node", script], stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]})
        self._comes_up()

    def _serve(self, program, configuration):
        self.site = start(program, configuration, self.folder)
        self._comes_up()

    def _comes_up(self):
        eventually(lambda: self.site.poll() is not None or Server._listens_at(self.machine.outside, 443), "the site answers")
        assert self.site.poll() is None, "the site ended"


@contextmanager
def _names(known):
    """In this process these names lead where they lead in the machine."""
    ask = socket.getaddrinfo

    def answer(host, *more, **named):
        return ask(known.get(host, host), *more, **named)

    socket.getaddrinfo = answer
    try:
        yield
    finally:
        socket.getaddrinfo = ask


def page(base):
    """What a browser takes for a server."""
    return SimpleNamespace(base=base)

"""A server that gets its certificate itself, from pebble."""

import json
import socket
import ssl

from cryptography import x509

from pebble import HOST
from server import Unattended, eventually

DOMAIN = "social.test"


class Certified(Unattended):
    """A Phiomia that gets its certificate itself."""

    def __init__(self, pebble, engine, tls_port, http_port, **more):
        super().__init__(engine, HOST, **{
            "LOCAL_DOMAIN": DOMAIN, "PHIOMIA_TLS_ACME": "true", "PHIOMIA_TLS_ACME_DIRECTORY": pebble.directory,
            "PHIOMIA_TLS_ACME_CA_FILE": str(pebble.ca_file), "PHIOMIA_TLS_HTTP_LISTEN": f"{HOST}:{http_port}",
            "PHIOMIA_TLS_ACME_FIRST_RETRY": "1s",
        } | more)
        self.port, self.http_port, self.pebble = tls_port, http_port, pebble
        self.log_mark = 0

    def shown(self, context=None, name=DOMAIN):
        """The certificate that somebody sees who trusts the authority, and what else they are told."""
        context = context or self.pebble.context()
        with socket.create_connection((HOST, self.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname=name) as stream:
                certificate = x509.load_der_x509_certificate(stream.getpeercert(binary_form=True))
                return certificate, stream.selected_alpn_protocol()

    def has_certificate(self, context=None):
        try:
            return self.shown(context)[0]
        except (ssl.SSLError, ConnectionError):
            return None

    def says(self, text):
        return eventually(lambda: next((line for line in self.log_text().splitlines() if text in line), None),
                          f"the log says {text}")

    def status(self):
        return json.loads(self.cli("tls", "status", "--json"))

"""Certificates from an authority, against pebble: got, shown, renewed, kept; and in words why not."""

import base64
import json
import re
import socket
import stat
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509

from certified import DOMAIN, Certified
from pebble import HOST, Pebble
from server import CommandFailed, engines, eventually, free_port

@pytest.fixture
def ports():
    return {"tls_port": free_port(HOST), "http_port": free_port(HOST)}


def why_not_renewed(server):
    """Of authorizations that hold already pebble takes one in a hundred again, though it is told to take none: then nothing has
    to be shown, and all is well."""
    for _ in range(4):
        try:
            server.cli("tls", "renew")
        except CommandFailed as failed:
            return str(failed)
    pytest.fail("it is renewed, though nothing can be shown")


def names(certificate):
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return sorted(alternatives.get_values_for_type(x509.DNSName))


@pytest.mark.parametrize("engine", engines())
def test_a_certificate_comes_by_itself_and_stays_over_a_restart(authority, ports, engine):
    with Pebble(authority, **ports) as pebble, Certified(pebble, engine, **ports) as server:
        first = eventually(server.has_certificate, "there is a certificate", 20)
        assert names(first) == [DOMAIN]
        assert server.shown()[1] == "h2"
        status = server.status()
        assert (status["domains"], status["from"]) == ([DOMAIN], pebble.directory)
        assert status["not_before"] < status["next_order_at"] < status["not_after"]
        assert "failure" not in status
        led = requests.get(f"http://{HOST}:{server.http_port}/about?x=1", allow_redirects=False, timeout=5)
        assert (led.status_code, led.headers["Location"]) == (301, f"https://{DOMAIN}/about?x=1")
        if engine == "sqlite":
            kept = b"".join(file.read_bytes() for file in server.data.glob("*.sqlite3*"))
            assert b"BEGIN CERTIFICATE" in kept and b"PRIVATE KEY" not in kept
        assert "http-01" not in server.log_text() and "has looked" in server.log_text()
        # A command orders, and the running server answers the authority and shows what came.
        assert DOMAIN in server.cli("tls", "renew")
        second = eventually(lambda: server.shown()[0] if server.shown()[0] != first else None, "another is shown")
        context, n_orders = pebble.context(), pebble.n_orders()
        server.stop()
        server.start()
        assert eventually(lambda: server.has_certificate(context), "it is shown again") == second
        assert pebble.n_orders() == n_orders == 2


@pytest.mark.skipif(len(engines()) == 1, reason="several processes need PostgreSQL and Redis")
def test_of_several_processes_one_orders_and_all_show(authority, ports):
    with Pebble(authority, **ports) as pebble, Certified(pebble, "postgres", **ports) as server:
        other = Certified(pebble, "postgres", free_port(HOST), free_port(HOST))
        other.environment |= {name: server.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
        shown, other.data = other.data, server.data
        other.log = shown / "server.log"
        try:
            other.start()
            one = eventually(server.has_certificate, "there is a certificate", 20)
            assert eventually(other.has_certificate, "the other shows it") == one
            assert pebble.n_orders() == 1
            # Whoever ordered, the authority came to the one at its port.
            assert "an authority has looked" in server.log_text()
        finally:
            other.stop()


def test_it_is_renewed_in_time_while_connections_go_on(authority, ports):
    with Pebble(authority, **ports, seconds=9) as pebble, Certified(pebble, "sqlite", **ports) as server:
        first = eventually(server.has_certificate, "there is a certificate", 20)
        with socket.create_connection((HOST, server.port), timeout=5) as plain:
            context = pebble.context()
            context.set_alpn_protocols(["http/1.1"])
            with context.wrap_socket(plain, server_hostname=DOMAIN) as stream:
                eventually(lambda: server.shown()[0] if server.shown()[0] != first else None, "it is renewed", 15)
                stream.sendall(f"GET /livez HTTP/1.1\r\nhost: {DOMAIN}\r\nconnection: close\r\n\r\n".encode())
                assert stream.recv(100).startswith(b"HTTP/1.1 200 ")


def test_where_the_port_for_tls_is_closed_the_page_at_the_other_port_is_enough(authority, ports):
    closed = {"tls_port": free_port(HOST), "http_port": ports["http_port"]}
    with Pebble(authority, **closed) as pebble, Certified(pebble, "sqlite", **ports) as server:
        assert names(eventually(server.has_certificate, "there is a certificate", 20)) == [DOMAIN]


def test_what_did_not_arrive_is_said_and_tried_again_until_it_does(authority, ports):
    closed = {"tls_port": free_port(HOST), "http_port": free_port(HOST)}
    with Pebble(authority, **closed) as pebble, Certified(pebble, "sqlite", **ports) as server:
        assert "there is no certificate yet" in server.says("there is no certificate yet")
        line = server.says("no certificate from")
        assert f"tls-alpn-01 for {DOMAIN} did not arrive" in line and f"http-01 for {DOMAIN} did not arrive" in line
        assert "refused" in line and f"port 443 of {DOMAIN}" in line and f"port 80 of {DOMAIN}" in line
        assert "Next try at" in line
        waits = requests.get(f"http://{HOST}:{server.http_port}/", allow_redirects=False, timeout=5)
        assert (waits.status_code, waits.headers["Retry-After"]) == (503, "60")
        assert "did not arrive" in server.status()["failure"]
        with pytest.raises(CommandFailed, match="did not arrive"):
            server.cli("tls", "renew")


def test_a_name_that_leads_elsewhere_is_told_apart(authority, ports):
    with Pebble(authority, **ports) as pebble:
        pebble.answers(DOMAIN, "127.0.0.77")
        with socket.create_server(("127.0.0.77", ports["tls_port"])) as elsewhere:
            elsewhere.settimeout(20)
            with Certified(pebble, "sqlite", **ports, PHIOMIA_TLS_ACME_CHALLENGE="tls-alpn-01") as server:
                elsewhere.accept()[0].close()
                line = server.says("no certificate from")
                assert f"tls-alpn-01 for {DOMAIN}" in line
                # The record is put right: no restart is needed.
                pebble.answers(DOMAIN, None)
                eventually(server.has_certificate, "there is a certificate", 20)


def test_a_refused_name_is_named(authority, ports):
    with Pebble(authority, **ports, rejected=["bad.test"]) as pebble:
        more = {"PHIOMIA_TLS_ACME_DOMAINS": f"{DOMAIN},old.test,bad.test"}
        with Certified(pebble, "sqlite", **ports, **more) as server:
            assert "bad.test" in server.says("no certificate from")
        more = {"PHIOMIA_TLS_ACME_DOMAINS": f"{DOMAIN},old.test"}
        with Certified(pebble, "sqlite", **ports, **more) as server:
            assert names(eventually(server.has_certificate, "there is a certificate", 20)) == ["old.test", DOMAIN]


def test_records_are_written_by_a_program(authority, ports, tmp_path):
    closed = {"tls_port": free_port(HOST), "http_port": free_port(HOST)}
    with Pebble(authority, **closed) as pebble:
        hook = tmp_path / "hook"
        hook.write_text(f"""#!/bin/sh
echo "$1 $2" >> {tmp_path}/acts
act=set; [ "$1" = cleanup ] && act=clear
curl --silent --fail --data "{{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}}" http://{HOST}:{pebble.records_port}/$act-txt
""")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
        with Certified(pebble, "sqlite", **ports, PHIOMIA_TLS_ACME_DNS_HOOK=str(hook)) as server:
            eventually(server.has_certificate, "there is a certificate", 20)
            acts = (tmp_path / "acts").read_text().splitlines()
            assert acts == [f"present _acme-challenge.{DOMAIN}", f"cleanup _acme-challenge.{DOMAIN}"]
            hook.write_text("#!/bin/sh\necho no such zone >&2\nexit 3\n")
            assert "no such zone" in why_not_renewed(server)
            # It says that it has written what nobody finds.
            hook.write_text("#!/bin/sh\n")
            missing = f"dns-01 for {DOMAIN} did not arrive: .*_acme-challenge.{DOMAIN} is not there"
            assert re.search(missing, why_not_renewed(server))


def test_an_authority_that_wants_an_account_gets_one(authority, ports):
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    with Pebble(authority, **ports, account_keys={"kid-1": key}) as pebble:
        with Certified(pebble, "sqlite", **ports) as server:
            assert "tls.acme_eab_key_id" in server.says("no certificate from")
        bound = {"PHIOMIA_TLS_ACME_EAB_KEY_ID": "kid-1", "PHIOMIA_TLS_ACME_EAB_KEY": key,
                 "PHIOMIA_TLS_ACME_EMAIL": "me@example.org"}
        with Certified(pebble, "sqlite", **ports, **bound) as server:
            eventually(server.has_certificate, "there is a certificate", 20)


def test_an_authority_that_forgot_us_hears_of_us_anew_and_one_that_is_away_is_named(authority, ports):
    pebble = Pebble(authority, **ports)
    with pebble, Certified(pebble, "sqlite", **ports) as server:
        eventually(server.has_certificate, "there is a certificate", 20)
        pebble.__exit__()
        with pytest.raises(CommandFailed, match="127.0.0.1 cannot be asked"):
            server.cli("tls", "renew")
        pebble.__enter__()
        assert DOMAIN in server.cli("tls", "renew")


class Wishes(BaseHTTPRequestHandler):
    """The directory of pebble with renewal information (RFC 9773), which pebble 2.4 does not have."""

    def do_GET(self):
        if self.path == "/dir":
            directory = requests.get(self.server.pebble.directory, verify=str(self.server.pebble.ca_file), timeout=10)
            said = directory.json() | {"renewalInfo": f"https://{HOST}:{self.server.server_port}/wishes"}
        else:
            self.server.asked.append(self.path.removeprefix("/wishes/"))
            # The first certificate shall be replaced at once, all others in ten years.
            year = 2020 if self.server.asked[-1] == self.server.asked[0] else 2036
            said = {"suggestedWindow": {"start": f"{year}-01-01T00:00:00Z", "end": f"{year}-01-02T00:00:00Z"}}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Retry-After", "21600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: only what it was asked counts."""


def test_the_authority_says_when_a_certificate_is_to_be_replaced(authority, ports):
    with Pebble(authority, **ports) as pebble, ThreadingHTTPServer((HOST, 0), Wishes) as wishes:
        wishes.pebble, wishes.asked = pebble, []
        wishes.socket = authority.server_context(HOST).wrap_socket(wishes.socket, server_side=True)
        threading.Thread(target=wishes.serve_forever, daemon=True).start()
        more = {"PHIOMIA_TLS_ACME_DIRECTORY": f"https://{HOST}:{wishes.server_port}/dir"}
        with Certified(pebble, "sqlite", **ports, **more) as server:
            first = eventually(server.has_certificate, "there is a certificate", 20)
            eventually(lambda: server.shown()[0] if server.shown()[0] != first else None, "it is replaced")
            eventually(lambda: server.status()["next_order_at"].startswith("2036-01-01"), "the wish for the next is kept")
            key = first.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
            number = first.serial_number.to_bytes(first.serial_number.bit_length() // 8 + 1, "big")
            coded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (key, number)]
            assert wishes.asked[0] == ".".join(coded)
        wishes.shutdown()

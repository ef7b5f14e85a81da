"""HAProxy passes bytes on without looking into them: TLS ends at Phiomia, and the client keeps its address."""

import subprocess

import pytest
import requests
from requests.adapters import HTTPAdapter

from fronts import end
from server import BINARY, Server, eventually, free_port

HOST = "127.0.0.1"


@pytest.mark.parametrize(("words", "kind"), [("send-proxy", "tcp"), ("send-proxy-v2", "tcp"), ("send-proxy-v2", "unix")])
def test_a_client_keeps_its_address_through_bytes_that_are_passed_on(authority, tmp_path, words, kind):
    certificate, key = authority.files_for(HOST)
    more = {"PHIOMIA_SERVER_PROXY_PROTOCOL": "true", "TRUSTED_PROXY_IP": "127.0.0.1",
            "PHIOMIA_TLS_CERT_FILE": str(certificate), "PHIOMIA_TLS_KEY_FILE": str(key), "LOCAL_HTTPS": "true"}
    server = Server("sqlite", HOST, **more)
    place = f"{HOST}:{server.port}" if kind == "tcp" else f"unix:{tmp_path}/phiomia.sock"
    upstream = place if kind == "tcp" else f"unix@{tmp_path}/phiomia.sock"
    port = free_port(HOST)
    (tmp_path / "haproxy.cfg").write_text(f"""
defaults
    mode tcp
    timeout connect 5s
    timeout client 75s
    timeout server 310s
listen phiomia
    bind {HOST}:{port}
    server phiomia {upstream} {words} check inter 200ms
""")
    log = (tmp_path / "log").open("ab")
    process = subprocess.Popen([BINARY, "serve", "--data", server.data, "--listen", place],
                               env=server.environment, stdout=log, stderr=log)
    front = subprocess.Popen(["haproxy", "-db", "-f", tmp_path / "haproxy.cfg"], stdout=log, stderr=log)
    try:
        def left(address):
            session = requests.Session()
            adapter = HTTPAdapter()
            adapter.init_poolmanager(1, 1, source_address=(address, 0))
            session.mount("https://", adapter)
            answer = session.get(f"https://{HOST}:{port}/api/v1/directory", verify=str(authority.file), timeout=10,
                                 headers={"X-Forwarded-For": "203.0.113.1"})
            return int(answer.headers["X-RateLimit-Remaining"])

        def first():
            try:
                return left("127.0.0.201")
            except requests.ConnectionError:
                return None

        before = eventually(first, "the server answers through HAProxy")
        assert left("127.0.0.201") == before - 1
        assert left("127.0.0.202") == before
    finally:
        end(front)
        end(process)
        server.__exit__()

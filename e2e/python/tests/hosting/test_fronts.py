"""Behind nginx, Caddy, HAProxy and Apache, each as `phiomia proxy config` sets it up: nothing is lost on the way."""

import json

import pytest
import requests
from requests.adapters import HTTPAdapter

from fronts import PROGRAMS, Fronted
from hostile import word
from live import event_source, web_socket
from peer import Peer
from server import eventually

pytestmark = pytest.mark.usefixtures("trusted")


@pytest.fixture(scope="module", params=PROGRAMS)
def fronted(request, authority):
    with Fronted(request.param, authority) as running:
        yield running


def test_addresses_are_those_of_the_front(fronted):
    instance = requests.get(f"{fronted.base}/api/v2/instance", timeout=10)
    assert instance.json()["domain"] == fronted.domain
    assert instance.json()["configuration"]["urls"]["streaming"] == f"wss://{fronted.domain}"
    assert "max-age" in instance.headers["Strict-Transport-Security"]


def test_http_leads_to_https_with_the_question(fronted):
    question = "/.well-known/webfinger?resource=acct:a%40b&x=1%2F2"
    answer = requests.get(f"http://{fronted.host}:{fronted.http_port}{question}", allow_redirects=False, timeout=10)
    assert answer.status_code in (301, 308)
    asked, led = answer.headers["Location"].split("?")
    assert asked in (f"{fronted.base}/.well-known/webfinger", f"https://{fronted.host}/.well-known/webfinger")
    assert led == "resource=acct:a%40b&x=1%2F2"


def test_signed_activities_pass_unharmed(fronted, authority):
    reader = fronted.person("reader")
    with Peer(tls=authority) as peer:
        carol = peer.actor("carol")
        known = peer.find(reader.handle, web_base=fronted.base)
        assert carol.post(known.inbox, carol.follow(known)).status == 202
        assert peer.eventually_received(type="Accept").signer == known.id
        # The address that is signed keeps what was encoded in it.
        assert carol.post(f"{known.inbox}?encoded=%2Fa%20b", carol.undo(carol.follow(known))).status == 202


@pytest.mark.parametrize("opened", [web_socket, event_source])
def test_events_arrive_at_once(fronted, opened):
    writer = fronted.person("writer")
    path = "user"
    with opened(fronted, writer.person.token(), path) as stream:
        text = word()
        status = writer.says(text)
        assert json.loads(stream.wait_for("update", seconds=5))["id"] == str(status.id)


def test_what_is_too_large_is_refused_in_our_words(fronted):
    writer = fronted.person("writer")
    answer = requests.post(
        f"{fronted.base}/api/v1/statuses", data={"status": "a" * 2_000_000}, timeout=20,
        headers={"Authorization": f"Bearer {writer.person.token()}"})
    assert answer.status_code == 413
    assert answer.json()["error"]


def test_answers_come_compressed(fronted):
    answer = requests.get(f"{fronted.base}/api/v2/instance", headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert answer.headers["Content-Encoding"] == "gzip"


def from_address(address):
    """A session of somebody at another address of this machine."""
    session = requests.Session()
    adapter = HTTPAdapter()
    adapter.init_poolmanager(1, 1, source_address=(address, 0))
    session.mount("https://", adapter)
    return session


def test_a_client_is_counted_by_its_own_address_whatever_it_claims(fronted):
    fronted.cli("settings", "set", "rate_limits", "on")
    try:
        def left(session, claim):
            answer = session.get(f"{fronted.base}/api/v1/directory", timeout=10,
                                 headers={"X-Forwarded-For": claim, "Forwarded": f"for={claim}"})
            return int(answer.headers.get("X-RateLimit-Remaining", 0))

        eventually(lambda: left(from_address("127.0.0.200"), "203.0.113.1"), "requests are counted")
        one, another = from_address("127.0.0.201"), from_address("127.0.0.202")
        first = left(one, "203.0.113.1")
        assert left(one, "203.0.113.2") == first - 1
        assert left(another, "203.0.113.1") == first
    finally:
        fronted.cli("settings", "set", "rate_limits", "off")

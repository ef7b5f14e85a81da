"""Servers with TLS, as they are everywhere but in tests: a front speaks it and passes on to a Phiomia that does not, or
Phiomia speaks it itself with certificate files. Ids are https, and only those whose certificate is signed by an authority one trusts are spoken with."""

import pytest

from authority import Authority, Front
from federation import Federated, pairs
from hostile import word
from peer import Peer, next_host
from server import engines


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority):
    with Front(authority, next_host()) as front:
        with Federated(
                engines()[0], handle_domain=front.domain, LOCAL_DOMAIN=front.domain, WEB_DOMAIN=front.domain,
                LOCAL_HTTPS="true", SSL_CERT_FILE=str(authority.file), PHIOMIA_FEDERATION_ALLOW_HTTP="false",
        ) as running:
            front.leads_to(running.host, running.port)
            yield running


def found_by(peer, person):
    return peer.find(person.handle, web_base=f"https://{person.server.handle_domain}")


def test_two_servers_with_trusted_certificates_speak(server, authority):
    reader = server.person("reader")
    with Peer(tls=authority) as peer:
        carol = peer.actor("carol")
        assert reader.finds(carol).uri == carol.id
        known = found_by(peer, reader)
        assert known.id.startswith("https://")
        carol.send(carol.follow(known), known)
        assert peer.eventually_received(type="Accept").signer == known.id
        status = reader.says(word())
        assert peer.eventually_received(type="Create", object=status.uri).signer == known.id


def test_who_has_a_certificate_of_somebody_else_is_not_spoken_with(server, authority, tmp_path):
    reader = server.person("reader")
    with Peer(tls=Authority(tmp_path)) as strange, Peer(tls=authority) as peer:
        mallory = strange.actor("mallory")
        assert reader.client.search_v2(mallory.id, resolve=True).accounts == []
        known = found_by(peer, reader)
        strange.tls = authority
        assert mallory.post(known.inbox, mallory.create(mallory.note(word(), mentions=[known]))).status == 401
        assert strange.received == []


def test_plain_http_is_not_spoken(server):
    reader = server.person("reader")
    with Peer() as plain:
        carol = plain.actor("carol")
        assert reader.client.search_v2(carol.id, resolve=True).accounts == []
        assert plain.received == []


class Sealed(Federated):
    """A Phiomia that speaks TLS itself."""

    def __init__(self, engine, authority):
        host = next_host()
        certificate, key = authority.files_for(host)
        super().__init__(
            engine, host, SSL_CERT_FILE=str(authority.file), PHIOMIA_FEDERATION_ALLOW_HTTP="false", LOCAL_HTTPS="true",
            PHIOMIA_TLS_CERT_FILE=str(certificate), PHIOMIA_TLS_KEY_FILE=str(key))
        self.base = self.behind = f"https://{self.domain}"


@pytest.fixture(params=pairs(), ids="-".join)
def sealed(request, authority, monkeypatch):
    # For the clients of this process.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    one, other = request.param
    with Sealed(one, authority) as here, Sealed(other, authority) as there:
        yield here, there


def test_two_phiomias_with_certificate_files_follow_each_other_and_exchange_posts(sealed):
    here, there = sealed
    alice, bob = here.person("alice"), there.person("bob")
    assert alice.follows(bob).uri.startswith(f"https://{there.domain}/")
    assert bob.follows(alice).uri.startswith(f"https://{here.domain}/")
    for writer, reader in ((alice, bob), (bob, alice)):
        said = word()
        status = writer.says(said)
        assert status.uri.startswith(f"{writer.server.base}/")
        assert reader.sees(said).uri == status.uri

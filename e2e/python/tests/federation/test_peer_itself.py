"""The peer that tests script, against another of its kind: what it says about others can be relied on."""

import http.client
import time

import pytest

from actor import Remote
from authority import Authority
from peer import Peer
from signatures import DIALECTS, Forged, RsaKey, sign_cavage, sign_rfc9421, verify_proof, with_proof
from wire import Answer, redirect


@pytest.fixture(scope="module")
def peers():
    with Peer() as first, Peer() as second:
        yield first, second


@pytest.fixture
def carol(peers):
    return peers[0].actor("carol")


@pytest.fixture
def dave(peers):
    peers[1].forget()
    peers[1].forgives()
    return peers[1].actor("dave")


@pytest.fixture
def dave_seen(carol, dave):
    return carol.peer.find(dave.handle)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["Create", "Update", "Delete", "Follow", "Like", "Announce", "Undo", "Block", "Flag"])
def test_each_kind_of_activity_arrives_signed(carol, dave, dave_seen, kind, dialect):
    note = carol.note("hello", mentions=[dave_seen])
    activity = {
        "Create": lambda: carol.create(note),
        "Update": lambda: carol.update(note),
        "Delete": lambda: carol.delete(note["id"]),
        "Follow": lambda: carol.follow(dave_seen),
        "Like": lambda: carol.like(note["id"]),
        "Announce": lambda: carol.announce(note["id"]),
        "Undo": lambda: carol.undo(carol.like(note["id"])),
        "Block": lambda: carol.block(dave_seen),
        "Flag": lambda: carol.flag([dave.id], "rude"),
    }[kind]()
    carol.send(activity, dave_seen, dialect=dialect)
    got = dave.peer.eventually_received(type=kind, actor=carol.id)
    assert (got.signer, got.dialect, got.refused) == (carol.id, dialect, None)
    assert got.json["id"] == activity["id"]


def other_digest(headers, body):
    return headers, body + b" "


def twice(name):
    return lambda headers, body: (headers + [pair for pair in headers if pair[0] == name], body)


def without(*names):
    return lambda headers, body: ([pair for pair in headers if pair[0] not in names], body)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault, how", [
    ("the digest is of another body", {"alter": other_digest}),
    ("old", {"at": time.time() - 7 * 3600}),
    ("future", {"at": time.time() + 7 * 3600}),
    ("there 2 times", {"alter": twice("Signature")}),
    ("not signed", {"alter": without("Signature", "Signature-Input")}),
])
def test_what_is_forged_is_refused_and_the_reason_is_told(carol, dave, dave_seen, dialect, fault, how):
    answer = carol.post(dave_seen.inbox, carol.like(dave.id), dialect=dialect, **how)
    assert answer.status == 401
    assert fault in dave.peer.received[-1].refused


def test_the_host_is_part_of_what_is_signed(carol, dave, dave_seen):
    def other_host(headers, body):
        return [(name, "elsewhere.example" if name == "Host" else value) for name, value in headers], body
    assert carol.post(dave_seen.inbox, carol.like(dave.id), alter=other_host).status == 401


def test_a_signature_holds_for_one_path_only(carol, dave, dave_seen):
    headers = sign_rfc9421("POST", dave_seen.inbox, b"{}", carol.key)
    assert carol.peer.request("POST", dave_seen.shared_inbox, headers, b"{}").status == 401
    headers = sign_cavage("POST", dave_seen.inbox, b"{}", carol.key)
    assert carol.peer.request("POST", dave_seen.shared_inbox, headers, b"{}").status == 401


def test_too_little_that_is_signed_is_refused(carol, dave, dave_seen):
    headers = sign_cavage("POST", dave_seen.inbox, b"{}", carol.key, covered=["date"])
    assert carol.peer.request("POST", dave_seen.inbox, headers, b"{}").status == 401
    assert "covers only" in dave.peer.received[-1].refused


def test_nobody_signs_with_a_key_that_the_actor_does_not_list(carol, dave, dave_seen):
    stranger = RsaKey(carol.key.id)
    assert carol.post(dave_seen.inbox, carol.like(dave.id), key=stranger).status == 401
    unlisted = RsaKey(f"{carol.id}#other")
    assert carol.post(dave_seen.inbox, carol.like(dave.id), key=unlisted).status == 401
    assert "does not list" in dave.peer.received[-1].refused


def test_nobody_signs_for_somebody_else(carol, dave, dave_seen):
    erin = carol.peer.actor("erin")
    assert carol.post(dave_seen.inbox, erin.like(dave.id)).status == 401
    assert dave.peer.received[-1].refused.endswith(f"{carol.id} signed for {erin.id}")


def test_a_key_that_was_changed_is_fetched_again(carol, dave, dave_seen):
    frank = carol.peer.actor("frank")
    frank.send(frank.like(dave.id), dave_seen)
    frank.key = RsaKey(frank.key.id)
    frank.send(frank.like(dave.id), dave_seen)


def test_a_proof_is_of_one_document_and_one_key(peers):
    prover = peers[0].actor("prover", proofs=True)
    document = with_proof(prover.like("http://example.org/notes/1"), prover.proof_key)
    assert prover.document()["assertionMethod"][0]["publicKeyMultibase"] == prover.proof_key.multibase
    verify_proof(document, prover.proof_key.multibase)
    with pytest.raises(Forged):
        verify_proof(document | {"actor": "http://example.org/mallory"}, prover.proof_key.multibase)


def test_the_proof_of_the_proposal_holds():
    # https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.feature
    verify_proof({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v1"],
        "type": "Create", "actor": "https://server.example/users/alice",
        "object": {"type": "Note", "content": "Hello world"},
        "proof": {
            "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": "https://server.example/users/alice#ed25519-key", "proofPurpose": "assertionMethod",
            "proofValue":
                "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2",
            "created": "2023-02-24T23:36:38Z"},
    }, "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")


def test_faults_come_in_order_and_end(carol, dave, dave_seen):
    dave.peer.answers("/inbox", Answer(500), Answer(429, headers={"Retry-After": "7"}))
    first, second, third = (carol.post(dave_seen.shared_inbox, carol.like(dave.id)) for _ in range(3))
    assert (first.status, second.status, third.status) == (500, 429, 202)
    assert second.header("retry-after") == "7"


def test_a_fault_can_stay_and_can_depend_on_the_request(carol, dave, dave_seen):
    dave.peer.answers("/inbox", lambda got: Answer(401) if got.dialect == "rsa-sha256" else None, forever=True)
    for _ in range(2):
        assert carol.post(dave_seen.shared_inbox, carol.like(dave.id)).status == 401
    assert carol.post(dave_seen.shared_inbox, carol.like(dave.id), dialect="rfc9421").status == 202
    dave.peer.forgives()
    assert carol.post(dave_seen.shared_inbox, carol.like(dave.id)).status == 202


def test_it_is_slow_or_hangs_up_when_it_is_told_to(carol, dave, dave_seen):
    dave.peer.answers("/inbox", Answer(202, after=0.3), Answer(closes=True))
    began = time.monotonic()
    assert carol.post(dave_seen.shared_inbox, carol.like(dave.id)).status == 202
    assert time.monotonic() - began >= 0.3
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        carol.post(dave_seen.shared_inbox, carol.like(dave.id))


def test_it_redirects(carol, dave):
    dave.peer.answers("/users/dave", redirect("http://elsewhere.example/", 307))
    answer = carol.peer.get(dave.id)
    assert (answer.status, answer.header("location")) == (307, "http://elsewhere.example/")


def test_it_is_away_and_comes_back_at_the_same_address(carol, dave, dave_seen):
    dave.peer.stop()
    with pytest.raises(OSError):
        carol.post(dave_seen.inbox, carol.like(dave.id))
    dave.peer.start()
    carol.send(carol.like(dave.id), dave_seen)


def test_with_authorized_fetch_only_the_instance_is_shown_to_everybody(carol):
    with Peer(authorized_fetch=True) as shy:
        grace = shy.actor("grace")
        assert carol.peer.get(grace.id).status == 401
        assert carol.peer.get(shy.instance.id).status == 200
        assert carol.peer.get(grace.id, signer=carol).status == 200
        assert Remote(carol.peer.get(grace.id, signer=carol).json()).name == "grace"


def test_a_handle_on_another_domain_leads_through_a_redirect(carol):
    with Peer() as apex, Peer(handle_domain=apex.domain) as web:
        heidi = web.actor("heidi")
        apex.redirects_webfinger_to(web.base, 308)
        asked = carol.peer.get(f"{apex.base}/.well-known/webfinger?resource=acct:{heidi.handle}")
        assert asked.status == 308
        found = carol.peer.get(asked.header("location"))
        assert found.json()["subject"] == f"acct:heidi@{apex.domain}"
        assert found.json()["links"][0]["href"] == heidi.id


def test_it_speaks_tls_with_those_who_trust_the_authority(tmp_path):
    authority = Authority(tmp_path)
    with Peer(tls=authority) as first, Peer(tls=authority) as second:
        ivan, judy = first.actor("ivan"), second.actor("judy")
        ivan.send(ivan.like(judy.id), first.fetch_actor(judy.id))
        assert second.eventually_received(type="Like").signer == ivan.id
        with pytest.raises(OSError):
            Peer().request("GET", judy.id)

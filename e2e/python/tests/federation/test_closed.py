"""Where every request must be signed: what is told to whom, and two such servers that meet. And limits, on and off."""

import copy
import re

import pytest

from federation import PATIENCE_SECONDS, Federated, pairs
from hostile import word
from operations import ROUTES
from server import engines, eventually

# Routes of documents for other servers.
FETCHED = re.compile(r'^\s+GET "(/[^"]*)"\s+Fetcher', re.MULTILINE)


@pytest.fixture(scope="module", params=engines())
def closed(request):
    with Federated(request.param, AUTHORIZED_FETCH="true") as running:
        yield running


@pytest.fixture(scope="module", params=pairs(), ids="-".join)
def both_closed(request):
    here, there = request.param
    with Federated(here, AUTHORIZED_FETCH="true") as first, Federated(there, AUTHORIZED_FETCH="true") as second:
        yield first, second


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


def follows(actor, remote):
    """Until the other server has said yes."""
    actor.send(actor.follow(remote), remote)
    actor.peer.eventually_received(type="Accept", actor=remote.id)


def test_every_document_but_the_servers_own_is_told_to_those_who_sign_alone(closed, peer):
    alice, bob = closed.person("alice"), closed.person("bob")
    carol = peer.actor("carol")
    remote, bobs = peer.find(alice.handle), peer.find(bob.handle)
    follows(carol, remote)
    status = alice.says(word(), quote_approval_policy="public")
    quote = bob.client.status_post(word(), quoted_status_id=status.id)
    uri = f"{remote.id}/statuses/{status.id}"
    note = peer.get(uri, signer=carol).json()
    stamps = {}
    for kind, interacting in [("Like", carol.peer.new_id("likes")), ("Announce", carol.peer.new_id("boosts"))]:
        act = carol.activity(kind, uri, id=interacting, **carol.audience("public"))
        request = carol.activity(f"{kind}Request", uri, instrument=act)
        carol.send(request, remote)
        answer = peer.eventually_received(type="Accept", where=lambda got: got.part("object") == request["id"])
        stamps[kind] = answer.json["result"]
    reply = carol.note(word(), inReplyTo=uri, mentions=[remote])
    request = carol.activity("ReplyRequest", uri, instrument=reply["id"])
    carol.send(request, remote)
    stamps["Reply"] = peer.eventually_received(
        type="Accept", where=lambda got: got.part("object") == request["id"]).json["result"]
    quoting = peer.get(f"{bobs.id}/statuses/{quote.id}", signer=carol).json()
    examples = {
        "/ap/users/{id}/quote_authorizations/{status}": quoting["quoteAuthorization"],
        "/ap/users/{id}/like_authorizations/{status}": stamps["Like"],
        "/ap/users/{id}/reply_authorizations/{status}": stamps["Reply"],
        "/ap/users/{id}/announce_authorizations/{status}": stamps["Announce"],
        "/ap/contexts/{id}": note["context"],
    }
    # Told to everybody: who asks could not be verified otherwise.
    open_to_all = {"/actor", "/actor/outbox", "/ap/users/{id}"}
    routes = FETCHED.findall(ROUTES.read_text())
    assert len(routes) > 15 and set(examples) | open_to_all <= set(routes)
    for route in routes:
        numbered = route.replace("{id}", remote.id.rpartition("/")[2]).replace("{status}", str(status.id))
        address = examples.get(route, closed.base + numbered)
        for address in (address, f"{address}?page=true"):
            signed = peer.get(address, signer=carol)
            assert signed.status == 200, (address, signed.body)
            unsigned = peer.get(address)
            if route in open_to_all:
                assert unsigned.status == 200, address
            else:
                assert (unsigned.status, "orderedItems" in str(unsigned.body)) == (401, False), address
    for page in (alice.client.me().url, status.url):
        assert peer.get(page, accept="text/html").status == 200, "pages are for people"
    assert peer.get(status.url).status == 401
    assert peer.get(f"{closed.base}/actor").json()["publicKey"]


def test_who_signs_wrongly_is_told_nothing(closed, peer):
    alice = closed.person("alice")
    remote = peer.find(alice.handle)
    mallory, carol = peer.actor("mallory"), peer.actor("carol")
    mallory.key.id = carol.key.id
    assert peer.get(remote.document["outbox"], signer=mallory).status == 401
    assert "followers" not in peer.get(remote.id, signer=mallory).json()


def test_two_servers_that_both_want_signatures_meet_and_talk(both_closed):
    here, there = both_closed
    alice, bob = here.person("alice"), there.person("bob")
    # Each asks the other for a key with a request that the other wants signed.
    alice.follows(bob)
    bob.follows(alice)
    pinned = bob.says(word())
    bob.client.status_pin(pinned.id)
    post = bob.says(word())
    seen = alice.sees(post.content[3:-4])
    alice.client.status_favourite(seen.id)
    alice.client.status_reblog(seen.id)
    text = word()
    alice.says(text, in_reply_to_id=seen.id)
    assert bob.hears("favourite").status.id == post.id and bob.hears("reblog").status.id == post.id
    bob.sees(text)
    late = here.person("late")
    found = late.finds(bob)
    soon(lambda: [one.uri for one in late.client.account_statuses(found.id, pinned=True)] == [pinned.uri], "the pins")
    assert late.finds_post(post.uri).account.acct == bob.handle
    hidden = bob.says(word(), visibility="private")
    assert alice.sees(hidden.content[3:-4]).visibility == "private"
    assert late.client.search_v2(hidden.uri, resolve=True, result_type="statuses").statuses == []
    quote = alice.client.status_post(word(), quoted_status_id=seen.id)
    soon(lambda: alice.client.status(quote.id).quote.state == "accepted", "the stamp is fetched, signed")


def test_limits_of_the_inbox_are_on_unless_they_are_switched_off(closed, peer):
    mallory = peer.actor("mallory")
    inbox = f"{closed.base}/inbox"
    wrong = lambda: mallory.post(inbox, mallory.create(mallory.note(word())), alter=lambda headers, body: (headers, body + b" "))
    closed.cli("settings", "set", "rate_limits", "on")
    try:
        soon(lambda: peer.get(f"{closed.base}/api/v2/instance").header("X-RateLimit-Limit"), "requests are counted")
        answers = [wrong() for _ in range(61)]
        assert {answer.status for answer in answers[:59]} == {401}
        assert answers[-1].status == 429 and int(answers[-1].header("Retry-After")) > 0
        # What is signed as it should be is counted by itself.
        assert mallory.post(inbox, mallory.create(mallory.note(word()))).status == 202
        person = closed.person("counted")
        left = lambda: int(peer.request("GET", f"{closed.base}/api/v1/timelines/home", [
            ("Authorization", f"Bearer {person.client.access_token}")]).header("X-RateLimit-Remaining"))
        first = left()
        assert left() == first - 1
    finally:
        closed.cli("settings", "set", "rate_limits", "off")
    soon(lambda: wrong().status == 401, "nobody is counted")
    assert peer.get(f"{closed.base}/api/v2/instance").header("X-RateLimit-Limit") is None


def test_one_address_does_not_make_the_server_fetch_more_than_300_keys_in_five_minutes(closed, peer):
    """The windows lie on the clock: one may end meanwhile, and some of it may be used up by the test before."""
    mallory, carol = peer.actor("mallory"), peer.actor("carol")
    inbox = f"{closed.base}/inbox"
    assert mallory.post(inbox, mallory.create(mallory.note(word()))).status == 202, "this key is known"
    n_fetched = lambda: sum(got.path.startswith("/users/nobody") for got in list(peer.received))
    key = copy.copy(mallory.key)

    def in_the_name_of_nobody(number):
        key.id = f"{peer.base}/users/nobody{number}#main-key"
        return mallory.post(inbox, mallory.create(mallory.note(word())), key=key)

    closed.cli("settings", "set", "rate_limits", "on")
    try:
        soon(lambda: peer.get(f"{closed.base}/api/v2/instance").header("X-RateLimit-Limit"), "requests are counted")
        for number in range(700):
            before, answer = n_fetched(), in_the_name_of_nobody(number)
            if n_fetched() == before:
                break
        assert 250 <= n_fetched() <= 600
        assert answer.status == 429 and int(answer.header("Retry-After")) > 0
        assert carol.post(inbox, carol.create(carol.note(word()))).status == 429, "a key that would have to be fetched"
        assert mallory.post(inbox, mallory.create(mallory.note(word()))).status == 202, "one that is known"
    finally:
        closed.cli("settings", "set", "rate_limits", "off")
    soon(lambda: carol.post(inbox, carol.create(carol.note(word()))).status == 202, "nobody is counted")

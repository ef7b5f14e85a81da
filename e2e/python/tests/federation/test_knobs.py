"""Settings for odd networks, and how long things wait: each does what docs/config.md says."""

import time

import pytest
import requests

from authority import Authority
from federation import PATIENCE_SECONDS, Federated
from hostile import word
from peer import NETWORK, Peer
from proxy import Proxy
from server import engines, eventually
from wire import Answer, redirect


class Quick(Federated):
    """Waits a moment where others wait minutes, and may go to a part of this machine's addresses alone."""

    def __init__(self, engine, **more):
        super().__init__(
            engine, ALLOWED_PRIVATE_ADDRESSES=f"{NETWORK}.0.0/16,127.0.0.1/32,::1/128",
            PHIOMIA_FEDERATION_POLL_UPDATE_DELAY="400ms",
            PHIOMIA_FEDERATION_PROFILE_UPDATE_DELAY="1s", PHIOMIA_FEDERATION_ACCOUNT_REFRESH_AGE="500ms",
            PHIOMIA_FEDERATION_THREAD_REFRESH_AGE="500ms", **more)


@pytest.fixture(scope="module", params=engines())
def server(request):
    with Quick(request.param) as running:
        yield running


@pytest.fixture
def dana(server):
    return server.person("dana")


@pytest.fixture
def followed(dana, peer):
    """`dana`, whom `carol` follows."""
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    carol.send(carol.follow(remote), remote)
    peer.eventually_received(type="Accept", actor=remote.id)
    return dana


def soon(check, what):
    return eventually(check, what, PATIENCE_SECONDS)


def test_votes_in_a_running_poll_are_told(followed, server, peer):
    asked = followed.client.status_post(word(), poll=followed.client.make_poll(["yes", "no"], expires_in=86_400))
    for name in ("one", "two"):
        server.person(name).client.poll_vote(asked.poll.id, [1])
    told = peer.eventually_received(
        type="Update", object_type="Question", where=lambda got: got.json["object"]["votersCount"] == 2)
    assert told.json["object"]["id"] == asked.uri
    assert [choice["replies"]["totalItems"] for choice in told.json["object"]["oneOf"]] == [0, 2]
    assert "closed" not in told.json["object"]


def test_changes_of_a_profile_are_told_together(followed, peer):
    for name in ("One", "Two", "Three"):
        followed.client.account_update_credentials(display_name=name)
    told = peer.eventually_received(type="Update", object_type="Person")
    assert told.json["object"]["name"] == "Three"
    assert len(peer.requests(type="Update", object_type="Person")) == 1


def test_a_profile_that_grew_old_is_read_anew_when_it_is_looked_at(dana, peer):
    carol = peer.actor("carol")
    seen = dana.finds(carol)
    carol.fields["name"] = word()
    soon(lambda: dana.client.account(seen.id).display_name == carol.fields["name"], "the new name")


def test_a_thread_is_asked_for_again_when_it_is_looked_at_later(dana, peer):
    carol = peer.actor("carol")
    note = carol.note(word())
    collection, items = note["id"] + "/replies", []
    peer.serve(collection, lambda got: {
        "@context": "https://www.w3.org/ns/activitystreams", "id": collection, "type": "Collection", "items": list(items)})
    peer.publish(note | {"replies": collection})
    seen = dana.finds_post(note["id"])
    below = lambda: [post.uri for post in dana.client.status_context(seen.id).descendants]
    assert below() == []
    soon(lambda: peer.requests(method="GET", path=collection.removeprefix(peer.base)), "the first look")
    answer = carol.note(word(), inReplyTo=note["id"])
    items.append(answer["id"])
    soon(lambda: below() == [answer["id"]], "the answer")


def test_a_post_is_counted_anew_and_goes_when_its_thread_is_looked_at_later(dana, peer):
    carol = peer.actor("carol")
    note, total = carol.note(word()), [3]
    path = note["id"].removeprefix(peer.base)
    likes = lambda: {"id": f"{note['id']}/likes", "type": "Collection", "totalItems": total[0]}
    peer.documents[path] = lambda got: note | {"likes": likes()}
    seen = dana.finds_post(note["id"])
    favourites = lambda: (dana.client.status_context(seen.id), dana.client.status(seen.id).favourites_count)[1]
    assert favourites() == 3
    total[0] = 8
    soon(lambda: favourites() == 8, "the new figure")
    peer.documents[path] = Answer(410)
    gone = lambda: requests.get(f"{dana.server.base}/api/v1/statuses/{seen.id}/context", timeout=10, headers={
        "Authorization": f"Bearer {dana.client.access_token}"}).status_code == 404
    soon(gone, "the post is gone here, too")


def test_who_wants_to_be_left_alone_is_not_asked_until_then(dana, peer):
    carol = peer.actor("carol")
    dana.finds(carol)
    note = carol.note(word())
    peer.answers("/notes/", Answer(429, headers={"Retry-After": "2"}))
    lookup = lambda: dana.client.search_v2(note["id"], resolve=True, result_type="statuses").statuses
    began = time.monotonic()
    assert lookup() == []
    n_asked = len(peer.requests(method="GET"))
    assert lookup() == [] and len(peer.requests(method="GET")) == n_asked
    soon(lookup, "the post")
    assert time.monotonic() - began > 1.5


def test_a_redirect_does_not_lead_to_a_private_address_that_is_not_open(dana, peer):
    with Peer("127.9.0.1") as inside:
        hidden = inside.actor("hidden")
        note = hidden.note(word())
        peer.documents["/way"] = redirect(note["id"])
        assert dana.client.search_v2(peer.base + "/way", resolve=True).statuses == []
        assert dana.client.search_v2(hidden.id, resolve=True).accounts == []
        assert inside.received == []
        # The same way to what is open.
        peer.documents["/way"] = redirect(peer.actor("carol").note(word())["id"])
        assert len(dana.client.search_v2(peer.base + "/way", resolve=True).statuses) == 1


def test_names_of_the_hosts_file_are_found(followed):
    """`localhost` stands in /etc/hosts; no name server is asked for it."""
    with Peer("localhost") as near:
        erin = near.actor("erin")
        assert followed.finds(erin).uri == erin.id


def test_plain_http_is_allowed_loudly(server):
    assert "federation.allow_http" in server.log_text()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("scheme,is_sealed,way", [
    ("http", False, "http"), ("http", True, "connect"), ("socks5", True, "address"), ("socks5h", False, "address")])
def test_everything_goes_out_through_the_proxy(scheme, is_sealed, way, authority):
    far = "far.example"
    with (
            Proxy(**{far: "127.0.0.1"}) as proxy, Peer(tls=authority if is_sealed else None) as peer,
            Federated(
                engines()[0], PHIOMIA_FEDERATION_PROXY=f"{scheme}://localhost:{proxy.port}",
                PHIOMIA_FEDERATION_ALLOW_HTTP="false" if is_sealed else "true",
                PHIOMIA_FEDERATION_CA_FILE=str(authority.file)) as server):
        dana, carol = server.person("dana"), peer.actor("carol")
        dana.finds(carol)
        if not is_sealed:
            # A delivery, too.
            remote = peer.find(dana.handle)
            carol.send(carol.follow(remote), remote)
            assert peer.eventually_received(type="Accept").signer == remote.id
        assert set(proxy.asked) == {(way, peer.domain)}
        # Names that only the proxy knows lead somewhere where it is given names.
        assert dana.client.search_v2(f"https://{far}/users/x", resolve=True).accounts == []
        assert any(far in target for _, target in proxy.asked) == (scheme != "socks5")

"""What is asked of other servers, and how much of what they say is read (SECURITY: one way out, bounds).

Nothing is sent where it must not go, and nobody makes this server read or ask without end."""

import json
import time

import pytest

from federation import PATIENCE_SECONDS, Federated
from hostile import word
from server import engines, eventually
from signatures import RsaKey
from wire import Answer, redirect


@pytest.fixture(scope="module", params=engines()[-1:])
def server(request):
    """What is asked of others does not depend on the database: one engine is enough."""
    with Federated(request.param) as running:
        yield running


def looks_up(scene, uri, patience=20):
    client = scene.victim.client
    client.request_timeout = patience
    found = client.search_v2(uri, resolve=True)
    return found.statuses + found.accounts


def fetched(scene, uri):
    """What this server makes of something elsewhere."""
    return json.loads(scene.victim.server.cli("fetch", uri))


# Where requests go

def test_an_address_with_a_name_and_a_password_is_not_asked(scene):
    peer = scene.mallory.peer
    note = scene.mallory.note(word())
    peer.forget()
    path = note["id"].removeprefix(peer.base)
    for address in (f"http://user:secret@{peer.domain}{path}", f"http://user@{peer.domain}{path}"):
        assert looks_up(scene, address) == []
    peer.documents["/hop"] = redirect(f"http://user:secret@{peer.domain}{path}")
    assert looks_up(scene, f"{peer.base}/hop") == []
    assert peer.requests(method="GET", path=path) == []


def test_a_redirected_request_is_signed_anew_and_carries_nothing_along(scene):
    first, second = scene.mallory.peer, scene.carol.peer
    path = f"/there/{word()}"
    second.documents[path] = Answer(404)
    first.documents["/away"] = Answer(302, headers={
        "Location": second.base + path, "Set-Cookie": "session=secret", "WWW-Authenticate": "Basic"})
    assert looks_up(scene, f"{first.base}/away") == []
    sent = {got.header("Signature") for got in first.requests(method="GET", path="/away")}
    arrived = second.requests(method="GET", path=path)
    assert arrived
    for got in arrived:
        assert got.header("Signature") not in sent
        assert (got.header("Host"), got.header("Cookie"), got.header("Authorization")) == (second.domain, None, None)
        if got.header("Signature"):
            second.check(got)
            assert got.refused is None, "it is a signature for this host and path"


def test_nobody_makes_us_ask_ourselves(scene):
    server = scene.victim.server
    remote = scene.remote.id
    scene.mallory.peer.documents["/us"] = redirect(remote)
    assert looks_up(scene, f"{scene.mallory.peer.base}/us") == []
    note = scene.mention(scene.mallory, word(), inReplyTo=f"{server.base}/nothing", quote=f"{server.base}/nothing")
    scene.arrives(scene.mallory, note)


# Whose collections

def test_collections_on_another_host_are_nobodys(scene):
    mallory, carol = scene.mallory, scene.carol
    mallory.fields |= {name: f"{carol.id}/{name}" for name in ("outbox", "followers", "following", "featured")}
    mallory.fields["endpoints"] = {"sharedInbox": f"{carol.peer.base}/inbox"}
    carol.peer.forget()
    seen = scene.victim.finds(mallory)
    scene.victim.client.account(seen.id)
    scene.victim.client.account_statuses(seen.id)
    scene.settles()
    assert carol.peer.requests(method="GET", path=f"/users/{carol.name}/") == []
    facts = fetched(scene, mallory.id)
    assert facts["shared_inbox"] in ("", None) and facts["inbox"] == mallory.inbox
    # Who writes for the followers of somebody else writes for nobody but those who are named.
    note = scene.mention(mallory, word(), visibility="direct")
    note["to"] = [carol.followers, scene.remote.id]
    assert scene.arrives(mallory, note).visibility == "direct"


def test_a_host_is_the_same_in_every_spelling(scene):
    """Ids are compared as addresses: capital letters make no second person and no second post."""
    carol = scene.carol
    note = scene.mention(carol, word())
    scene.arrives(carol, note)
    shouted = note["id"].replace("http://", "HTTP://")
    carol.send(carol.create(note | {"id": shouted}), scene.remote)
    scene.settles()
    told = [one for one in scene.victim.client.notifications(types=["mention"]) if note["content"] in one.status.content]
    assert len(told) == 1


# How much is read

def test_only_the_first_ten_keys_of_an_actor_count(scene):
    mallory = scene.mallory
    keys = [RsaKey(f"{mallory.id}#key{n}") for n in range(12)]
    mallory.fields["publicKey"] = [{"id": key.id, "owner": mallory.id, "publicKeyPem": key.pem} for key in keys]
    answers = [mallory.post(scene.inbox, mallory.like(scene.remote.id), key=key).status for key in keys]
    assert answers == [202] * 10 + [401] * 2


def test_names_aliases_and_addresses_are_kept_within_the_bounds(scene):
    peer = scene.carol.peer
    many = peer.actor(f"many_{word()}", alsoKnownAs=[f"https://example.org/{n}" for n in range(900)])
    assert len(fetched(scene, many.id)["also_known_as"]) == 256
    long = peer.actor(f"long_{word()}", preferredUsername="n" * 2_049)
    assert long.post(scene.inbox, long.follow(scene.remote)).status == 401
    far = "a" * 2_100
    note = scene.mention(scene.carol, word(), url=f"{peer.base}/{far}", attachment=[
        {"type": "Image", "mediaType": "image/png", "url": f"{peer.base}/{far}.png"},
        {"type": "Image", "mediaType": "image/png", "url": f"{peer.base}/near.png"}])
    shown = scene.arrives(scene.carol, note)
    assert shown.url == note["id"]
    assert [media.remote_url for media in shown.media_attachments] == [f"{peer.base}/near.png"]
    note = scene.made_up(scene.mallory) | {"id": f"{scene.mallory.peer.base}/notes/{far}"}
    answer = scene.mallory.post(scene.inbox, scene.mallory.create(note))
    assert answer.status in (202, 400, 401)
    scene.is_absent(note)


def test_a_hundred_emoji_are_enough(scene):
    carol = scene.carol
    codes = [f"e{n}x{word()}" for n in range(150)]
    note = scene.mention(carol, " ".join(f":{code}:" for code in codes))
    note["tag"] += [{"type": "Emoji", "name": f":{code}:", "id": f"{carol.peer.base}/{code}",
                     "icon": {"type": "Image", "url": f"{carol.peer.base}/{code}.png"}} for code in codes]
    assert len(scene.arrives(carol, note).emojis) == 100


def test_long_lists_and_long_words_are_refused(scene):
    mallory = scene.mallory
    for part in ({"to": [f"https://example.org/{n}" for n in range(1_001)]}, {"summary": "s" * 200_001}):
        note = scene.made_up(mallory) | part
        assert mallory.post(scene.inbox, mallory.create(note)).status in (400, 202)
        scene.is_absent(note)
    # As long as it may be.
    note = scene.mention(scene.carol, word()) | {"summary": "s" * 190_000}
    assert len(scene.arrives(scene.carol, note).spoiler_text) <= 100_000


@pytest.mark.parametrize("kind", ["endless", "going round"])
def test_collections_end_somewhere(scene, kind):
    peer = scene.mallory.peer
    base = f"{peer.base}/pages/{word()}"

    def page(got):
        number = int(got.path.rpartition("/")[2])
        following = number + 1 if kind == "endless" else number % 3 + 1
        return {"@context": "https://www.w3.org/ns/activitystreams", "id": f"{base}/{number}", "type": "CollectionPage",
                "partOf": f"{base}/0", "next": f"{base}/{following}", "items": []}
    for number in range(100):
        peer.documents[f"{base.removeprefix(peer.base)}/{number}"] = page
    note = scene.mallory.note(word(), replies=f"{base}/1")
    seen = scene.victim.finds_post(note["id"])
    scene.victim.client.status_context(seen.id)
    path = base.removeprefix(peer.base)
    eventually(lambda: peer.requests(method="GET", path=path), "the first page", PATIENCE_SECONDS)
    scene.settles()
    asked = [got.path for got in peer.requests(method="GET", path=path)]
    assert len(asked) == len(set(asked)), "no page is asked for twice"
    assert len(asked) <= (11 if kind == "endless" else 3)


def test_who_never_comes_to_the_end_is_not_waited_for(scene):
    peer = scene.mallory.peer
    path = f"/drips/{word()}"
    peer.documents[path] = Answer(200, b"{" + b" " * 5_000, drips=0.5)
    began = time.monotonic()
    assert looks_up(scene, peer.base + path, patience=60) == []
    # A whole exchange has 30 seconds, however lively it is.
    assert 25 < time.monotonic() - began < 45
    scene.settles()

"""What other servers read here: WebFinger, NodeInfo, actors, posts and collections, as a peer asks for them."""

import json

import pytest

from federation import Federated
from hostile import word
from server import engines

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS2 = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.fixture(scope="module", params=engines()[-1:])
def server(request):
    """What is served does not depend on the database: one engine is enough."""
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def author(server):
    return server.person("author")


def get(peer, url, **how):
    answer = peer.get(url, **how)
    assert answer.status == 200, (url, answer.status, answer.body[:300])
    return answer.json()


def webfinger(peer, server, resource):
    return peer.get(f"{server.base}/.well-known/webfinger?resource={resource}", accept="application/jrd+json")


def test_webfinger_knows_people_by_handle_and_by_address(peer, server, author):
    actor, page = peer.find(author.handle), author.client.me().url
    for resource in (f"acct:{author.handle}", f"acct:{author.name.upper()}@{server.domain}", actor.id, page):
        found = webfinger(peer, server, resource)
        assert found.status == 200, resource
        assert found.header("content-type").startswith("application/jrd+json")
        assert found.header("access-control-allow-origin") == "*"
        assert found.json()["subject"] == f"acct:{author.handle}"
        links = {link["rel"]: link for link in found.json()["links"]}
        assert links["self"]["href"] == actor.id
        assert links["self"]["type"] == "application/activity+json"
        assert links["http://webfinger.net/rel/profile-page"]["href"] == page
        assert "{uri}" in links["http://ostatus.org/schema/1.0/subscribe"]["template"]


def test_webfinger_says_what_it_does_not_know(peer, server):
    for resource in (f"acct:nobody@{server.domain}", "acct:somebody@elsewhere.example", "https://elsewhere.example/x"):
        assert webfinger(peer, server, resource).status == 404, resource
    assert webfinger(peer, server, "").status == 400
    assert peer.get(f"{server.base}/.well-known/webfinger").status == 400


def test_host_meta_and_nodeinfo_lead_on(peer, server):
    meta = peer.get(f"{server.base}/.well-known/host-meta", accept="application/xrd+xml")
    assert b"/.well-known/webfinger?resource={uri}" in meta.body
    links = get(peer, f"{server.base}/.well-known/nodeinfo", accept="application/json")["links"]
    for link in links:
        info = get(peer, link["href"], accept="application/json")
        assert info["version"] == link["rel"].rpartition("/")[2]
        assert info["protocols"] == ["activitypub"]
        assert info["software"]["name"] == "phiomia"
        assert info["usage"]["users"]["total"] >= 0


@pytest.mark.parametrize("accept", ["application/activity+json", AS2])
def test_an_actor_says_who_they_are(peer, author, accept):
    author.client.account_update_credentials(display_name="The Author", note="writes", locked=True, discoverable=True)
    uri = peer.find(author.handle).id
    answer = peer.get(uri, accept=accept)
    assert answer.header("content-type").startswith(("application/activity+json", "application/ld+json; profile="))
    actor = answer.json()
    assert (actor["id"], actor["type"], actor["preferredUsername"]) == (uri, "Person", author.name)
    assert (actor["name"], actor["manuallyApprovesFollowers"], actor["discoverable"]) == ("The Author", True, True)
    assert "writes" in actor["summary"]
    assert actor["publicKey"]["owner"] == uri
    assert "PRIVATE" not in json.dumps(actor)
    for name in ("inbox", "outbox", "followers", "following", "featured"):
        assert actor[name].startswith(uri)


def test_a_browser_gets_a_page(peer, server, author):
    uri = peer.find(author.handle).id
    answer = peer.get(uri, accept="text/html")
    assert answer.status in (301, 302, 303) or answer.header("content-type").startswith("text/html")
    page = peer.get(f"{server.base}/@{author.name}", accept="application/activity+json")
    assert page.status in (301, 302, 303) or page.json()["id"] == uri


def test_the_server_itself_is_an_actor(peer, server):
    actor = get(peer, f"{server.base}/actor")
    assert actor["type"] == "Application"
    assert actor["publicKey"]["owner"] == actor["id"]


def test_a_post_is_what_was_written(peer, author):
    status = author.says("public words #tag", spoiler_text="beware", language="en")
    note = get(peer, status.uri)
    assert (note["id"], note["type"], note["attributedTo"]) == (status.uri, "Note", peer.find(author.handle).id)
    assert (note["summary"], note["sensitive"], note["url"]) == ("beware", True, status.url)
    assert note["to"] == [PUBLIC]
    assert "public words" in note["content"]
    assert "public words" in note["contentMap"]["en"]
    assert [tag["name"].lower() for tag in note["tag"]] == ["#tag"]
    assert "bto" not in note and "bcc" not in note


def test_an_outbox_is_read_page_by_page(peer, author):
    own = [author.says(f"{word()} {n}").uri for n in range(25)]
    author.says(word(), visibility="private")
    author.says(word(), visibility="direct")
    outbox = get(peer, peer.find(author.handle).document["outbox"])
    assert outbox["type"] == "OrderedCollection"
    found, page = [], outbox["first"]
    while page:
        page = get(peer, page) if isinstance(page, str) else page
        assert page["type"] == "OrderedCollectionPage"
        found += [item["object"]["id"] if isinstance(item["object"], dict) else item["object"]
                  for item in page["orderedItems"]]
        page = page.get("next") if page["orderedItems"] else None
    assert found == own[::-1]


def test_followers_are_counted_and_listed(peer, author):
    carol = peer.actor("carol")
    known = peer.find(author.handle)
    carol.send(carol.follow(known), known)
    peer.eventually_received(type="Accept")
    followers = get(peer, known.followers)
    assert followers["totalItems"] == 1
    assert carol.id in json.dumps(get(peer, followers["first"]))


def test_who_follows_is_hidden_when_it_should_be(peer, author):
    carol = peer.actor("carol")
    known = peer.find(author.handle)
    carol.send(carol.follow(known), known)
    peer.eventually_received(type="Accept")
    author.client.account_update_credentials(hide_collections=True)
    for url in (known.followers, f"{known.followers}?page=1", f"{known.followers}?page=true"):
        answer = peer.get(url)
        assert answer.status in (200, 403, 404)
        assert carol.id.encode() not in answer.body


def test_pins_are_a_collection(peer, author):
    status = author.says(word())
    author.client.status_pin(status.id)
    featured = get(peer, peer.find(author.handle).document["featured"])
    assert status.uri in json.dumps(featured)


def test_what_is_gone_is_a_tombstone(peer, author):
    status = author.says(word())
    author.client.status_delete(status.id)
    assert peer.get(status.uri).status == 410


def test_replies_are_a_collection(peer, author):
    root = author.says(word())
    answer = author.client.status_reply(root, word(), untag=True)
    replies = get(peer, root.uri)["replies"]
    replies = get(peer, replies) if isinstance(replies, str) else replies
    first = replies.get("first", replies)
    assert answer.uri in json.dumps(get(peer, first) if isinstance(first, str) else first)

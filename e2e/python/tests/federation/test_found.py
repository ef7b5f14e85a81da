"""Being found and read from another server: by handle, by address, unsigned, signed, by a follower."""

import pytest

from federation import Federated
from peer import Peer
from server import engines, eventually


@pytest.fixture(scope="module", params=engines())
def closed(request):
    with Federated(request.param, AUTHORIZED_FETCH="true") as running:
        yield running


def of(remote, status):
    return f"{remote.id}/statuses/{status.id}"


def follows(actor, remote):
    """Until the other server has said yes."""
    actor.peer.forget()
    actor.send(actor.follow(remote), remote)
    actor.peer.eventually_received(type="Accept", actor=remote.id)


def test_a_person_is_found_and_everything_they_name_can_be_read(server, peer):
    alice = server.person("found")
    alice.says("hello")
    remote = peer.find(alice.handle)
    assert remote.name == alice.name
    for name in ["outbox", "followers", "following", "featured", "featuredTags"]:
        collection = peer.get(remote.document[name])
        assert collection.status == 200, name
        assert collection.json()["id"] == remote.document[name]
        first = collection.json().get("first")
        if isinstance(first, str):
            page = peer.get(first).json()
            assert page["partOf"] == remote.document[name]
    posts = peer.get(remote.document["outbox"] + "?page=true").json()["orderedItems"]
    assert [post["type"] for post in posts] == ["Create"]
    for name in ["replies", "likes", "shares"]:
        assert peer.get(posts[0]["object"][name]["id"]).status == 200
    assert peer.get(posts[0]["object"]["context"]).json()["type"] == "OrderedCollection"


def test_handles_of_another_domain_lead_to_ids_of_the_host(peer):
    with Federated(engines()[0], handle_domain="handles.example") as server:
        alice = server.person("alice")
        remote = peer.find(alice.handle, web_base=server.base)
        assert remote.document["webfinger"] == alice.handle
        assert "handles.example" not in remote.id


def test_a_follower_elsewhere_reads_what_is_for_followers(server, peer):
    alice = server.person("secretive")
    remote = peer.find(alice.handle)
    carol, dave = peer.actor("carol"), peer.actor("dave")
    follows(carol, remote)
    status = alice.says("for followers", visibility="private")
    uri = of(remote, status)
    assert peer.get(uri).status == 404
    assert peer.get(uri, signer=dave).status == 404
    seen = peer.get(uri, signer=carol)
    assert seen.status == 200
    assert "for followers" in seen.json()["content"]
    assert seen.json()["to"] == [remote.followers]
    assert seen.header("Cache-Control") == "private, no-store"
    assert peer.get(uri + "/activity", signer=carol).json()["type"] == "Create"


def test_two_servers_compare_only_the_followers_they_share(server, peer):
    alice = server.person("followed")
    remote = peer.find(alice.handle)
    with Peer() as other:
        carol, erin = peer.actor("carol"), other.actor("erin")
        follows(carol, remote)
        follows(erin, other.find(alice.handle))
        uri = f"{remote.id}/followers_synchronization"
        assert peer.get(uri).status == 401
        assert peer.get(uri, signer=carol).json()["orderedItems"] == [carol.id]
        assert other.get(uri, signer=other.instance).json()["orderedItems"] == [erin.id]


def test_a_deleted_post_is_gone_and_a_private_one_never_was(server, peer):
    alice = server.person("forgetful")
    remote = peer.find(alice.handle)
    for visibility, left in [("public", 410), ("unlisted", 410), ("private", 404)]:
        status = alice.says("soon gone", visibility=visibility)
        alice.client.status_delete(status.id)
        found = peer.get(of(remote, status))
        assert found.status == left, visibility
        if left == 410:
            assert found.json()["type"] == "Tombstone"
            eventually(lambda: peer.get(of(remote, status)).status == 410, "it stays gone")


def test_where_a_signature_is_asked_for_keys_alone_are_told_without_one(closed, peer):
    alice = closed.person("careful")
    status = alice.says("hello")
    remote = peer.find(alice.handle)
    assert remote.document["followers"], "who signs is told everything"
    bare = peer.get(remote.id).json()
    assert bare["publicKey"] == remote.document["publicKey"]
    assert "followers" not in bare and "summary" not in bare
    for uri in [of(remote, status), remote.document["outbox"], remote.followers]:
        assert peer.get(uri).status == 401, uri
        assert peer.get(uri, signer=peer.actor("carol")).status == 200, uri
    assert peer.get(f"{closed.base}/actor").json()["type"] == "Application"


def test_two_servers_that_both_ask_for_signatures_find_each_other(closed):
    with Peer(authorized_fetch=True) as peer:
        alice = closed.person("wary")
        carol = peer.actor("carol")
        assert alice.finds(carol.handle).username == "carol"
        follows(carol, peer.find(alice.handle))


def test_somebody_takes_another_name_and_the_old_one_is_free(server, peer):
    dana = server.person("dana")
    remote = peer.find(dana.handle)
    carol = peer.actor("carol")
    account = dana.finds(carol)
    dana.client.account_follow(account.id)
    asked = peer.eventually_received(type="Follow", object=carol.id)
    carol.send(carol.accept(asked.json), remote)
    old = carol.handle
    # The id stays, and with it everything.
    carol.name, carol.handle = "karola", f"karola@{peer.domain}"
    carol.fields["preferredUsername"] = "karola"
    carol.send(carol.update(carol.document()), remote)
    eventually(lambda: dana.client.account(account.id).acct == carol.handle, "the new name", 20)
    assert dana.client.account_relationships(account.id)[0].following
    assert (dana.knows(old), dana.finds(carol).id) == (None, account.id)
    newcomer = peer.actor("newcomer", preferredUsername="carol")
    newcomer.handle = old
    found = dana.finds(newcomer)
    assert (found.acct, found.uri) == (old, newcomer.id) and found.id != account.id

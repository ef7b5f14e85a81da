"""Pictures of other servers are shown where they lie, with all that is said about them."""

import pytest

from federation import PATIENCE_SECONDS, Federated
from hostile import word
from server import engines, eventually


@pytest.fixture(scope="module", params=engines())
def server(request):
    with Federated(request.param) as running:
        yield running


@pytest.fixture
def dana(server):
    return server.person("dana")


def picture(peer):
    return {
        "type": "Document", "mediaType": "image/png", "url": peer.base + "/files/elephant.png", "name": "an elephant",
        "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "focalPoint": [0.25, -0.5], "width": 640, "height": 480}


def test_a_picture_and_what_is_said_about_it(dana, peer):
    carol = peer.actor("carol", icon={"type": "Image", "url": peer.base + "/files/carol.png", "name": "carol smiles"})
    plain, shown = carol.note(word()), carol.note(f"{word()} #elephants", attachment=[picture(peer)], tag=[
        {"type": "Hashtag", "name": "#elephants", "href": peer.base + "/tags/elephants"}])
    assert dana.finds(carol).avatar == peer.base + "/files/carol.png"
    posts = [dana.finds_post(note["id"]) for note in (plain, shown)]
    media, = posts[1].media_attachments
    assert (media.type, media.url, media.description) == ("image", peer.base + "/files/elephant.png", "an elephant")
    assert (media.meta.original.width, media.meta.original.height, media.meta.focus.x) == (640, 480, 0.25)
    account = posts[0].account.id
    only = dana.client.account_statuses(account, only_media=True)
    assert [post.uri for post in only] == [shown["id"]]
    public = lambda **more: [post.uri for post in dana.client.timeline_public(limit=40, **more)]
    assert shown["id"] in public(only_media=True) and plain["id"] not in public(only_media=True)
    assert {shown["id"], plain["id"]} <= set(public(remote=True))
    tagged = dana.client.timeline_hashtag("elephants", only_media=True)
    assert [post.uri for post in tagged] == [shown["id"]]


def test_pictures_come_with_what_is_sent(dana, peer):
    carol = peer.actor("carol")
    dana.client.account_follow(dana.finds(carol).id)
    remote = peer.find(dana.handle)
    request = peer.eventually_received(type="Follow")
    carol.send(carol.accept(request.json), remote)
    account = dana.finds(carol)
    eventually(lambda: dana.client.account_relationships(account.id)[0].following, "dana follows", PATIENCE_SECONDS)
    plain, shown = word(), word()
    carol.send(carol.create(carol.note(plain)), remote)
    carol.send(carol.create(carol.note(shown, attachment=[picture(peer)])), remote)
    assert dana.sees(shown).media_attachments and not dana.sees(plain).media_attachments

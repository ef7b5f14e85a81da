"""Pictures of other servers are shown through ours, with all that is said about them."""

from datetime import datetime, timedelta, timezone

import pytest
import requests

from federation import PATIENCE_SECONDS
from hostile import word
from operations import png_of
from server import eventually


@pytest.fixture
def dana(server):
    return server.person("dana")


def picture(peer):
    return {
        "type": "Document", "mediaType": "image/png", "url": peer.base + "/files/elephant.png", "name": "an elephant",
        "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "focalPoint": [0.25, -0.5], "width": 640, "height": 480}


def is_a_picture(server, url):
    """Whether a server hands it out itself, as a picture."""
    answer = requests.get(url, timeout=10, allow_redirects=False)
    is_picture = answer.content[:4] in (b"\x89PNG", b"RIFF")
    return url.startswith(server.base) and answer.status_code == 200 and is_picture


def test_a_picture_and_what_is_said_about_it(server, dana, peer):
    carol = peer.actor("carol", icon={"type": "Image", "url": peer.base + "/files/carol.png", "name": "carol smiles"})
    plain, shown = carol.note(word()), carol.note(f"{word()} #elephants", attachment=[picture(peer)], tag=[
        {"type": "Hashtag", "name": "#elephants", "href": peer.base + "/tags/elephants"}])
    assert dana.finds(carol).avatar.startswith(server.base + "/media_proxy/")
    posts = [dana.finds_post(note["id"]) for note in (plain, shown)]
    media, = posts[1].media_attachments
    assert (media.type, media.remote_url, media.description) == ("image", peer.base + "/files/elephant.png", "an elephant")
    assert media.url.startswith(server.base + "/media_proxy/")
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


def test_edits_elsewhere_put_posts_among_those_with_pictures_and_take_them_away(dana, peer):
    carol = peer.actor("carol")
    bare, full = carol.note(word()), carol.note(word(), attachment=[picture(peer)])
    account = dana.finds_post(bare["id"]).account.id
    remote = peer.find(dana.handle)
    dana.finds_post(full["id"])
    gallery = lambda: [post.uri for post in dana.client.account_statuses(account, only_media=True)]
    assert gallery() == [full["id"]]
    later = (datetime.now(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for note, attachment in ((bare, [picture(peer)]), (full, [])):
        note.update(attachment=attachment, updated=later)
        carol.send(carol.update(note), remote)
    eventually(lambda: gallery() == [bare["id"]], "the edits are here", PATIENCE_SECONDS)


def test_what_is_uploaded_here_is_seen_there(here, there):
    alice, bob = here.person("alice"), there.person("bob")
    bob.follows(alice)
    alice.client.account_update_credentials(avatar=png_of(40, 20), avatar_mime_type="image/png", display_name="Alice")
    media = alice.client.media_post(png_of(40, 20), mime_type="image/png", description="two dunes", focus=(0.5, -0.5))
    status = alice.client.status_post("", media_ids=[media], visibility="public")
    seen = bob.finds_post(status.uri)
    shown, = seen.media_attachments
    assert (shown.type, shown.description, shown.remote_url) == ("image", "two dunes", media.url)
    assert all(is_a_picture(there, url) for url in (shown.url, shown.preview_url, shown.url))
    assert (shown.meta.original.width, shown.meta.original.height) == (40, 20)
    assert shown.meta.focus == {"x": 0.5, "y": -0.5} and shown.blurhash == media.blurhash
    eventually(lambda: "/media_proxy/" in bob.knows(alice).avatar, "the profile is seen", PATIENCE_SECONDS)
    assert is_a_picture(there, bob.knows(alice).avatar)
    # An edit says what there is to see, and what is taken away goes there too.
    alice.client.status_update(status.id, "now with words", media_attributes=[
        alice.client.generate_media_edit_attributes(media.id, description="three dunes")])
    eventually(lambda: bob.reads(status.uri).media_attachments[0].description == "three dunes", "the edit is seen", PATIENCE_SECONDS)


def test_the_document_of_a_post_names_its_pictures(server, dana, peer):
    media = dana.client.media_post(png_of(40, 20), mime_type="image/png", description="two dunes")
    status = dana.client.status_post("look", media_ids=[media])
    attachment, = peer.get(status.uri).json()["attachment"]
    assert attachment == {
        "type": "Document", "mediaType": "image/png", "url": media.url, "name": "two dunes", "blurhash": media.blurhash,
        "width": 40, "height": 20}
    dana.client.account_update_credentials(header=png_of(40, 20), header_mime_type="image/png")
    account = dana.client.me()
    assert peer.get(account.uri).json()["image"] == {"type": "Image", "mediaType": "image/png", "url": account.header}

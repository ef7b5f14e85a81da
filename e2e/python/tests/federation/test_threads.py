"""Threads and profiles from elsewhere are completed while somebody looks at them, and an app learns when that is done; what
is fetched takes its place in the past."""

import json
import re
from datetime import datetime, timezone

import pytest
import requests

from federation import PATIENCE_SECONDS
from hostile import word
from live import listening
from server import eventually
from wire import Answer


@pytest.fixture
def dana(server):
    return server.person("dana")


def asked(member, path):
    return requests.get(member.server.base + path, timeout=10,
                        headers={"Authorization": f"Bearer {member.client.access_token}"})


def test_missing_answers_are_fetched_and_the_app_learns_when_that_is_done(dana, peer):
    carol, erin = peer.actor("carol"), peer.actor("erin")
    begins = carol.note(word())
    answers = [erin.note(word(), inReplyTo=begins["id"]) for _ in range(2)]
    deep = carol.note(word(), inReplyTo=answers[0]["id"])
    for note, replies in ((begins, [answer["id"] for answer in answers]), (answers[0], [deep["id"]])):
        collection = note["id"] + "/replies"
        peer.serve(collection, {
            "@context": "https://www.w3.org/ns/activitystreams", "id": collection, "type": "Collection", "items": replies})
        note["replies"] = collection
        peer.publish(note)
    seen = dana.finds_post(begins["id"])
    first = asked(dana, f"/api/v1/statuses/{seen.id}/context")
    told = re.fullmatch(r'id="([^"]+)", retry=\d+', first.headers["Mastodon-Async-Refresh"])
    refresh = lambda: asked(dana, f"/api/v1_alpha/async_refreshes/{told[1]}").json()["async_refresh"]
    assert refresh()["id"] == told[1]
    eventually(lambda: refresh()["status"] == "finished", "all is fetched", PATIENCE_SECONDS)
    again = asked(dana, f"/api/v1/statuses/{seen.id}/context")
    assert "Mastodon-Async-Refresh" not in again.headers
    assert {post["uri"] for post in again.json()["descendants"]} == {note["id"] for note in (*answers, deep)}


def test_what_is_fetched_under_no_name_is_not_there(dana):
    assert asked(dana, "/api/v1_alpha/async_refreshes/nothing").status_code == 404


def collection(peer, uri, items):
    """Items, found at an address, one to a page."""
    pages = [f"{uri}?page={n}" for n in range(len(items))]
    documents = {
        page: {"id": page, "type": "OrderedCollectionPage", "partOf": uri, "orderedItems": [item]}
              | ({"next": pages[n + 1]} if n + 1 < len(pages) else {})
        for n, (page, item) in enumerate(zip(pages, items))}
    whole = {"id": uri, "type": "OrderedCollection", "totalItems": len(items), "first": pages[0]}
    peer.serve(uri, lambda got: {"@context": "https://www.w3.org/ns/activitystreams"} | documents.get(peer.base + got.path, whole))


def test_a_whole_thread_is_read_from_its_context(dana, peer):
    """FEP-f228: the server that keeps the thread together lists all of it, however deep."""
    carol, erin = peer.actor("carol"), peer.actor("erin")
    context = f"{peer.base}/contexts/{word()}"
    posts = [carol.note(word(), context=context)]
    for n in range(7):
        posts.append((erin if n % 2 == 0 else carol).note(word(), inReplyTo=posts[-1]["id"], context=context))
    collection(peer, context, [post["id"] for post in posts])
    # Begun in the middle: upwards by what each answers, downwards by the context.
    seen = dana.finds_post(posts[3]["id"])
    thread = lambda: dana.client.status_context(seen.id)
    thread()
    uris = lambda posts: [post["uri"] for post in posts]
    ids = [post["id"] for post in posts]
    eventually(lambda: (uris((now := thread()).ancestors), uris(now.descendants)) == (ids[:3], ids[4:]), "all of it",
               PATIENCE_SECONDS)


def test_a_thread_goes_on_where_a_server_wanted_to_be_left_alone(dana, peer):
    carol = peer.actor("carol")
    note = carol.note(word())
    answers = [carol.note(word(), inReplyTo=note["id"]) for _ in range(3)]
    collection(peer, f"{note['id']}/replies", [answer["id"] for answer in answers])
    peer.publish(note | {"replies": f"{note['id']}/replies"})
    seen = dana.finds_post(note["id"])
    path = answers[1]["id"].removeprefix(peer.base)
    peer.answers(path, Answer(429, headers={"Retry-After": "2"}))
    asked(dana, f"/api/v1/statuses/{seen.id}/context")
    below = lambda: {post["uri"] for post in asked(dana, f"/api/v1/statuses/{seen.id}/context").json()["descendants"]}
    eventually(lambda: below() == {answer["id"] for answer in answers}, "the rest, later", PATIENCE_SECONDS)


@pytest.mark.parametrize("how", ["opened", "followed"])
def test_a_profile_is_filled_with_its_past_and_home_is_left_alone(dana, peer, how):
    carol, erin = peer.actor("carol"), peer.actor("erin")
    old = []
    for n in range(5):
        note = carol.note(word(), published=f"2026-01-0{n + 1}T10:00:00Z")
        carol.create(note)
        old.append(note["id"])
    carol.pinned = [old[2]]
    remote = peer.find(dana.handle)
    follows(dana, erin, remote)
    erin.send(erin.create(news := erin.note(word())), remote)
    top = dana.sees(news["content"][3:-4])
    with listening(dana.client.stream_user) as events:
        if how == "followed":
            account = follows(dana, carol, remote)
        else:
            account = dana.client.account(dana.finds(carol).id)
        shown = lambda **more: dana.client.account_statuses(account.id, limit=40, **more)
        eventually(lambda: [post.uri for post in shown()] == old[::-1], "the past of the profile", PATIENCE_SECONDS)
        eventually(lambda: [post.uri for post in shown(pinned=True)] == [old[2]], "the pin", PATIENCE_SECONDS)
        dated = [post.created_at.isoformat() for post in shown()]
        assert dated == sorted(dated, reverse=True) and dated[0].startswith("2026-01-05T10:00:00")
        assert dana.home()[0].id == top.id, "nothing old is put on top"
        assert all(int(post.id) < int(top.id) for post in shown())
        erin.send(erin.create(later := erin.note(word())), remote)
        # The first that the stream tells is news: what was fetched is nobody's.
        assert later["content"] == events.wait_for("update").content
    assert dana.client.notifications(types=["mention", "status"]) == []


def follows(member, actor, remote):
    """Until the actor has said yes; gives the account."""
    account = member.finds(actor)
    member.client.account_follow(account.id)
    request = actor.peer.eventually_received(type="Follow", object=actor.id)
    actor.send(actor.accept(request.json), remote)
    eventually(lambda: member.client.account_relationships(account.id)[0].following, "the follow", PATIENCE_SECONDS)
    return account


def test_counts_of_the_origin_are_shown_with_their_age(dana, peer):
    carol = peer.actor("carol")
    likes = {"id": f"{peer.base}/likes/{word()}", "type": "Collection", "totalItems": 12}
    note = carol.note(word())
    peer.publish(note | {"likes": likes, "shares": likes | {"totalItems": 5}})
    carol.follower_ids = [f"https://elsewhere.example/{n}" for n in range(7)]
    carol.create(carol.note(word()))
    seen = dana.finds_post(note["id"])
    origin = lambda path: asked(dana, f"/api/v1/{path}/origin").json()
    told = origin(f"statuses/{seen.id}")
    assert (told["host"], told["favourites_count"], told["reblogs_count"]) == (peer.domain, 12, 5)
    assert (dana.client.status(seen.id).favourites_count, dana.client.status(seen.id).reblogs_count) == (12, 5)
    assert told["replies_count"] is None, "its server does not say"
    age = lambda told: (datetime.now(timezone.utc) - datetime.fromisoformat(told["counted_at"])).total_seconds()
    assert 0 <= age(told) < 60
    dana.client.account(seen.account.id)
    person = eventually(lambda: (told := origin(f"accounts/{seen.account.id}"))["counted_at"] and told, "it was counted",
                        PATIENCE_SECONDS)
    assert (person["host"], person["followers_count"], person["statuses_count"]) == (peer.domain, 7, 1)
    assert 0 <= age(person) < 60
    # What lives here is counted now; of a post without figures there is no age.
    own = origin(f"statuses/{dana.says(word()).id}")
    assert (own["host"], own["favourites_count"]) == (dana.server.domain, 0) and age(own) < 60
    bare = origin(f"statuses/{dana.finds_post(carol.note(word())['id']).id}")
    assert (bare["counted_at"], bare["favourites_count"]) == (None, None) and bare["fetched_at"]
    stranger = dana.server.person("stranger")
    hidden = dana.says(word(), visibility="private")
    assert asked(stranger, f"/api/v1/statuses/{hidden.id}/origin").status_code == 404
    facts = json.loads(dana.server.cli("fetch", note["id"]))
    assert (facts["favourites_count"], facts["counted_at"]) == (12, told["counted_at"])

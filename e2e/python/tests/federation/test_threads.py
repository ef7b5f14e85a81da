"""A thread from elsewhere is completed while somebody looks at it, and an app learns when that is done."""

import re

import pytest
import requests

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

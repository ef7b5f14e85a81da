"""What the server says of itself, and what it answers to those who ask wrongly."""

import pytest
import requests
from mastodon.errors import MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError

from people import client_of


def test_the_instance_says_which_mastodon_it_is(anyone, server):
    assert anyone.retrieve_mastodon_version().startswith("4.7.")
    first = anyone.instance_v1()
    second = anyone.instance_v2()
    assert first.uri == second.domain == server.domain
    assert "(compatible; Phiomia" in second.version
    assert first.urls.streaming_api == second.configuration.urls.streaming == f"ws://{server.domain}"
    assert second.configuration.statuses.max_characters == 500
    assert second.configuration.statuses.characters_reserved_per_url == 23
    assert second.api_versions.mastodon > 0


def test_an_unknown_token_is_401(server):
    with pytest.raises(MastodonUnauthorizedError) as refused:
        client_of(server, access_token="made up").me()
    assert refused.value.args[1] == 401
    assert refused.value.args[3] == "The access token is invalid"


def test_a_missing_scope_is_403(alice):
    with pytest.raises(MastodonAPIError) as refused:
        alice.client("read").status_post("not allowed")
    assert refused.value.args[1] == 403
    assert refused.value.args[3] == "This action is outside the authorized scopes"


def test_a_narrow_scope_is_enough_for_what_it_names(alice):
    assert alice.client("write:statuses").status_post("allowed").content == "<p>allowed</p>"


def test_what_is_not_there_is_404(as_alice):
    with pytest.raises(MastodonNotFoundError) as missing:
        as_alice.status(1)
    assert missing.value.args[3] == "Record not found"


def test_hidden_and_missing_answer_the_same_bytes(server, as_alice, bob):
    hidden = as_alice.status_post("secret", visibility="direct").id
    headers = {"Authorization": f"Bearer {bob.token()}"}
    answers = [requests.get(f"{server.base}/api/v1/statuses/{status}", headers=headers, timeout=10)
               for status in (hidden, 1, "nonsense")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_an_empty_post_is_422(as_alice):
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.status_post("")
    assert refused.value.args[1] == 422
    assert refused.value.args[3] == "Validation failed: Text can't be blank"


def test_too_long_a_post_is_422_and_links_count_23(as_alice):
    link = "https://example.org/" + "x" * 200
    assert as_alice.status_post("x" * 476 + " " + link)
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.status_post("x" * 501)
    assert refused.value.args[1] == 422


def test_an_unknown_route_is_404_as_json(server):
    answer = requests.get(f"{server.base}/api/v1/nothing_here", timeout=10)
    assert answer.status_code == 404
    assert isinstance(answer.json()["error"], str)


def test_a_request_without_user_agent_is_served(server):
    answer = requests.get(f"{server.base}/api/v2/instance", headers={"User-Agent": None}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [
    {"json": {"status": "one body", "visibility": "unlisted"}},
    {"data": {"status": "one body", "visibility": "unlisted"}},
    {"files": {"status": (None, "one body"), "visibility": (None, "unlisted")}},
], ids=["json", "form", "multipart"])
def test_json_form_and_multipart_say_the_same(server, alice, body):
    answer = requests.post(f"{server.base}/api/v1/statuses", timeout=10,
                           headers={"Authorization": f"Bearer {alice.token()}"}, **body)
    assert answer.status_code == 200
    assert answer.json()["content"] == "<p>one body</p>"
    assert answer.json()["visibility"] == "unlisted"


def test_ids_are_strings_and_times_have_milliseconds(server, alice):
    status = requests.post(f"{server.base}/api/v1/statuses", timeout=10, json={"status": "hello"},
                           headers={"Authorization": f"Bearer {alice.token()}"}).json()
    assert status["id"].isdigit()
    assert status["account"]["id"] == alice.id
    assert len(status["created_at"]) == len("2026-01-01T00:00:00.000Z")
    assert status["created_at"].endswith("Z")

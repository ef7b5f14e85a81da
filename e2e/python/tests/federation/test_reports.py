"""Reports: made here, passed on without the reporter's name, and taken from other servers."""

import json

import pytest
from mastodon.errors import MastodonAPIError

from federation import PATIENCE_SECONDS
from hostile import word
from server import eventually


@pytest.fixture
def dana(server):
    return server.person("dana")


def reports(server):
    return json.loads(server.cli("report", "list", "--json"))


def test_a_report_is_passed_on_by_the_server_if_that_is_wished(server, dana, peer):
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    note = carol.note(word(), mentions=[remote])
    carol.send(carol.create(note), remote)
    seen = eventually(lambda: dana.reads(note["id"]), "the post", PATIENCE_SECONDS)
    comment = word()
    made = dana.client.report(seen.account.id, status_ids=[seen.id], comment=comment, forward=True)
    assert (made.comment, made.forwarded, made.category, made.action_taken) == (comment, True, "other", False)
    assert [str(status) for status in made.status_ids] == [str(seen.id)]
    got = peer.eventually_received(type="Flag")
    assert got.json["actor"] == f"{server.base}/actor" and got.signer == got.json["actor"]
    assert got.json["object"] == [carol.id, note["id"]] and got.json["content"] == comment
    assert dana.name not in str(got.json)
    kept = next(row for row in reports(server) if row["comment"] == comment)
    assert (kept["by"], kept["about"]) == (dana.name, carol.handle)
    server.cli("report", "resolve", kept["id"])
    assert kept["id"] not in [row["id"] for row in reports(server)]


def test_a_report_stays_here_otherwise(server, dana, peer):
    carol = peer.actor("carol")
    seen = dana.finds(carol)
    assert not dana.client.report(seen.id, comment=word()).forwarded
    assert not dana.client.report(dana.client.me().id, comment=word(), forward=True).forwarded
    assert not peer.requests(type="Flag")


def test_what_is_no_report_is_refused(dana):
    me = dana.client.me().id
    for wrong in ({"comment": "x" * 1001}, {"category": "violation", "rule_ids": [4711]}):
        with pytest.raises(MastodonAPIError) as refused:
            dana.client.report(me, **wrong)
        assert refused.value.args[1] == 422, wrong
    with pytest.raises(MastodonAPIError) as refused:
        dana.client.report(4711)
    assert refused.value.args[1] == 404


def test_another_server_reports_somebody_here_once(server, dana, peer):
    carol = peer.actor("carol")
    remote = peer.find(dana.handle)
    status = dana.says(word())
    comment = word()
    flag = carol.flag([remote.id, status.uri], comment)
    for _ in range(2):
        carol.send(flag, remote)
    kept = eventually(lambda: [row for row in reports(server) if row["comment"] == comment], "the report", PATIENCE_SECONDS)
    assert len(kept) == 1
    assert (kept[0]["by"], kept[0]["about"], kept[0]["status_ids"]) == (carol.handle, dana.name, [str(status.id)])

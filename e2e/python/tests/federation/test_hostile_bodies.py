"""Bodies and documents that are too large, too deep, malformed or said twice (SECURITY: bounds), and fetches that lead
astray. Never a 5xx, nothing stored beyond the bounds, and the next decent post still arrives."""

import gzip
import json
import socket
import threading

import pytest

from federation import PATIENCE_SECONDS
from hostile import word
from server import eventually
from wire import Answer, redirect

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
MALFORMED = (400, 401, 422)


def taken(answer):
    assert answer.status == 202 or answer.status in MALFORMED, (answer.status, answer.body[:300])


# Bodies

def test_a_body_beyond_a_megabyte_is_too_large(scene):
    note = scene.mention(scene.mallory, "x" * 1_100_000)
    assert scene.mallory.post(scene.inbox, scene.mallory.create(note)).status == 413
    scene.is_absent(note, text="xxxxxxxxxx")


def test_a_body_that_only_says_it_is_large_is_too_large(scene):
    def claims(headers, body):
        return headers + [("Content-Length", "1000000000")], body
    assert scene.mallory.post(scene.inbox, scene.mallory.like(scene.remote.id), alter=claims).status == 413
    scene.settles()


NO_ACTIVITIES = [
    b"", b"{", b"null", b"7", b"[]", b'"text"', b"{}", b'{"type": "Create"}', b"\xff\xfe", b"{\"a\": \"\xff\"}", b"NaN",
    b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"1" * 100_000,
]


def test_what_is_no_activity_is_refused(scene):
    for body in NO_ACTIVITIES:
        answer = scene.mallory.post(scene.inbox, body)
        assert answer.status in MALFORMED, (body[:20], answer.status, answer.body[:300])
    scene.settles()


def test_what_is_too_deep_is_refused(scene):
    mallory = scene.mallory
    body = json.dumps(mallory.create(scene.mention(mallory, word(), extra="DEEP"))).encode()
    for opening, closing in ((b"[", b"]"), (b'{"object":', b"}")):
        for depth in (40, 10_000):
            deep = body.replace(b'"DEEP"', opening * depth + b"1" + closing * depth)
            taken(mallory.post(scene.inbox, deep))
    scene.settles()


ODD_VALUES = [None, 7, -1.5e300, True, "", "text", [], {}, [[]], [None], {"id": 7}, {"type": ["Note", 7]},
              ["https://example.org/", {}], "\u0000", "9999-99-99T99:99:99Z", "-0001-01-01T00:00:00Z"]


def test_parts_of_an_activity_may_be_of_any_type(scene):
    mallory = scene.mallory
    for kind in ("Create", "Update", "Delete", "Follow", "Accept", "Undo", "Announce", "Like", "Add", "Move", "Flag"):
        for part in ("id", "type", "actor", "object", "target", "to", "published"):
            for value in ODD_VALUES[:13:3] if kind != "Create" else ODD_VALUES:
                activity = mallory.create(scene.mention(mallory, word())) | {"type": kind} | {part: value}
                taken(mallory.post(scene.inbox, activity))
    scene.settles()


NOTE_PARTS = [
    "content", "summary", "attributedTo", "to", "cc", "tag", "attachment", "inReplyTo", "published", "updated", "url",
    "sensitive", "contentMap", "oneOf", "replies", "quote", "interactionPolicy", "name", "conversation"]


def test_parts_of_a_post_may_be_of_any_type(scene):
    """Each is taken or refused, and none breaks what follows."""
    for part in NOTE_PARTS:
        for value in ODD_VALUES:
            note = scene.mention(scene.mallory, word()) | {part: value}
            taken(scene.mallory.post(scene.inbox, scene.mallory.create(note)))
    scene.settles()
    assert scene.victim.client.timeline_home() is not None
    scene.victim.client.notifications()


def test_odd_characters_break_nothing(scene):
    notes = []
    for part in ("content", "summary", "name", "inReplyTo", "id"):
        for text in ("a\u0000b", "a\ud800b", "a\u202eb\u0007", "\U0010ffff" * 10):
            note = scene.mention(scene.mallory, word())
            note[part] = note.get(part, "") + text
            taken(scene.mallory.post(scene.inbox, scene.mallory.create(note)))
            notes.append(note)
    scene.settles()
    for told in scene.victim.client.notifications():
        assert "\\u0000" not in json.dumps(told, default=str)


def test_odd_characters_in_a_profile_break_nothing(scene):
    for field in ("name", "summary", "preferredUsername"):
        odd = scene.mallory.peer.actor(f"odd_{word()}")
        odd.fields[field] = "mal\u0000lory\ud800"
        taken(odd.post(scene.inbox, odd.follow(scene.remote)))
    scene.settles()
    assert "\\u0000" not in json.dumps(scene.victim.client.account_followers(scene.victim.id), default=str)


def test_a_post_with_too_much_of_everything_is_kept_within_the_bounds(scene):
    carol = scene.carol
    note = scene.mention(
        carol, word(),
        attachment=[{"type": "Image", "mediaType": "image/png", "url": f"{carol.peer.base}/{n}.png", "name": "n" * 20_000}
                    for n in range(40)])
    note["tag"] += [{"type": "Hashtag", "name": f"#tag{n}", "href": f"{carol.peer.base}/t/{n}"} for n in range(300)]
    note["tag"] += [{"type": "Mention", "name": f"@m{n}", "href": f"{carol.peer.base}/users/m{n}"} for n in range(300)]
    shown = scene.arrives(carol, note)
    assert len(shown.media_attachments) <= 16
    assert all(len(media.description or "") <= 10_000 for media in shown.media_attachments)
    assert len(shown.tags) <= 100
    assert len(shown.mentions) <= 100


def test_a_text_beyond_the_bounds_is_cut_or_refused(scene):
    note = scene.mention(scene.carol, "long " * 30_000)
    scene.carol.post(scene.inbox, scene.carol.create(note))
    scene.settles()
    shown = scene.victim.reads(note["id"])
    assert shown is None or len(shown.content) <= 110_000


def test_a_profile_with_too_much_of_everything_is_kept_within_the_bounds(scene):
    carol = scene.carol
    carol.fields |= {
        "name": "n" * 10_000,
        "summary": "s" * 100_000,
        "attachment": [{"type": "PropertyValue", "name": f"f{n}", "value": "v" * 5_000} for n in range(90)],
        "alsoKnownAs": [f"https://example.org/{n}" for n in range(900)],
    }
    shown = scene.victim.finds(carol)
    assert len(shown.display_name) <= 2_048
    assert len(shown.note) <= 21_000
    assert len(shown.fields) <= 50


def test_a_poll_with_too_many_choices_is_kept_within_the_bounds(scene):
    question = scene.mention(scene.carol, word(), type="Question", oneOf=[
        {"type": "Note", "name": f"choice {n}", "replies": {"type": "Collection", "totalItems": 1}} for n in range(900)])
    scene.carol.post(scene.inbox, scene.carol.create(question))
    scene.settles()
    shown = scene.victim.reads(question["id"])
    assert shown is None or shown.poll is None or len(shown.poll.options) <= 500


def test_scripts_and_addresses_of_other_kinds_are_not_shown(scene):
    note = scene.mention(scene.carol, word()) | dict(
        url="https://elsewhere.example/@carol/1",
        content='<p onclick="x()">hi<script>alert(1)</script><a href="javascript:alert(1)">j</a>'
                '<img src="https://elsewhere.example/pixel.gif"><style>*{}</style></p>')
    shown = scene.arrives(scene.carol, note)
    for bad in ("script", "onclick", "javascript", "<img", "<style"):
        assert bad not in shown.content
    assert shown.url == note["id"], "a page on another host than the id is not believed"


def test_a_javascript_address_is_no_page(scene):
    scene.carol.fields["url"] = "javascript:alert(1)"
    assert scene.victim.finds(scene.carol).url == scene.carol.id


# Twice

def test_one_activity_counts_once(scene):
    carol = scene.carol
    status = scene.victim.says(word())
    note = scene.mention(carol, word(), inReplyTo=status.uri)
    for activity in (carol.create(note), carol.like(status.uri), carol.announce(status.uri), carol.follow(scene.remote)):
        for _ in range(3):
            assert carol.post(scene.inbox, activity).status == 202
            assert carol.post(scene.remote.inbox, activity).status == 202
    scene.settles()
    client = scene.victim.client
    shown = eventually(
        lambda: next((s for s in [client.status(status.id)]
                      if s.replies_count and s.favourites_count and s.reblogs_count), None), "the counts")
    assert (shown.replies_count, shown.favourites_count, shown.reblogs_count) == (1, 1, 1)
    for kind in ("mention", "favourite", "reblog", "follow"):
        told = [note for note in client.notifications(types=[kind]) if note.account.acct == carol.handle]
        # One of the mentions is that of `settles`.
        assert len(told) == (2 if kind == "mention" else 1), kind
    assert client.me().followers_count == 1


def test_the_same_thing_under_other_activity_ids_counts_once(scene):
    carol = scene.carol
    status = scene.victim.says(word())
    note = scene.mention(carol, word(), inReplyTo=status.uri)
    for _ in range(3):
        carol.send(carol.create(note), scene.remote)
        carol.send(carol.like(status.uri), scene.remote)
        carol.send(carol.follow(scene.remote), scene.remote)
    scene.settles()
    client = scene.victim.client
    shown = eventually(
        lambda: next((s for s in [client.status(status.id)] if s.replies_count and s.favourites_count), None), "counts")
    assert (shown.replies_count, shown.favourites_count) == (1, 1)
    assert client.me().followers_count == 1


def test_a_delete_that_overtakes_its_create_holds(scene):
    carol = scene.carol
    note = scene.mention(carol, word())
    carol.peer.withdraw(note["id"])
    carol.send(carol.delete(note["id"]), scene.remote)
    scene.settles()
    carol.send(carol.create(note), scene.remote)
    scene.is_absent(note)


def test_two_votes_for_a_single_choice_count_once(scene):
    carol, client = scene.carol, scene.victim.client
    status = scene.victim.says("well?", poll=client.make_poll(["yes", "no"], expires_in=300))
    for choice in ("yes", "no", "yes", "maybe"):
        vote = {"id": carol.peer.new_id("votes"), "type": "Note", "attributedTo": carol.id, "name": choice,
                "inReplyTo": status.uri, "to": [scene.remote.id]}
        carol.send(carol.create(vote), scene.remote)
    eventually(lambda: client.poll(status.poll.id).votes_count, "a vote", PATIENCE_SECONDS)
    scene.settles()
    poll = client.poll(status.poll.id)
    assert (poll.votes_count, poll.voters_count) == (1, 1)
    assert client.status(status.id).replies_count == 0


# Who is unknown

def test_unknown_people_who_go_or_change_cause_no_work(scene):
    ghost = scene.mallory.peer.actor(f"ghost_{word()}")
    scene.mallory.peer.forget()
    for activity in (ghost.delete(ghost.id), ghost.update(ghost.document())):
        assert ghost.post(scene.inbox, activity).status == 202
    assert scene.mallory.peer.requests(method="GET", path=f"/users/{ghost.name}") == []
    scene.settles()
    assert scene.victim.knows(ghost) is None


# Fetching

def test_only_documents_of_the_right_type_are_read(scene):
    for content_type in ("text/html", "application/json", "application/ld+json", "text/plain", ""):
        note = scene.mallory.note(word())
        scene.mallory.peer.serve(note["id"], Answer(200, note, content_type=content_type))
        found = scene.victim.client.search_v2(note["id"], resolve=True, result_type="statuses").statuses
        assert found == [], content_type
    scene.is_absent(note)


def test_both_media_types_of_the_standard_are_read(scene):
    for content_type in ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
                         "application/activity+json; charset=utf-8"):
        note = scene.carol.note(word())
        scene.carol.peer.serve(note["id"], Answer(200, note, content_type=content_type))
        assert scene.victim.finds_post(note["id"]).uri == note["id"]


def test_what_is_fetched_must_have_the_id_of_its_host(scene):
    real = scene.carol.note(word())
    fake = dict(real, content=f"<p>{word()}</p>")
    path = f"/notes/fake-{word()}"
    scene.mallory.peer.documents[path] = fake
    scene.victim.client.search_v2(scene.mallory.peer.base + path, resolve=True)
    scene.settles()
    shown = scene.victim.reads(real["id"])
    assert shown is None or fake["content"] not in shown.content


def test_a_redirect_leads_to_what_is_there(scene):
    for status in (301, 302, 307, 308):
        note = scene.carol.note(word())
        path = f"/moved/{word()}"
        scene.carol.peer.documents[path] = redirect(note["id"], status)
        assert scene.victim.finds_post(scene.carol.peer.base + path).uri == note["id"], status


def test_redirects_end(scene):
    base = scene.mallory.peer.base
    scene.mallory.peer.documents["/loop"] = redirect(f"{base}/loop")
    for n in range(6):
        scene.mallory.peer.documents[f"/hop{n}"] = redirect(f"{base}/hop{n + 1}")
    scene.mallory.peer.documents["/hop6"] = lambda got: redirect(scene.carol.note(word())["id"])
    for path in ("/loop", "/hop0"):
        scene.mallory.peer.forget()
        assert scene.victim.client.search_v2(base + path, resolve=True).statuses == []
        # The same address may be asked for in several ways (document, page), each with at most three redirects.
        assert len(scene.mallory.peer.requests(method="GET")) <= 12
    scene.settles()


def test_a_redirect_to_ourselves_gives_nothing_away(scene):
    hidden = scene.victim.says(word(), visibility="private")
    scene.mallory.peer.documents["/inside"] = redirect(hidden.uri)
    stranger = scene.victim.server.person("stranger")
    assert stranger.client.search_v2(f"{scene.mallory.peer.base}/inside", resolve=True).statuses == []
    scene.settles()


@pytest.mark.parametrize("how", ["directly", "redirected", "webfinger"])
def test_private_addresses_are_not_connected_to(scene, how):
    """Only 127.0.0.0/8 is allowed here: a listener at ::1 must never see anybody."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no ::1")
    came = threading.Event()

    def wait():
        try:
            listener.accept()[0].close()
            came.set()
        except OSError:
            pass
    threading.Thread(target=wait, daemon=True).start()
    inside = f"[::1]:{listener.getsockname()[1]}"
    if how == "redirected":
        scene.mallory.peer.documents["/away"] = redirect(f"http://{inside}/x")
    asked = {"directly": f"http://{inside}/x", "redirected": f"{scene.mallory.peer.base}/away",
             "webfinger": f"somebody@{inside}"}[how]
    scene.victim.client.search_v2(asked, resolve=True)
    note = scene.mention(scene.mallory, word(), inReplyTo=f"http://{inside}/notes/1")
    scene.mallory.post(scene.inbox, scene.mallory.create(note))
    scene.settles()
    listener.close()
    assert not came.is_set()


NO_DOCUMENTS = {
    "huge": Answer(200, b"x" * 3_000_000),
    "bomb": Answer(200, gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
    "deep": Answer(200, b'{"a":' * 200_000),
    "list": Answer(200, b"[]"),
    "null": Answer(200, b"null"),
    "empty": Answer(200, b""),
    "no content": Answer(204),
    "broken": Answer(500),
    "hangs up": Answer(closes=True),
    "nowhere": Answer(302),
    "no address": Answer(302, headers={"Location": "::"}),
    "file": Answer(302, headers={"Location": "file:///etc/passwd"}),
}


def test_answers_that_are_no_document_break_nothing(scene):
    peer = scene.mallory.peer
    for name, answer in NO_DOCUMENTS.items():
        path = f"/odd/{word()}"
        peer.documents[path] = answer
        found = scene.victim.client.search_v2(peer.base + path, resolve=True)
        assert (found.statuses, found.accounts) == ([], []), name
    scene.settles()


def test_a_thread_without_end_is_not_followed_to_the_end(scene):
    peer = scene.mallory.peer

    def endless(got):
        number = int(got.path.rpartition("/")[2])
        return scene.mallory.note("deeper") | {
            "id": f"{peer.base}/endless/{number}", "inReplyTo": f"{peer.base}/endless/{number + 1}"}
    for number in range(600):
        peer.documents[f"/endless/{number}"] = endless
    peer.forget()
    scene.victim.client.search_v2(f"{peer.base}/endless/0", resolve=True)
    scene.settles()
    assert len(peer.requests(method="GET", path="/endless/")) <= 400


def test_a_post_that_answers_itself_breaks_nothing(scene):
    first, second = scene.mallory.note(word()), scene.mallory.note(word())
    first["inReplyTo"], second["inReplyTo"] = second["id"], first["id"]
    own = scene.mallory.note(word())
    own["inReplyTo"] = own["id"]
    for note in (first, second, own):
        taken(scene.mallory.post(scene.inbox, scene.mallory.create(note)))
    scene.settles()
    for note in (first, second, own):
        status = scene.victim.finds_post(note["id"])
        thread = scene.victim.client.status_context(status.id)
        assert status.id not in [post.id for post in thread.ancestors + thread.descendants]

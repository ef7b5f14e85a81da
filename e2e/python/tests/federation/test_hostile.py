"""What is not signed as it must be is refused, and what is signed counts for its signer alone (SECURITY: one authority).

After each attempt nothing is stored that must not be, and the next decent post still arrives: `Scene.settles`."""

import json
import time

import pytest

from federation import PATIENCE_SECONDS, Federated
from hostile import word
from server import engines, eventually
from signatures import DIALECTS, RsaKey, sign_cavage, sign_rfc9421
from wire import Answer

MINUTE = 60


@pytest.fixture(scope="module", params=engines()[-1:])
def server(request):
    """Whose word counts does not depend on the database: one engine is enough."""
    with Federated(request.param) as running:
        yield running


def altered(**changes):
    """Replaces the values of headers after they have been signed; None takes one away."""
    names = {name.replace("_", "-").lower(): value for name, value in changes.items()}

    def alter(headers, body):
        kept = [(name, names.get(name.lower(), value)) for name, value in headers]
        return [(name, value) for name, value in kept if value is not None], body
    return alter


def repeated(name):
    return lambda headers, body: (headers + [pair for pair in headers if pair[0] == name], body)


def another_body(headers, body):
    return headers, body.replace(b"</p>", b"!</p>")


def doubled(headers, body):
    """A second signature under another label."""
    return [(name, f"{value}, {value.replace('sig1', 'sig2', 1)}" if name.startswith("Signature") else value)
            for name, value in headers], body


# Signatures

UNBELIEVABLE = {
    "unsigned": {"alter": altered(signature=None, signature_input=None)},
    "another body": {"alter": another_body},
    "66 minutes old": {"at": time.time() - 66 * MINUTE},
    "from the future": {"at": time.time() + 120 * MINUTE},
    "two signatures": {"alter": repeated("Signature")},
    "two hosts": {"alter": repeated("Host")},
    "not base64": {"alter": altered(signature='keyId="x",signature="?"', signature_input="sig1=()")},
    "no words": {"alter": altered(signature="?", signature_input="?")},
}
UNBELIEVABLE_CAVAGE = {
    "two digests": {"alter": repeated("Digest")},
    "two dates": {"alter": repeated("Date")},
    "no digest": {"alter": altered(digest=None)},
    "weak digest": {"alter": altered(digest="MD5=AAAA")},
    "another date": {"alter": altered(date="Thu, 01 Jan 1970 00:00:00 GMT")},
}
UNBELIEVABLE_RFC9421 = {
    "two digests": {"alter": repeated("Content-Digest")},
    "two inputs": {"alter": repeated("Signature-Input")},
    "two signatures in one": {"alter": doubled},
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_not_signed_as_it_must_be_is_refused(scene, dialect):
    note = scene.mention(scene.mallory, word())
    faults = UNBELIEVABLE | (UNBELIEVABLE_RFC9421 if dialect == "rfc9421" else UNBELIEVABLE_CAVAGE)
    answers = {
        name: scene.mallory.post(scene.inbox, scene.mallory.create(note), dialect=dialect, **how).status
        for name, how in faults.items()}
    # An HTTP library may refuse two hosts before anybody looks at signatures.
    assert answers.pop("two hosts") in (400, 401)
    assert answers == dict.fromkeys(answers, 401)
    scene.is_absent(note)


@pytest.mark.parametrize("sign, parts", [
    (sign_cavage, ["(request-target)", "host", "date", "digest"]),
    (sign_rfc9421, ["@method", "@target-uri", "content-digest"]),
])
def test_each_part_must_be_signed(scene, sign, parts):
    note = scene.mention(scene.mallory, word())
    body = json.dumps(scene.mallory.create(note)).encode()
    for missing in parts:
        covered = [name for name in parts if name != missing]
        headers = sign("POST", scene.inbox, body, scene.mallory.key, covered=covered)
        assert scene.mallory.peer.request("POST", scene.inbox, headers, body).status == 401, missing
    scene.is_absent(note)


def test_a_signature_holds_for_one_inbox_only(scene):
    note = scene.mention(scene.mallory, word())
    body = json.dumps(scene.mallory.create(note)).encode()
    headers = sign_cavage("POST", scene.remote.inbox, body, scene.mallory.key)
    assert scene.remote.inbox != scene.inbox
    assert scene.mallory.peer.request("POST", scene.inbox, headers, body).status == 401
    scene.is_absent(note)


def test_sixty_minutes_are_not_too_old(scene):
    notes = [scene.mention(scene.carol, word()) for _ in DIALECTS]
    for dialect, note in zip(DIALECTS, notes, strict=True):
        scene.carol.send(scene.carol.create(note), scene.remote, dialect=dialect, at=time.time() - 60 * MINUTE)
    for note in notes:
        eventually(lambda: scene.victim.reads(note["id"]), "the post", PATIENCE_SECONDS)


def test_nothing_but_the_key_is_fetched_before_the_signature_holds(scene):
    mallory = scene.mallory
    note = scene.mention(mallory, word())
    mallory.peer.forget()
    stranger = RsaKey(mallory.key.id)
    assert mallory.post(scene.inbox, mallory.create(note), key=stranger).status == 401
    assert mallory.post(scene.inbox, mallory.create(note), alter=another_body).status == 401
    assert mallory.post(scene.inbox, mallory.create(note), alter=altered(signature=None)).status == 401
    scene.is_absent(note)
    own = f"/users/{mallory.name}"
    paths = {got.path for got in mallory.peer.requests(method="GET") if got.path.startswith((own, "/notes"))}
    assert paths <= {own}


def test_a_key_that_is_not_there_is_not_asked_for_again_and_again(scene):
    ghost = scene.mallory.peer.actor(f"ghost_{word()}")
    path = f"/users/{ghost.name}"
    scene.mallory.peer.answers(path, Answer(404), forever=True)
    for _ in range(10):
        assert ghost.post(scene.inbox, ghost.like(scene.remote.id)).status == 401
    assert len(scene.mallory.peer.requests(method="GET", path=path)) <= 2
    scene.settles()


# Whose key

def test_nobody_speaks_for_somebody_on_another_host(scene):
    """It may have been passed on, so that it is no fault of the request; but nothing of what it says is believed."""
    own = scene.victim.says(word())
    for fields in ({}, {"inReplyTo": own.uri}):
        note = scene.made_up(scene.carol, **fields)
        assert scene.mallory.post(scene.inbox, scene.carol.create(note)).status in (202, 401)
        scene.is_absent(note)
    assert scene.victim.client.status(own.id).replies_count == 0


def test_what_is_passed_on_is_read_where_it_is_from(scene):
    own = scene.victim.says(word())
    note = scene.mention(scene.carol, word(), inReplyTo=own.uri)
    changed = dict(note, content=f"<p>{word()}</p>")
    scene.mallory.post(scene.inbox, scene.carol.create(changed))
    scene.settles()
    shown = scene.victim.reads(note["id"])
    assert shown is None or shown.content == note["content"]


def test_nobody_speaks_for_somebody_on_the_same_host(scene):
    neighbour = scene.mallory.peer.actor(f"neighbour_{word()}")
    note = scene.made_up(neighbour)
    assert scene.mallory.post(scene.inbox, neighbour.create(note)).status in (202, 401)
    scene.is_absent(note)


def test_nobody_speaks_for_somebody_who_lives_here(scene):
    activity = scene.mallory.activity("Follow", scene.mallory.id) | {"actor": scene.remote.id}
    assert scene.mallory.post(scene.inbox, activity).status in (401, 403)
    own_key = RsaKey(scene.remote.document["publicKey"]["id"])
    assert scene.mallory.post(scene.inbox, activity, key=own_key).status in (401, 403)
    scene.settles()
    assert scene.victim.client.account_following(scene.victim.id) == []


def test_nobody_follows_likes_or_blocks_for_another(scene):
    status = scene.victim.says(word())
    for activity in (scene.carol.follow(scene.remote), scene.carol.like(status.uri), scene.carol.announce(status.uri),
                     scene.carol.block(scene.remote)):
        scene.mallory.post(scene.inbox, activity)
    scene.settles()
    client = scene.victim.client
    assert client.account_followers(scene.victim.id) == []
    assert (client.status(status.id).favourites_count, client.status(status.id).reblogs_count) == (0, 0)
    assert scene.victim.relation(scene.carol).blocked_by is False


def test_a_key_counts_only_where_its_actor_lists_it(scene):
    """A document on the evil host says that its key is carol's."""
    mallory, carol = scene.mallory, scene.carol
    key = RsaKey(f"{mallory.peer.base}/keys/{word()}")
    mallory.peer.publish({
        "@context": "https://w3id.org/security/v1", "id": key.id, "type": "Key", "owner": carol.id,
        "publicKeyPem": key.pem})
    note = scene.made_up(carol)
    assert mallory.post(scene.inbox, carol.create(note), key=key).status == 401
    scene.is_absent(note)


def test_a_document_does_not_list_a_key_for_another_owner(scene):
    mallory = scene.mallory
    mallory.fields["publicKey"] = {"id": mallory.key.id, "owner": scene.carol.id, "publicKeyPem": mallory.key.pem}
    note = scene.made_up(scene.carol)
    assert mallory.post(scene.inbox, scene.carol.create(note)).status == 401
    assert mallory.post(scene.inbox, mallory.create(scene.mention(mallory, word()))).status == 401
    scene.is_absent(note)


def test_a_document_with_the_id_of_another_host_vouches_for_nobody(scene):
    mallory = scene.mallory
    mallory.fields["id"] = scene.carol.id
    note = scene.mention(mallory, word())
    assert mallory.post(scene.inbox, mallory.create(note)).status == 401
    assert mallory.post(scene.inbox, scene.carol.create(scene.mention(scene.carol, word()))).status == 401
    scene.is_absent(note)


def test_a_file_somebody_uploaded_is_no_actor(scene):
    """What a host serves as anything else than ActivityPub may have been written by anybody there."""
    peer = scene.mallory.peer
    for n, content_type in enumerate(["text/html", "application/json", "text/plain", "application/ld+json"]):
        made_up = peer.actor(f"upload{n}_{word()}")
        peer.documents[f"/users/{made_up.name}"] = Answer(200, made_up.document(), content_type=content_type)
        note = scene.mention(made_up, word())
        assert made_up.post(scene.inbox, made_up.create(note)).status == 401, content_type
    scene.is_absent(note)


def test_an_inbox_on_another_host_is_no_inbox(scene):
    mallory = scene.mallory
    mallory.fields["inbox"] = scene.carol.inbox
    assert mallory.post(scene.inbox, mallory.follow(scene.remote)).status == 401
    scene.settles()
    assert scene.victim.client.account_followers(scene.victim.id) == []


# Whose object

def test_a_post_on_another_host_is_asked_for_there(scene):
    """The note in the activity says it is on carol's host; what carol's host says is another text, or nothing."""
    real = scene.mention(scene.carol, word())
    fake = dict(real, content=f"<p>{word()}</p>")
    scene.mallory.post(scene.inbox, scene.mallory.create(fake) | {"to": fake["to"]})
    made_up = scene.made_up(scene.mallory) | {"id": f"{scene.carol.peer.base}/notes/none-{word()}"}
    scene.mallory.post(scene.inbox, scene.mallory.create(made_up))
    scene.is_absent(made_up)
    shown = scene.victim.reads(fake["id"])
    assert shown is None or (fake["content"] not in shown.content and shown.account.acct == scene.carol.handle)


@pytest.mark.parametrize("whose", ["carol", "neighbour", "victim"])
def test_nobody_writes_in_another_name(scene, whose):
    neighbour = scene.mallory.peer.actor(f"neighbour_{word()}")
    owner = {"carol": scene.carol.id, "neighbour": neighbour.id, "victim": scene.remote.id}[whose]
    note = scene.made_up(scene.mallory, attributedTo=owner)
    answer = scene.mallory.post(scene.inbox, scene.mallory.create(note))
    assert answer.status in (202, 401, 403)
    scene.is_absent(note)


def test_nobody_edits_what_another_wrote(scene):
    note = scene.mention(scene.carol, word())
    scene.arrives(scene.carol, note)
    neighbour = scene.carol.peer.actor(f"neighbour_{word()}")
    for intruder in (scene.mallory, neighbour):
        fake = dict(note, content=f"<p>{word()}</p>", updated="2030-01-01T00:00:00Z")
        scene.changes_nothing(lambda: intruder.post(scene.inbox, intruder.update(fake)), note)
        fake = dict(fake, attributedTo=intruder.id)
        scene.changes_nothing(lambda: intruder.post(scene.inbox, intruder.update(fake)), note)
        scene.changes_nothing(lambda: intruder.post(scene.inbox, intruder.create(fake)), note)


def test_nobody_deletes_what_another_wrote(scene):
    note = scene.mention(scene.carol, word())
    scene.arrives(scene.carol, note)
    neighbour = scene.carol.peer.actor(f"neighbour_{word()}")
    for intruder in (scene.mallory, neighbour):
        scene.changes_nothing(lambda: intruder.post(scene.inbox, intruder.delete(note["id"])), note)
        scene.changes_nothing(
            lambda: intruder.post(scene.inbox, intruder.activity("Delete", note["id"], to=note["to"])), note)
    assert scene.victim.knows(scene.carol).acct == scene.carol.handle
    scene.mallory.post(scene.inbox, scene.mallory.activity("Delete", scene.carol.id))
    scene.changes_nothing(lambda: neighbour.post(scene.inbox, neighbour.activity("Delete", scene.carol.id)), note)


def test_a_post_for_followers_is_not_gone_because_it_is_hidden(scene):
    """Asked by somebody who may not see it, its server says 404. Whoever passes a Delete on cannot use that."""
    note = scene.mention(scene.carol, word(), visibility="private")
    scene.arrives(scene.carol, note)
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.carol.delete(note["id"])), note)


def test_a_delete_that_is_passed_on_is_asked_about(scene):
    note = scene.mention(scene.carol, word())
    scene.arrives(scene.carol, note)
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.carol.delete(note["id"])), note)


def test_nobody_deletes_or_edits_what_was_written_here(scene):
    status = scene.victim.says(word())
    here = {"id": status.uri, "type": "Note", "attributedTo": scene.remote.id, "content": "mine", "to": []}
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.mallory.delete(status.uri)), here)
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.mallory.update(here)), here)
    here["attributedTo"] = scene.mallory.id
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.mallory.update(here)), here)
    scene.changes_nothing(lambda: scene.mallory.post(scene.inbox, scene.mallory.create(here)), here)


def test_a_post_keeps_its_owner(scene):
    note = scene.mention(scene.carol, word())
    scene.arrives(scene.carol, note)
    neighbour = scene.carol.peer.actor(f"neighbour_{word()}")
    scene.arrives(neighbour)
    for owner in (neighbour.id, scene.mallory.id, scene.remote.id):
        given = dict(note, attributedTo=owner, content=f"<p>{word()}</p>", updated="2030-01-01T00:00:00Z")
        scene.carol.peer.publish(given)
        scene.changes_nothing(lambda: scene.carol.post(scene.inbox, scene.carol.update(given)), note)


def test_a_post_gains_no_readers(scene):
    note = scene.mention(scene.carol, word(), visibility="direct")
    shown = scene.arrives(scene.carol, note)
    assert shown.visibility == "direct"
    wider = note | scene.carol.audience("public") | {"updated": "2030-01-01T00:00:00Z"}
    scene.carol.send(scene.carol.update(wider), scene.remote)
    scene.carol.send(scene.carol.create(wider), scene.remote)
    scene.settles()
    assert scene.post_of(note).visibility == "direct"
    stranger = scene.victim.server.person("stranger")
    assert stranger.reads(note["id"]) is None


def test_nobody_takes_back_what_another_did(scene):
    status = scene.victim.says(word())
    carol, mallory = scene.carol, scene.mallory
    like = carol.send(carol.like(status.uri), scene.remote)
    boost = carol.send(carol.announce(status.uri), scene.remote)
    follow = carol.send(carol.follow(scene.remote), scene.remote)
    client = scene.victim.client
    eventually(lambda: client.status(status.id).favourites_count and client.status(status.id).reblogs_count
               and client.account_followers(scene.victim.id), "all three", PATIENCE_SECONDS)
    for activity in (like, boost, follow):
        mallory.post(scene.inbox, mallory.undo(activity))
        mallory.post(scene.inbox, mallory.activity("Undo", activity["id"]))
        mallory.post(scene.inbox, mallory.undo(activity | {"actor": mallory.id}))
    scene.settles()
    shown = client.status(status.id)
    assert (shown.favourites_count, shown.reblogs_count) == (1, 1)
    assert [account.acct for account in client.account_followers(scene.victim.id)] == [carol.handle]


def test_nobody_accepts_or_refuses_for_another(scene):
    carol, mallory = scene.carol, scene.mallory
    seen = scene.victim.finds(carol)
    scene.victim.client.account_follow(seen.id)
    follow = carol.peer.eventually_received(type="Follow", object=carol.id).json
    mallory.post(scene.inbox, mallory.accept(follow))
    mallory.post(scene.inbox, mallory.accept(follow | {"object": mallory.id}))
    scene.settles()
    relation = scene.victim.client.account_relationships(seen.id)[0]
    assert (relation.following, relation.requested) == (False, True)

    carol.send(carol.accept(follow), scene.remote)
    eventually(lambda: scene.victim.relation(carol).following, "carol accepts", PATIENCE_SECONDS)
    mallory.post(scene.inbox, mallory.reject(follow))
    scene.settles()
    assert scene.victim.relation(carol).following is True


def test_nobody_accepts_what_was_not_asked(scene):
    carol = scene.carol
    scene.victim.finds(carol)
    made_up = {"id": f"{scene.remote.id}#follows/1", "type": "Follow", "actor": scene.remote.id, "object": carol.id}
    carol.send(carol.accept(made_up), scene.remote)
    scene.settles()
    assert scene.victim.client.account_following(scene.victim.id) == []


def test_nobody_pins_for_another(scene):
    note = scene.mention(scene.carol, word())
    shown = scene.arrives(scene.carol, note)
    activity = scene.mallory.add(note["id"]) | {"target": f"{scene.carol.id}/featured"}
    scene.mallory.post(scene.inbox, activity)
    scene.settles()
    assert scene.victim.client.account_statuses(shown.account.id, pinned=True) == []


def test_nobody_moves_another_or_without_being_asked_for(scene):
    carol, mallory = scene.carol, scene.mallory
    seen = scene.victim.finds(carol)
    scene.victim.client.account_follow(seen.id)
    carol.send(carol.accept(carol.peer.eventually_received(type="Follow", object=carol.id).json), scene.remote)
    eventually(lambda: scene.victim.relation(carol).following, "carol accepts", PATIENCE_SECONDS)
    mallory.peer.forget()
    # Neither for somebody else, nor to somebody whose document does not name the old account.
    mallory.post(scene.inbox, mallory.activity("Move", carol.id, target=mallory.id))
    carol.send(carol.move(mallory), scene.remote)
    scene.settles()
    assert scene.victim.relation(carol).following is True
    assert mallory.peer.requests(type="Follow") == []


def test_a_linked_data_signature_proves_nothing(scene):
    """Mallory relays what carol never wrote, with a signature that Mastodon would look at."""
    note = scene.made_up(scene.carol)
    activity = scene.carol.create(note) | {"signature": {
        "type": "RsaSignature2017", "creator": scene.carol.key.id, "created": "2026-01-01T00:00:00Z",
        "signatureValue": "AAAA"}}
    answer = scene.mallory.post(scene.inbox, activity)
    assert answer.status in (202, 401)
    scene.is_absent(note)


# What one may not see, one may not touch

def test_acts_on_a_post_need_the_right_to_see_it(scene):
    carol = scene.carol
    status = scene.victim.says(word(), visibility="private")
    carol.send(carol.like(status.uri), scene.remote)
    carol.send(carol.announce(status.uri), scene.remote)
    scene.settles()
    shown = scene.victim.client.status(status.id)
    assert (shown.favourites_count, shown.reblogs_count) == (0, 0)
    assert scene.victim.client.notifications(types=["favourite", "reblog"]) == []


def test_a_hidden_post_looks_like_one_that_is_not_there(scene):
    carol = scene.carol
    hidden = scene.victim.says(word(), visibility="private")
    gone = f"{scene.remote.id}/statuses/{int(hidden.id) + 1}"
    for signer in (None, carol):
        answers = [carol.peer.get(uri, signer=signer) for uri in (hidden.uri, gone)]
        assert [answer.status for answer in answers] == [404, 404]
        assert answers[0].body == answers[1].body
    carol.send(carol.follow(scene.remote), scene.remote)
    carol.peer.eventually_received(type="Accept", actor=scene.remote.id)
    assert carol.peer.get(hidden.uri, signer=carol).status == 200
    direct = scene.victim.says(word(), visibility="direct")
    assert carol.peer.get(direct.uri, signer=carol).status == 404

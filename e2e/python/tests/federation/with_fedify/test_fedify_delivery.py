"""Deliveries to and from fedify: one that is ill, signatures of both kinds, servers that want every request signed."""

import secrets

import pytest

from fedify import SECONDS, Fedify, Refused
from federation import Federated
from server import eventually



# Delivery


def test_a_server_that_is_ill_for_a_while_misses_nothing(here, alice):
    with Fedify() as ill:
        uri = ill.lookup(alice.handle)["id"]
        ill.tell("follow", whom=alice.handle)
        eventually(lambda: ill.following(uri) == "accepted", "the request is accepted", SECONDS)
        ill.tell("switch", failing=503)
        posts = [alice.says(f"number {number}") for number in range(3)]
        alice.client.status_update(posts[0], "number zero")
        eventually(lambda: any(one["status"] == 503 for one in ill.ask("requests")), "a delivery fails", SECONDS)
        ill.tell("switch", failing=None)
        for post in posts:
            ill.reads(post.uri)
        assert "number zero" in ill.reads(posts[0].uri, lambda note: note["updated"])["content"]
        assert sorted(one["object"] for one in ill.received("Create")) == sorted(post.uri for post in posts)


# Signatures


def likes_at(fedify, alice, petra):
    """alice likes a post of petra's; gives the `Like` as it arrived."""
    post = fedify.tell("post", actor=petra, text=f"sign here {secrets.token_hex(4)}")
    alice.client.status_favourite(alice.finds_post(post["uri"]))
    return fedify.gets("Like", post["uri"])


@pytest.mark.parametrize("kind", ["cavage", "rfc9421"])
def test_signatures_of_both_kinds_are_verified_there_and_the_wanted_kind_is_found(alice, here, kind):
    with Fedify("--accepts", kind) as picky:
        like = likes_at(picky, alice, "peer")
        assert like["signature"]["kind"] == kind
        covered = {"cavage": {"(request-target)", "host", "date", "digest"},
                   "rfc9421": {"@method", "content-digest"}}[kind]
        assert covered <= set(like["signature"]["covered"])
        assert like["signature"]["digest"]
        # Nothing but the signature of the request says who sent it.
        assert like["proof"] is False
        # What was learned is remembered: the next one is not refused first.
        refused = lambda: sum(one["status"] == 401 for one in picky.ask("requests"))
        before = refused()
        assert likes_at(picky, alice, "peer")["signature"]["kind"] == kind
        assert refused() == before


@pytest.mark.parametrize("kind", ["cavage", "rfc9421"])
def test_signatures_of_both_kinds_from_there_are_verified_here(here, alice, kind):
    with Fedify("--first-knock", kind) as other:
        uri = other.lookup(alice.handle)["id"]
        other.tell("follow", whom=alice.handle)
        eventually(lambda: other.following(uri) == "accepted", "the request is accepted", SECONDS)
        assert other.ask("errors") == []


def test_a_server_that_wants_every_request_signed_is_read(here, alice):
    with Fedify("--authorized-fetch") as shy:
        account = alice.follows(shy.handle())
        shy.tell("post", text="only for those who sign")
        assert alice.sees("only for those who sign").account.id == account.id
        post = shy.tell("post", text="found by address", visibility="unlisted")
        assert alice.finds_post(post["uri"]).account.id == account.id


def test_a_server_here_that_wants_every_request_signed_is_read_by_fedify(here):
    with Federated(here.engine, AUTHORIZED_FETCH="true") as shy, Fedify() as other:
        carol = shy.person("carol")
        post = carol.says("only for those who sign")
        with pytest.raises(Refused):
            other.lookup(post.uri, unsigned=True)
        assert other.lookup(post.uri)["id"] == post.uri
        uri = other.lookup(carol.handle)["id"]
        other.tell("follow", whom=carol.handle)
        eventually(lambda: other.following(uri) == "accepted", "the request is accepted", SECONDS)

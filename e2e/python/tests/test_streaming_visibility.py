"""Who hears of which post on which stream: each visibility, each relation to the author, each stream."""

import contextlib
import json
import secrets

import pytest

from live import event_source
from server import eventually

VISIBILITIES = ["public", "unlisted", "private", "direct"]
# On every one of these a public post is told to everybody, and no other post to anybody.
PUBLIC = ["public", "public/local", "hashtag", "hashtag/local"]
OWN = ["user", "list", "user/notification", "direct"]
# As what a post is told, and where it stands in that.
UPDATE = ("update", lambda status: status)
TOLD = {
    "user/notification": ("notification", lambda notification: notification["status"]),
    "direct": ("conversation", lambda conversation: conversation["last_status"]),
}
# Of which posts each hears, by stream; of none where nothing is said.
HEARD = {
    "nobody": dict.fromkeys(PUBLIC, ["public"]),
    "stranger": dict.fromkeys(PUBLIC, ["public"]),
    "follower": dict.fromkeys(PUBLIC, ["public"]) | dict.fromkeys(["user", "list"], ["public", "unlisted", "private"]),
    "mentioned": dict.fromkeys(PUBLIC, ["public"]) | {"user/notification": VISIBILITIES, "direct": ["direct"]},
    "following and mentioned":
        dict.fromkeys(PUBLIC, ["public"]) | dict.fromkeys(["user", "list", "user/notification"], VISIBILITIES)
        | {"direct": ["direct"]},
    "muting": {},
    "blocking": {},
    "blocked": {},
}


def relate(role, listener, author, as_author):
    """Makes the listener what the role says."""
    client = listener.client()
    if role in ("follower", "following and mentioned", "muting"):
        client.account_follow(author.id)
    if role == "muting":
        client.account_mute(author.id)
    if role == "blocking":
        client.account_block(author.id)
    if role == "blocked":
        as_author.account_block(listener.id)


@pytest.mark.parametrize("role", HEARD)
def test_a_stream_tells_of_posts_to_those_who_may_see_them(server, person, role):
    author, herald, witness = person("author"), person("herald"), person("witness")
    listener = None if role == "nobody" else person("listener")
    as_author, as_herald, as_witness = author.client(), herald.client(), witness.client()
    as_witness.account_follow(author.id)
    tag, lists = f"heard{secrets.token_hex(4)}", ""
    if listener:
        relate(role, listener, author, as_author)
        client = listener.client()
        client.account_follow(herald.id)
        client.update_notifications_policy(for_private_mentions="accept", for_not_following="accept",
                                           for_not_followers="accept", for_new_accounts="accept")
        members = client.list_create("heard")
        # Only who is followed can be on a list.
        followed = [one.id for one in (author, herald) if client.account_relationships(one.id)[0].following]
        client.list_accounts_add(members.id, followed)
        lists = f"?list={members.id}"

    with contextlib.ExitStack() as stack:
        address = lambda stream: stream + (f"?tag={tag}" if "hashtag" in stream else lists if stream == "list" else "")
        token = listener.token() if listener else None
        streams = {stream: stack.enter_context(event_source(server, token, address(stream)))
                   for stream in (PUBLIC + OWN if listener else PUBLIC)}
        named = f"@{listener.name} " if "mentioned" in role else ""
        posts = {str(as_author.status_post(f"{named}#{tag}", visibility=visibility).id): visibility
                 for visibility in VISIBILITIES}
        # Whatever is told of these has been told when those who follow have it, and what comes later is told later.
        arrived = lambda: {str(post.id) for post in as_witness.timeline_home()}
        eventually(lambda: len(arrived() & set(posts)) == 3, "the posts are where followers read them")
        end = f"@{listener.name} #{tag} end" if listener else f"#{tag} end"
        ends = {str(as_herald.status_post(end, visibility=visibility).id)
                for visibility in (["public", "direct"] if listener else ["public"])}

        for stream, wire in streams.items():
            event, post_of = TOLD.get(stream, UPDATE)
            told = wire.until(lambda name, payload: name == event and post_of(json.loads(payload))["id"] in ends)
            heard = [post_of(json.loads(payload))["id"] for name, payload in told if name == event]
            assert sorted(posts.get(id, id) for id in heard) == sorted(HEARD[role].get(stream, [])), stream

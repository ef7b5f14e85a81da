"""A server that is gone is forgotten by a command, beside a running server, to the last row."""

import json
import sqlite3
import subprocess

import pytest

from federation import PATIENCE_SECONDS
from hostile import word
from operations import png_of
from peer import Peer
from server import POSTGRES, CommandFailed, eventually
from wire import Answer


@pytest.fixture
def dana(server):
    return server.person("dana")


def rows(server):
    """Every row of the database as text, by table."""
    if server.engine == "sqlite":
        with sqlite3.connect(f"file:{server.data / 'phiomia.sqlite3'}?mode=ro", uri=True) as database:
            tables = [name for name, in database.execute("select name from sqlite_master where type = 'table'")]
            return {table: [str(row) for row in database.execute(f"select * from {table}")] for table in tables
                    if not table.startswith(("sqlite_", "status_words"))}
    address = f"{POSTGRES.rsplit('/', 1)[0]}/{server.database}"
    ask = lambda statement: subprocess.run(
        ["psql", address, "--no-align", "--tuples-only", "--quiet", "--command", statement],
        check=True, capture_output=True, text=True).stdout.splitlines()
    tables = ask("select tablename from pg_tables where schemaname = 'public'")
    return {table: ask(f"select t::text from {table} t") for table in tables}


def where_it_stands(server, text):
    return {table: [row for row in found if text in row] for table, found in rows(server).items()
            if any(text in row for row in found)}


def purge(server, domain, *flags):
    return json.loads(server.cli("federation", "purge", domain, "--json", *flags))


@pytest.fixture
def stays():
    with Peer() as running:
        yield running


@pytest.fixture
def gone():
    """It may be started again after it has gone."""
    running = Peer()
    yield running
    running.stop()


def befriends(dana, actor):
    """Each follows the other, and likes and boosts a post; gives dana as the actor's server knows her, and the post."""
    remote = actor.peer.find(dana.handle)
    own = dana.says(word())
    dana.client.account_follow(dana.finds(actor).id)
    asked = actor.peer.eventually_received(type="Follow", object=actor.id)
    for activity in (actor.accept(asked.json), actor.follow(remote), actor.like(own.uri), actor.announce(own.uri)):
        actor.send(activity, remote)
    eventually(lambda: dana.client.status(own.id).reblogs_count == dana.client.status(own.id).favourites_count == 1,
               "like and boost", PATIENCE_SECONDS)
    return remote, own


def test_a_server_that_is_gone_is_forgotten_to_the_last_row(server, dana, stays, gone):
    gone.start()
    carol, bo, host = gone.actor("carol"), stays.actor("bo"), gone.domain
    (as_carols, liked_by_carol), (as_bos, liked_by_bo) = befriends(dana, carol), befriends(dana, bo)
    gone.serve(f"{gone.base}/cat.png", Answer(200, png_of(40, 30), content_type="image/png"))
    picture = {"type": "Document", "mediaType": "image/png", "url": f"{gone.base}/cat.png", "name": "a cat"}
    notes = [carol.note(word(), attachment=[picture]), carol.note(word()), carol.note(word(), visibility="private")]
    for note in notes:
        carol.send(carol.create(note), as_carols)
    seen, answered = (dana.sees(note["content"][3:-4]) for note in notes[:2])
    bo.send(bo.create(kept := bo.note(word(), inReplyTo=notes[1]["id"])), as_bos)
    bo.send(bo.announce(notes[0]["id"]), as_bos)
    dana.sees(kept["content"][3:-4])
    eventually(lambda: dana.client.status(seen.id).reblogs_count == 1, "bo's boost", PATIENCE_SECONDS)
    assert stays.request("GET", seen.media_attachments[0].url).status == 200, "the picture lies here now"
    for act in (dana.client.status_favourite, dana.client.status_bookmark, dana.client.status_reblog):
        act(seen.id)
    dana.says(word(), in_reply_to_id=answered.id)
    gone.stop()
    dana.says(word())
    eventually(lambda: json.loads(server.cli("host", "show", host, "--json"))["failures"], "it fails", PATIENCE_SECONDS)

    found = purge(server, host, "--dry-run")
    assert (found["accounts"], found["follows_to_here"], found["follows_from_here"]) == (2, 1, 1), "carol and the server"
    assert found["posts"] >= 4 and found["files"] >= 1 and found["deliveries"] >= 1 and found["dry_run"]
    with pytest.raises(CommandFailed, match="--yes"):
        server.cli("federation", "purge", host)
    assert dana.client.status(seen.id) and purge(server, host, "--dry-run") == found, "nothing was changed"
    purge(server, host, "--yes")

    nothing = dict.fromkeys(("accounts", "posts", "follows_to_here", "follows_from_here", "deliveries", "files", "bytes"), 0)
    assert purge(server, host, "--dry-run") == nothing | {"domain": host, "dry_run": True}
    left = where_it_stands(server, host)
    assert left == {}, left
    # The running server shows it at once, and goes on with everybody else.
    assert eventually(lambda: dana.reads(notes[0]["id"]) is None and dana.knows(carol) is None, "all is out of sight", 5)
    me = dana.client.me()
    assert (me.followers_count, me.following_count) == (1, 1)
    counts = lambda post: ((now := dana.client.status(post.id)).reblogs_count, now.favourites_count)
    eventually(lambda: (counts(liked_by_carol), counts(liked_by_bo)) == ((0, 0), (1, 1)), "figures without carol", 5)
    assert dana.reads(kept["id"]) and dana.client.favourites() == dana.client.bookmarks() == []
    bo.send(bo.create(later := bo.note(word())), as_bos)
    dana.sees(later["content"][3:-4])

    # Whoever comes back is somebody new.
    gone.start()
    assert not dana.client.account_relationships(dana.finds(carol).id)[0].following
    carol.send(carol.create(mentioned := carol.note(word(), mentions=[as_carols])), as_carols)
    eventually(lambda: dana.reads(mentioned["id"]), "a post of the new account", PATIENCE_SECONDS)


def test_what_is_ours_is_not_purged_and_what_is_unknown_is_nothing(server):
    with pytest.raises(CommandFailed, match="domain of this server"):
        server.cli("federation", "purge", server.domain, "--yes")
    assert purge(server, "nowhere.example", "--yes")["accounts"] == 0
    with pytest.raises(CommandFailed, match="no domain"):
        server.cli("federation", "purge", "no domain", "--yes")

"""What a command changes beside running servers, as clients of two of them see it: custom emoji, and old posts that go."""

import json
import sqlite3
import struct
import subprocess
import zlib
from datetime import datetime, timedelta, timezone

import requests

from federation import PATIENCE_SECONDS
from hostile import word
from server import eventually

PNG = b"\x89PNG\r\n\x1a\n"


def moving_png(side):
    """Red, then blue, and red again."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def control(n):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, side, side, 0, 0, 1, 10, 0, 0))

    def pixels(color):
        return zlib.compress((b"\0" + color * side) * side)

    return b"".join([
        PNG, chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), chunk(b"acTL", struct.pack(">II", 2, 0)),
        control(0), chunk(b"IDAT", pixels(b"\xff\0\0")),
        control(1), chunk(b"fdAT", struct.pack(">I", 2) + pixels(b"\0\0\xff")), chunk(b"IEND", b"")])


def shown(server, emoji):
    """An emoji's picture and the one that stands still, as a server hands them out itself."""
    for address in (emoji.url, emoji.static_url):
        assert address.startswith(server.base), address
        answer = requests.get(address, timeout=10, allow_redirects=False)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), address
        assert answer.content.startswith(PNG)
        yield answer.content


def test_an_emoji_that_a_command_offers_moves_in_posts_and_profiles_here_and_there(here, there, tmp_path):
    alice, bob = here.person("alice"), there.person("bob")
    code = f"dance_{word()}"
    (tmp_path / "dance.png").write_bytes(moving_png(48))
    here.cli("emoji", "add", code, str(tmp_path / "dance.png"), "--category", "dancers")
    offered = eventually(lambda: [one for one in alice.client.custom_emojis() if one.shortcode == code], "it is offered")
    assert offered[0].category == "dancers"
    alice.client.account_update_credentials(display_name=f"Alice :{code}:")
    status = alice.says(f"look, :{code}:")
    used = status.emojis + alice.client.me().emojis
    assert [emoji.shortcode for emoji in used] == [code, code]
    for emoji in used:
        moving, still = shown(here, emoji)
        assert b"acTL" in moving and b"acTL" not in still
    seen = bob.finds_post(status.uri)
    used = seen.emojis + seen.account.emojis
    assert [emoji.shortcode for emoji in used] == [code, code]
    for emoji in used:
        moving, still = shown(there, emoji)
        assert b"acTL" in moving and b"acTL" not in still
    # Who copies it offers the same.
    there.cli("emoji", "copy", f"{code}@{here.handle_domain}", "--as", f"{code}_too")
    copied = eventually(
        lambda: [one for one in bob.client.custom_emojis() if one.shortcode == f"{code}_too"], "the copy is offered")
    assert all(b"acTL" in moving for moving in list(shown(there, copied[0]))[:1])
    here.cli("emoji", "remove", code)
    eventually(lambda: not alice.client.status(status.id).emojis, "texts that name it show the name")


def ages(server, days):
    """As if that time had passed since anything of others was last fetched."""
    aged = f"update remote_statuses set fetched_at = fetched_at - {days * 86_400_000_000}"
    if server.engine == "sqlite":
        with sqlite3.connect(server.data / "phiomia.sqlite3", timeout=10) as database:
            database.execute(aged)
    else:
        subprocess.run(["psql", server.environment["DATABASE_URL"], "--quiet", "--command", aged], check=True)


def test_old_posts_of_others_go_when_nobody_touched_them_and_come_again(server, peer):
    dana, carol = server.person("dana"), peer.actor("carol")
    long_ago = (datetime.now(timezone.utc) - timedelta(days=120)).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = [carol.note(word(), published=long_ago) for _ in range(3)]
    untouched, liked, saved, new = *old, carol.note(word())
    posts = {note["id"]: dana.finds_post(note["id"]) for note in (*old, new)}
    dana.client.status_favourite(posts[liked["id"]].id)
    dana.client.status_bookmark(posts[saved["id"]].id)
    preview = lambda: json.loads(server.cli("statuses", "prune", "--days", "90", "--dry-run", "--json"))
    assert preview()["posts"] == 0, "who just looked at it keeps it"
    ages(server, 100)
    said = preview()
    assert (said["posts"], said["dry_run"]) == (1, True)
    assert dana.reads(untouched["id"]), "nothing went"
    said = json.loads(server.cli("statuses", "prune", "--days", "90", "--json"))
    assert (said["posts"], said["domains"]) == (1, [{"domain": peer.domain, "n": 1}])
    eventually(lambda: dana.reads(untouched["id"]) is None, "it is gone", PATIENCE_SECONDS)
    assert all(dana.reads(note["id"]) for note in (liked, saved, new))
    assert [post.uri for post in dana.client.favourites()] == [liked["id"]]
    # Nobody was told, nothing is buried: who looks again finds it again.
    assert dana.finds_post(untouched["id"]).uri == untouched["id"]
    assert not peer.requests(type="Delete"), "its author hears nothing of that"

"""toot, the command-line client: as a person types it, with a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from browser import Browser, shown_code
from server import eventually

TOOT = Path(sys.executable).with_name("toot")


class Toot:
    """toot with its settings in a temporary home."""

    def __init__(self, home):
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"), "LANG": "C.UTF-8"}

    def __call__(self, *arguments):
        done = subprocess.run([TOOT, *map(str, arguments)], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"toot {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))

    def log_in(self, server, person):
        """`toot login`: it shows an address, a person signs in there and brings back the code."""
        process = subprocess.Popen(
            [TOOT, "login", "--instance", server.base], env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith(f"{server.base}/oauth/authorize"):
                break
        else:
            raise AssertionError(f"toot login showed no address: {''.join(seen)}")
        code = shown_code(Browser(server).authorize(line.strip(), person))
        rest, _ = process.communicate(f"n\n{code}\n", timeout=30)
        assert process.returncode == 0, rest
        assert "Successfully logged in" in rest


@pytest.fixture
def toot(server, alice, tmp_path):
    """Logged in as alice through the pages."""
    toot = Toot(tmp_path)
    toot.log_in(server, alice)
    return toot


def test_toot_logs_in_through_the_pages_and_knows_who_it_is(toot, alice, server):
    assert f"{alice.name}@{server.domain} ACTIVE" in toot("auth")
    assert toot.json("whoami")["username"] == alice.name
    assert f"@{alice.name}" in toot("whoami")


def test_toot_shows_the_instance(toot, server):
    assert server.domain in toot("instance")
    assert toot.json("instance")["uri"] == server.domain


@pytest.fixture
def timeline(toot):
    """What `toot timelines` prints, all of it at once."""
    return lambda *arguments: toot("timelines", *arguments, "--no-pager", "--no-clear")


def test_toot_posts_replies_and_shows_the_thread(toot):
    first = toot.json("post", "hello from toot", "--visibility", "unlisted", "--spoiler-text", "hi", "--language", "en")
    assert first["visibility"] == "unlisted"
    assert first["spoiler_text"] == "hi"
    reply = toot.json("post", "and more", "--reply-to", first["id"])
    assert reply["in_reply_to_id"] == first["id"]
    thread = toot("thread", first["id"])
    assert "hello from toot" in thread
    assert "and more" in thread
    assert "hello from toot" in toot("status", first["id"])


def test_toot_shows_timelines(toot, timeline, as_bob, bob):
    toot("follow", bob.name)
    as_bob.status_post("bob says #breakfast")
    eventually(lambda: "bob says" in timeline("home"), "bob's post is in toot's home")
    assert "bob says" in timeline("public", "--local")
    assert "bob says" in timeline("tag", "breakfast")
    assert "bob says" in timeline("account", bob.name)


def test_toot_reacts_and_takes_it_back(toot, alice, as_bob):
    status = as_bob.status_post("react to me").id
    assert toot.json("favourite", status)["favourited"] is True
    assert toot.json("unfavourite", status)["favourited"] is False
    assert toot.json("reblog", status)["reblog"]["id"] == str(status)
    assert alice.name in toot("reblogged-by", status)
    assert toot.json("unreblog", status)["reblogged"] is False
    assert toot.json("bookmark", status)["bookmarked"] is True
    assert "react to me" in toot("bookmarks")
    assert toot.json("unbookmark", status)["bookmarked"] is False
    own = toot.json("post", "pin me")["id"]
    assert toot.json("pin", own)["pinned"] is True
    assert toot.json("unpin", own)["pinned"] is False


def test_toot_follows_mutes_and_blocks(toot, as_bob, bob, alice):
    assert toot.json("follow", bob.name)["following"] is True
    assert [account["acct"] for account in toot.json("following")] == [bob.name]
    assert [account.acct for account in as_bob.account_followers(bob.id)] == [alice.name]
    assert toot.json("unfollow", bob.name)["following"] is False
    assert toot.json("mute", bob.name)["muting"] is True
    assert bob.name in toot("muted")
    assert toot.json("unmute", bob.name)["muting"] is False
    assert toot.json("block", bob.name)["blocking"] is True
    assert bob.name in toot("blocked")
    assert toot.json("unblock", bob.name)["blocking"] is False


def test_toot_answers_a_request_to_follow(toot, as_bob, bob, alice):
    assert toot.json("update-account", "--locked", "--display-name", "Alice")["locked"] is True
    assert as_bob.account_follow(alice.id).requested is True
    assert [account["acct"] for account in toot.json("follow-requests", "list")] == [bob.name]
    assert toot.json("follow-requests", "accept", bob.name)["followed_by"] is True


def test_toot_sets_the_defaults_of_posts(toot):
    source = toot.json("update-account", "--privacy", "unlisted", "--language", "de")["source"]
    assert (source["privacy"], source["language"]) == ("unlisted", "de")
    status = toot.json("post", "leise")
    assert (status["visibility"], status["language"]) == ("unlisted", "de")


def test_toot_searches(toot, bob):
    found = toot.json("search", bob.name, "--resolve")
    assert [account["acct"] for account in found["accounts"]] == [bob.name]
    assert f"@{bob.name}" in toot("search", bob.name)
    assert bob.name in toot("whois", bob.name)


def test_toot_shows_and_clears_notifications(toot, as_bob, alice, bob):
    as_bob.account_follow(alice.id)
    as_bob.status_post(f"hello @{alice.name}")
    eventually(lambda: len(toot.json("notifications")) == 2, "two notifications")
    shown = toot("notifications")
    assert bob.name in shown
    assert "hello" in shown
    assert [notice["type"] for notice in toot.json("notifications", "--type", "follow")] == ["follow"]
    toot("notifications", "--clear")
    assert toot.json("notifications") == []


def test_toot_deletes(toot, timeline):
    status = toot.json("post", "soon gone")["id"]
    toot("delete", status)
    assert "soon gone" not in timeline("home")

"""Films and sounds through the real program and its child: taken as they are, told of, served in parts."""

import subprocess
import time
from pathlib import Path

import pytest
import requests
from mastodon.errors import MastodonAPIError

from people import new_person
from server import Server, eventually

# Half a second of a test card that moves, and of a tone.
CARD = "-v error -f lavfi -i testsrc=s=160x120:r=15:d=0.5 -f lavfi -i sine=d=0.5".split()
CORPUS = Path(__file__).parents[3] / "fuzz" / "corpus"


@pytest.mark.parametrize("name, kind, media_type", [
    ("film/a.mp4", "video", "video/mp4"),
    ("film/a.webm", "video", "video/webm"),
    ("sound/a.mp3", "audio", "audio/mpeg"),
    ("sound/a.opus", "audio", "audio/ogg"),
])
def test_a_film_is_posted_and_played_in_parts(as_alice, name, kind, media_type):
    came = (CORPUS / name).read_bytes()
    upload = as_alice.media_post(came, mime_type=media_type, description=name, synchronous=True)
    post = as_alice.status_post("Play this", media_ids=[upload])
    shown = post.media_attachments[0]
    assert (shown.type, shown.description) == (kind, name)
    assert shown.meta["original"]["duration"] > 0
    whole = requests.get(shown.url, timeout=10)
    assert (whole.status_code, whole.headers["content-type"]) == (200, media_type)
    part = requests.get(shown.url, headers={"Range": "bytes=10-49"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole.content[10:50])
    page = requests.get(post.url, timeout=10).text
    assert f"<{kind} " in page and shown.url.split("/system/")[1] in page


def test_a_film_that_is_cut_is_refused_and_the_next_one_taken(as_alice):
    film = (CORPUS / "film/a.mp4").read_bytes()
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.media_post(film[:900], mime_type="video/mp4")
    assert refused.value.args[1] == 422
    assert as_alice.media_post(film, mime_type="video/mp4").type == "video"


def test_a_film_of_more_than_99_megabytes_is_refused(as_alice):
    film = (CORPUS / "film/a.mp4").read_bytes() + b"\0" * 104_000_000
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.media_post(film, mime_type="video/mp4")
    assert refused.value.args[1] == 422 and "larger than" in refused.value.args[3], refused.value.args


def made(tmp_path, name, *how):
    subprocess.run(["ffmpeg", *CARD, *how, tmp_path / name], check=True)
    return (tmp_path / name).read_bytes()


@pytest.fixture
def impatient(monkeypatch):
    """The library asks every five seconds."""
    sleep = time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: sleep(min(seconds, 0.1)))


@pytest.mark.usefixtures("impatient")
def test_what_browsers_do_not_play_is_converted_while_the_library_waits(as_alice, tmp_path):
    film = made(tmp_path, "a.wmv", "-c:v", "wmv2", "-c:a", "wmav2")
    upload = as_alice.media_post(film, mime_type="video/x-ms-wmv", description="From an old disk", synchronous=True)
    assert (upload.type, upload.description) == ("video", "From an old disk")
    assert upload.url.endswith(".mp4") and upload.preview_url and upload.blurhash
    post = as_alice.status_post("Play this", media_ids=[upload])
    shown = post.media_attachments[0]
    assert (shown.meta["original"]["width"], shown.meta["original"]["height"]) == (160, 120)
    assert requests.get(shown.url, timeout=10).headers["content-type"] == "video/mp4"


def long_film(tmp_path, n_times):
    """So many times the same half second that it is seen while it is made."""
    made(tmp_path, "s.avi", "-map", "0:v", "-s", "640x480", "-c:v", "mpeg4")
    repeat = f"ffmpeg -v error -stream_loop {n_times} -i s.avi -c copy l.avi"
    subprocess.run(repeat.split(), cwd=tmp_path, check=True)
    return (tmp_path / "l.avi").read_bytes()


@pytest.mark.usefixtures("impatient")
def test_a_film_is_in_hand_until_it_is_done_and_a_deleted_one_is_given_up(as_alice, tmp_path):
    upload = as_alice.media_post(long_film(tmp_path, 150), mime_type="video/x-msvideo")
    assert upload.url is None
    address = f"{as_alice.api_base_url}/api/v1/media/{upload.id}"
    headers = {"Authorization": f"Bearer {as_alice.access_token}"}
    assert requests.get(address, headers=headers, timeout=10).status_code == 206
    with pytest.raises(MastodonAPIError) as refused:
        as_alice.status_post("Too early", media_ids=[upload])
    assert "have not finished processing" in str(refused.value)
    assert requests.delete(address, headers=headers, timeout=10).status_code == 200
    assert requests.get(address, headers=headers, timeout=10).status_code == 404
    # The next one does not wait for it.
    assert as_alice.media_post(made(tmp_path, "a.aiff", "-map", "1:a"), mime_type="audio/aiff", synchronous=True).url


def children(pid):
    """Numbers of the programs that a process started."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = place.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if after_name[0] != "Z" and after_name[1] == str(pid):
            found.append(place.parent)
    return found


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_was_in_hand_when_the_power_went_is_done_after_it(server, tmp_path):
    # On SQLite nobody else can have it in hand, so it goes on at once.
    with Server(server.engine) as server:
        alice = new_person(server, "alice").client()
        upload = alice.media_post(long_film(tmp_path, 15), mime_type="video/x-msvideo")
        converting = eventually(
            lambda: [one for one in children(server.process.pid) if "libx264" in (one / "cmdline").read_text()],
            "it is being converted")
        server.process.kill()
        server.process.wait()
        eventually(lambda: not any(one.exists() for one in converting), "ffmpeg ends with it")
        server.start()
        address = f"{server.base}/api/v1/media/{upload.id}"
        headers = {"Authorization": f"Bearer {alice.access_token}"}
        done = eventually(
            lambda: (answer := requests.get(address, headers=headers, timeout=10)).status_code == 200 and answer.json(),
            "it is done", 60)
        assert requests.get(done["url"], timeout=10).headers["content-type"] == "video/mp4"
        media = server.data / "files" / "media"
        eventually(lambda: sorted(path.name for path in media.rglob("*.*")) == ["original.mp4", "small.jpg"],
                   "nothing else lies there")

"""Films and sounds through the real program and its child: taken as they are, told of, served in parts."""

from pathlib import Path

import pytest
import requests
from mastodon.errors import MastodonAPIError

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

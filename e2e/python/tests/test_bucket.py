"""Files in a bucket: a server on S3 takes an avatar and a picture, and whoever looks gets them."""

import subprocess

import pytest
import requests

from operations import png_of
from people import new_person
from server import BINARY, Server, eventually, free_port

KEY_ID, KEY = "AKIAPHIOMIATEST", "kept-by-nobody-but-tests"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of a real S3 server whose bucket everybody may read."""
    port = free_port()
    program = subprocess.Popen(
        [BINARY.with_name("s3-server"), tmp_path_factory.mktemp("bucket"), f"127.0.0.1:{port}", "public"])
    try:
        eventually(lambda: Server._listens(port), "the S3 server listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill()
        program.wait()


@pytest.fixture(scope="module", params=["public", "presigned", "proxied"])
def on_bucket(request, bucket):
    settings = {
        "S3_ENABLED": "true", "S3_BUCKET": "files", "S3_ENDPOINT": bucket, "S3_KEY_PREFIX": request.param,
        "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY, "PHIOMIA_S3_HAND_OUT": request.param}
    with Server("sqlite", **settings) as running:
        running.hand_out = request.param
        yield running


def test_an_avatar_and_a_picture_lie_in_the_bucket_and_are_seen(on_bucket, bucket):
    alice = new_person(on_bucket, "alice").client()
    me = alice.account_update_credentials(avatar=png_of(80, 50), avatar_mime_type="image/png")
    upload = alice.media_post(png_of(90, 60), mime_type="image/png", description="Blue")
    post = alice.status_post("A picture", media_ids=[upload])
    for url in [me.avatar, post.media_attachments[0].url, post.media_attachments[0].preview_url]:
        is_elsewhere = url.startswith(f"{bucket}/files/public/")
        assert is_elsewhere == (on_bucket.hand_out == "public"), url
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 200 and answer.content[:4] in (b"\x89PNG", b"RIFF"), url
        assert answer.url.startswith(bucket) == (on_bucket.hand_out != "proxied")
    assert "takes files, gives them and lets go of them" in on_bucket.cli("media", "check")

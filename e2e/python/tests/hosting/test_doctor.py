"""`phiomia doctor` names what is wrong, and the cure: each fault is created with the real program, and taken away again."""

import pytest

from clinic import Clinic


@pytest.fixture(scope="module")
def clinic(authority):
    with Clinic(authority) as running:
        yield running


APEX = {
    "drop-query": ("webfinger-query-dropped", "apex print nginx"),
    "wrong-host": ("webfinger-wrong-host", "apex print nginx"),
    "plain-http": ("webfinger-plain-http", "apex print nginx"),
    "loop": ("webfinger-loop", "apex print nginx"),
    "not-found": ("webfinger-not-found", "apex print nginx"),
    "cached": ("webfinger-cached-not-found", "create-invalidation"),
    "forbidden": ("webfinger-refused", "Nothing may stand before"),
    "media-type": ("webfinger-media-type", "application/jrd+json"),
    "no-json": ("webfinger-wrong-answer", "apex print nginx"),
    "no-cors": ("webfinger-no-cors", "apex print nginx"),
    "no-head": ("webfinger-head", "apex print nginx"),
    "no-bare": ("webfinger-bare", "apex print nginx"),
}


@pytest.mark.parametrize("fault", APEX)
def test_a_handle_that_nobody_finds(clinic, fault):
    name, cure = APEX[fault]
    with clinic.fault(fault):
        code, found = clinic.doctor("webfinger")
    assert list(found) == [name]
    assert cure in found[name]["cure"]
    assert code == {"fault": 1, "warning": 2}[found[name]["verdict"]]


def test_a_handle_that_everybody_finds(clinic):
    code, found = clinic.doctor("webfinger")
    assert (code, list(found)) == (0, ["webfinger-good"]), found
    assert "in 2 steps" in found["webfinger-good"]["what"]


FRONT = {
    "strip": ("front-header-lost", "digest, signature"),
    "rewrite-date": ("front-header-changed", "date"),
    "own-host": ("front-host-changed", "upstream.internal"),
    "says-http": ("front-https-loop", "again and again"),
    "drop-args": ("front-address-changed", "addresses"),
    "no-upgrade": ("front-no-websocket", "does not arrive"),
    "no-client": ("front-client-unsaid", "127.0.0.1"),
    "static": ("front-other-server", "nginx"),
    "elsewhere": ("front-leads-away", "follow no redirect"),
}


@pytest.mark.parametrize("fault", FRONT)
def test_a_front_that_loses_something(clinic, fault):
    name, words = FRONT[fault]
    with clinic.fault(fault):
        code, found = clinic.doctor("front")
    assert name in found and words in found[name]["what"], found
    assert found[name]["cure"]
    assert code == {"fault": 1, "warning": 2}[found[name]["verdict"]]


def test_a_front_that_loses_nothing(clinic):
    code, found = clinic.doctor("front")
    assert (code, list(found)) == (0, ["front-good"]), found
    assert "16 MB" in found["front-good"]["what"]


def test_a_front_that_takes_small_bodies_only(clinic):
    code, found = clinic.doctor("front", "--set", f"instance.web_domain={clinic.host}:{clinic.small_port}")
    assert code == 1
    assert "up to 1 MB" in found["front-body-limit"]["what"]
    assert "client_max_body_size 110m" in found["front-body-limit"]["cure"]

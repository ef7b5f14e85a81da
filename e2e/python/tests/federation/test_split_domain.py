"""Handles on one domain, everything else on another: what LOCAL_DOMAIN and WEB_DOMAIN are for, seen from both sides."""

import pytest

from federation import PATIENCE_SECONDS, Federated
from peer import Peer
from server import engines, eventually
from wire import Answer, redirect

REDIRECTS = [301, 302, 307, 308]


@pytest.fixture(scope="module")
def apex():
    """The domain of the handles: a small server that only knows where to look instead."""
    with Peer() as running:
        yield running


@pytest.fixture(scope="module")
def split(apex):
    with Federated(engines()[0], handle_domain=apex.domain) as running:
        apex.redirects_webfinger_to(running.base)
        yield running


@pytest.fixture(scope="module")
def whole():
    with Federated(engines()[-1]) as running:
        yield running


@pytest.fixture
def sue(split):
    return split.person("sue")


@pytest.fixture
def will(whole):
    return whole.person("will")


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_handle_is_found_through_a_redirect_of_its_domain(apex, split, sue, will, status):
    apex.redirects_webfinger_to(split.base, status)
    found = will.finds(sue)
    assert found.acct == f"{sue.name}@{apex.domain}"
    assert found.uri.startswith(split.base), "ids are never on the domain of the handles"


def test_the_web_domain_leads_to_the_same_account(split, sue, will):
    assert will.finds(f"{sue.name}@{split.domain}").acct == sue.handle
    assert will.finds(f"{split.base}/@{sue.name}").acct == sue.handle
    assert will.finds(sue).id == will.finds(f"{split.base}/@{sue.name}").id


def test_both_follow_and_talk(sue, will):
    sue.follows(will)
    will.follows(sue)
    will.says(f"hello @{sue.handle}")
    assert sue.hears("mention").status.mentions[0].acct == sue.name
    sue.says(f"hello @{will.handle}")
    assert will.hears("mention").account.acct == sue.handle


def test_ones_own_handle_has_either_domain(split, sue):
    other = split.person("other")
    for domain in (split.handle_domain, split.domain):
        status = other.says(f"@{sue.name}@{domain} here")
        assert [mention.id for mention in status.mentions] == [sue.id], domain


def test_somebody_of_a_split_peer_is_known_by_the_handle_domain(will):
    with Peer() as apex, Peer(handle_domain=apex.domain) as web:
        apex.redirects_webfinger_to(web.base)
        carol = web.actor("carol")
        assert will.finds(carol).acct == f"carol@{apex.domain}"
        carol.send(carol.create(carol.note("hi", mentions=[web.find(will.handle)])), web.find(will.handle))
        assert will.hears("mention").account.acct == f"carol@{apex.domain}"


def test_a_first_activity_of_a_split_peer_brings_the_right_handle(will):
    with Peer() as apex, Peer(handle_domain=apex.domain) as web:
        apex.redirects_webfinger_to(web.base)
        dave = web.actor("dave")
        dave.send(dave.follow(web.find(will.handle)), web.find(will.handle))
        eventually(lambda: [a.acct for a in will.client.account_followers(will.id)] == [f"dave@{apex.domain}"],
                   "dave follows", PATIENCE_SECONDS)


def test_nobody_takes_a_handle_on_a_domain_that_does_not_say_so(will):
    with Peer() as apex, Peer(handle_domain=apex.domain) as web:
        # The apex knows nothing of the other host: its WebFinger answers 404.
        mallory = web.actor("mallory")
        known = web.find(will.handle)
        assert mallory.post(known.inbox, mallory.follow(known)).status == 401
        assert will.client.search_v2(mallory.handle, resolve=True).accounts == []
        assert will.client.account_followers(will.id) == []


@pytest.mark.parametrize("status", [None, *REDIRECTS])
def test_a_handle_is_found_where_its_domain_has_host_meta_alone(will, status):
    """Served by the domain itself, or led to from there."""
    with Peer() as apex, Peer(handle_domain=apex.domain) as web:
        template = f"{web.base}/.well-known/webfinger?resource={{uri}}"
        host_meta = Answer(200, f'<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
                                f'<Link rel="lrdd" template="{template}"/></XRD>', content_type="application/xrd+xml")
        (apex if status is None else web).documents["/.well-known/host-meta"] = host_meta
        if status is not None:
            apex.documents["/.well-known/host-meta"] = redirect(f"{web.base}/.well-known/host-meta", status)
        carol = web.actor("carol")
        found = will.finds(carol)
        assert (found.acct, found.uri) == (f"carol@{apex.domain}", carol.id)


def test_two_servers_with_handles_on_other_domains_meet(split, sue):
    with Peer() as other, Federated(engines()[-1], handle_domain=other.domain) as far:
        other.redirects_webfinger_to(far.base)
        ann = far.person("ann")
        assert sue.follows(ann).acct == f"{ann.name}@{other.domain}"
        ann.follows(sue)
        ann.says(f"hello @{sue.handle}")
        told = sue.hears("mention")
        assert (told.account.acct, told.status.mentions[0].acct) == (ann.handle, sue.name)
        answer = sue.says(f"@{ann.handle} and back", in_reply_to_id=told.status.id)
        assert ann.hears("mention").account.acct == sue.handle
        assert answer.uri.startswith(split.base) and told.status.uri.startswith(far.base)


def test_names_of_before_lead_to_whoever_is_here(will):
    with Federated(engines()[0], ALTERNATE_DOMAINS="before.example") as renamed, Peer() as asker:
        ann = renamed.person("ann")
        found = asker.get(f"{renamed.base}/.well-known/webfinger?resource=acct:{ann.name}@before.example",
                          accept="application/jrd+json")
        assert (found.status, found.json()["subject"]) == (200, f"acct:{ann.handle}")

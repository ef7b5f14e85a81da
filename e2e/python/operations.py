"""What the server offers, read from its page of routes, and a valid call of each operation."""

import re
import secrets
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

ROUTES = Path(__file__).parents[2] / "crates" / "api" / "src" / "routes.rs"
LINE = re.compile(r'^\s+(GET|POST|PUT|PATCH|DELETE) "(/[^"]*)"\s+(\w+)\s+\[([^\]]*)\]')


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    who: str
    scopes: tuple

    def __str__(self):
        return f"{self.method} {self.path}"


def served():
    """Every operation of the API for apps, as its page of routes declares it."""
    found = []
    for line in ROUTES.read_text().splitlines():
        match = LINE.match(line)
        # What the doctor asks of itself is for nobody else.
        is_ours = match and match[3] == "OwnDoctor"
        if match and not is_ours and match[2].startswith("/api/") and "streaming" not in match[2]:
            scopes = tuple(re.findall(r'"([^"]+)"', match[4]))
            found.append(Operation(match[1], match[2], match[3], scopes))
    return found


def of(who):
    return lambda world: {"id": getattr(world, who).id}


POST = lambda world: {"id": world.post}
FRESH = lambda world: {"id": world.new_post()}

def png_of(width, height):
    """A red picture."""
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress((b"\0" + b"\xff\0\0" * width) * height)) + chunk(b"IEND", b"")


PNG = png_of(1, 1)

def unheard_of():
    return f"{secrets.token_hex(6)}.example"


# What staff decides, each time about something else.
RULES = {
    "domain_blocks": lambda: {"domain": unheard_of(), "severity": "silence"},
    "domain_allows": lambda: {"domain": unheard_of()},
    "email_domain_blocks": lambda: {"domain": unheard_of()},
    "ip_blocks": lambda: {"ip": f"2001:db8:{secrets.token_hex(2)}::/48", "severity": "sign_up_block"},
    "canonical_email_blocks": lambda: {"email": f"eve@{unheard_of()}"},
}
# A filter that finds nothing in what others of these tests write.
FILTER = {"title": "Drinks", "context": ["home", "thread"], "filter_action": "blur", "expires_in": 3600,
          "keywords_attributes": [{"keyword": "lapsang souchong", "whole_word": True}]}
# Who may come where only staff may, as the page of routes names them.
STAFF = ("ManagesUsers", "ManagesReports", "Moderates", "DeletesUserData", "ManagesFederation", "ManagesBlocks")

# How each operation is called: what stands in its path, and what is sent. Everything not here is called as it is.
CALLS = {
    "GET /api/v1/instance/terms_of_service": None,
    **{f"GET /api/v1/{staff}statuses/{{id}}/deliveries": (POST, {}) for staff in ("", "admin/")},
    "GET /api/v1/admin/hosts/{host}": None,
    "POST /api/v1/admin/hosts/{host}/retry": None,
    "POST /api/v1/admin/hosts/{host}/reset": None,
    "GET /api/v1/instance/terms_of_service/{date}": None,
    "POST /api/v1/announcements/{id}/dismiss": (lambda w: {"id": w.announcement}, {}),
    "PUT /api/v1/announcements/{id}/reactions/{name}": (lambda w: {"id": w.announcement, "name": "👍"}, {}),
    "DELETE /api/v1/announcements/{id}/reactions/{name}": (lambda w: {"id": w.announcement, "name": w.reacts()}, {}),
    "POST /api/v1/accounts": None,
    "POST /api/v1/emails/confirmations": None,
    "PATCH /api/v1/accounts/update_credentials": ({}, {"display_name": "Alice", "fields_attributes": {"0": {"name": "a", "value": "b"}}}),
    "PATCH /api/v1/profile": ({}, {"display_name": "Alice"}),
    "GET /api/v1/accounts": ({}, lambda w: {"id[]": [w.bob.id]}),
    "GET /api/v1/accounts/lookup": ({}, lambda w: {"acct": w.bob.name}),
    "GET /api/v1/accounts/search": ({}, lambda w: {"q": w.bob.name[:6]}),
    "GET /api/v1/accounts/relationships": ({}, lambda w: {"id[]": [w.bob.id]}),
    "GET /api/v1/accounts/familiar_followers": ({}, lambda w: {"id[]": [w.bob.id]}),
    "DELETE /api/v1/suggestions/{account_id}": (lambda w: {"account_id": w.carol.id}, {}),
    **{f"GET /api/v1/accounts/{{id}}{rest}": (of("bob"), {}) for rest in (
        "", "/statuses", "/followers", "/following", "/endorsements", "/lists", "/featured_tags", "/origin",
        "/identity_proofs")},
    **{f"POST /api/v1/accounts/{{id}}/{act}": (of("carol"), {}) for act in (
        "follow", "note", "unfollow", "remove_from_followers", "mute", "unmute", "block", "unblock")},
    **{f"POST /api/v1/accounts/{{id}}/{act}": (of("bob"), {}) for act in ("endorse", "unendorse", "pin", "unpin")},
    "POST /api/v1/follow_requests/{id}/authorize": (lambda w: {"id": w.asks_to_follow()}, {}),
    "POST /api/v1/follow_requests/{id}/reject": (lambda w: {"id": w.asks_to_follow()}, {}),
    "POST /api/v1/statuses": ({}, {"status": "hello", "poll": {"options": ["a", "b"], "expires_in": 300}}),
    "GET /api/v1/statuses": ({}, lambda w: {"id[]": [w.post, w.quote]}),
    "PUT /api/v1/statuses/{id}": (FRESH, {"status": "changed"}),
    "DELETE /api/v1/statuses/{id}": (FRESH, {}),
    "PUT /api/v1/statuses/{id}/interaction_policy": (FRESH, {"quote_approval_policy": "nobody"}),
    "POST /api/v1/statuses/{id}/quotes/{quoting_status_id}/revoke": (lambda w: w.quoted(), {}),
    **{f"GET /api/v1/statuses/{{id}}{rest}": (POST, {}) for rest in (
        "", "/quotes", "/context", "/history", "/source", "/favourited_by", "/reblogged_by", "/origin")},
    **{f"POST /api/v1/statuses/{{id}}/{act}": (POST, {}) for act in (
        "favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute")},
    **{f"POST /api/v{version}/media": ({}, {"file": PNG, "description": "a dot", "focus": "0,0.5"}) for version in (1, 2)},
    **{f"{method} /api/v1/media/{{id}}": (lambda w: {"id": w.upload()}, body) for method, body in (
        ("GET", {}), ("PUT", {"description": "another dot"}), ("DELETE", {}))},
    "GET /api/v1/polls/{id}": (lambda w: {"id": w.poll}, {}),
    "POST /api/v1/polls/{id}/votes": (lambda w: {"id": w.poll}, {"choices": [0]}),
    **{f"{method} /api/v1/scheduled_statuses/{{id}}": (lambda w: {"id": w.scheduled()}, body) for method, body in (
        ("GET", {}), ("PUT", {"scheduled_at": "2100-01-02T00:00:00Z"}), ("DELETE", {}))},
    "GET /api/v1/markers": ({}, {"timeline[]": ["home", "notifications"]}),
    "POST /api/v1/markers": ({}, lambda w: {"home": {"last_read_id": w.post}}),
    "DELETE /api/v1/conversations/{id}": (lambda w: {"id": w.conversation()}, {}),
    "POST /api/v1/conversations/{id}/read": (lambda w: {"id": w.conversation()}, {}),
    "POST /api/v1/conversations/{id}/unread": (lambda w: {"id": w.conversation()}, {}),
    "GET /api/v1/timelines/tag/{hashtag}": ({"hashtag": "topic"}, {}),
    "GET /api/v1/timelines/list/{id}": (lambda w: {"id": w.list}, {}),
    "POST /api/v1/lists": ({}, {"title": "more", "replies_policy": "followed", "exclusive": True}),
    "GET /api/v1/lists/{id}": (lambda w: {"id": w.list}, {}),
    "PUT /api/v1/lists/{id}": (lambda w: {"id": w.list}, {"title": "changed"}),
    "DELETE /api/v1/lists/{id}": (lambda w: {"id": w.new_list()}, {}),
    "GET /api/v1/lists/{id}/accounts": (lambda w: {"id": w.list}, {}),
    "POST /api/v1/lists/{id}/accounts": (lambda w: {"id": w.new_list()}, lambda w: {"account_ids": [w.bob.id]}),
    "DELETE /api/v1/lists/{id}/accounts": (lambda w: {"id": w.new_list()}, lambda w: {"account_ids": [w.bob.id]}),
    **{f"{method} /api/v1/tags/{{name}}{rest}": ({"name": "topic"}, {}) for method, rest in (
        ("GET", ""), ("POST", "/follow"), ("POST", "/unfollow"), ("POST", "/feature"), ("POST", "/unfeature"))},
    "POST /api/v1/featured_tags": ({}, {"name": "another"}),
    "DELETE /api/v1/featured_tags/{id}": (lambda w: {"id": w.featured_tag()}, {}),
    "GET /api/v1/notifications/{id}": (lambda w: {"id": w.notification()}, {}),
    "POST /api/v1/notifications/{id}/dismiss": (lambda w: {"id": w.notification()}, {}),
    "DELETE /api/v1/notifications/{id}": (lambda w: {"id": w.notification()}, {}),
    "DELETE /api/v1/notifications/destroy_multiple": ({}, lambda w: {"ids[]": [w.notification()]}),
    "GET /api/v2/notifications/{group_key}": (lambda w: {"group_key": w.group()}, {}),
    "GET /api/v2/notifications/{group_key}/accounts": (lambda w: {"group_key": w.group()}, {}),
    "POST /api/v2/notifications/{group_key}/dismiss": (lambda w: {"group_key": w.group()}, {}),
    **{f"{method} /api/v2/notifications/policy": ({}, {"for_new_accounts": "accept"}) for method in ("PATCH", "PUT")},
    **{f"{method} /api/v1/notifications/policy": ({}, {"filter_new_accounts": False}) for method in ("PATCH", "PUT")},
    "GET /api/v1/notifications/requests/{id}": (lambda w: {"id": w.held_back()}, {}),
    **{f"POST /api/v1/notifications/requests/{{id}}/{act}": (lambda w: {"id": w.held_back()}, {})
       for act in ("accept", "dismiss")},
    **{f"POST /api/v1/notifications/requests/{act}": ({}, lambda w: {"id": [w.held_back()]})
       for act in ("accept", "dismiss")},
    "GET /api/v1_alpha/async_refreshes/{id}": (lambda w: {"id": f"thread-{w.post}"}, {}),
    "POST /api/v1/reports": ({}, lambda w: {"account_id": w.bob.id, "comment": "please look"}),
    **{f"{method} /api/v1/admin/accounts/{{id}}{rest}": (of("bob"), {}) for method, rest in (
        ("GET", ""), ("POST", "/enable"), ("POST", "/unsilence"), ("POST", "/unsuspend"), ("POST", "/unsensitive"))},
    **{f"POST /api/v1/admin/accounts/{{id}}/{act}": (lambda w: {"id": w.waits_for_approval()}, {})
       for act in ("approve", "reject")},
    "POST /api/v1/admin/accounts/{id}/action": (of("bob"), {"type": "none", "text": "be nice"}),
    "DELETE /api/v1/admin/accounts/{id}": (lambda w: {"id": w.suspended()}, {}),
    **{f"{method} /api/v1/admin/reports/{{id}}{rest}": (lambda w: {"id": w.report()}, {}) for method, rest in (
        ("GET", ""), ("PUT", ""), ("POST", "/assign_to_self"), ("POST", "/unassign"), ("POST", "/resolve"),
        ("POST", "/reopen"))},
    **{f"POST /api/v1/admin/{noun}": ({}, lambda w, make=make: make()) for noun, make in RULES.items()},
    **{f"{method} /api/v1/admin/{noun}/{{id}}": (lambda w, noun=noun: {"id": w.rule(noun)}, {})
       for noun in RULES for method in ("GET", "PUT", "DELETE") if method != "PUT" or noun in ("domain_blocks", "ip_blocks")},
    "POST /api/v1/admin/canonical_email_blocks/test": ({}, {"email": "eve@mail.example"}),
    "GET /api/v1/domain_blocks/preview": ({}, {"domain": "elsewhere.example"}),
    "POST /api/v1/domain_blocks": ({}, {"domain": "elsewhere.example"}),
    "DELETE /api/v1/domain_blocks": ({}, {"domain": "elsewhere.example"}),
    "POST /api/v2/filters": ({}, FILTER),
    **{f"{method} /api/v2/filters/{{id}}": (lambda w: {"id": w.filter()["id"]}, body) for method, body in (
        ("GET", {}), ("PUT", {"title": "changed", "context": ["home"]}), ("DELETE", {}))},
    **{f"{method} /api/v2/filters/{{id}}/{part}": (lambda w: {"id": w.filter()["id"]}, body) for method, part, body in (
        ("GET", "keywords", {}), ("POST", "keywords", {"keyword": "milk"}),
        ("GET", "statuses", {}), ("POST", "statuses", lambda w: {"status_id": w.new_post()}))},
    **{f"{method} /api/v2/filters/keywords/{{id}}": (lambda w: {"id": w.filter()["keywords"][0]["id"]}, body)
       for method, body in (("GET", {}), ("PUT", {"keyword": "cream"}), ("DELETE", {}))},
    **{f"{method} /api/v2/filters/statuses/{{id}}": (lambda w: {"id": w.filtered_post()}, {}) for method in ("GET", "DELETE")},
    "POST /api/v1/filters": ({}, {"phrase": "tea", "context": ["home"], "expires_in": 600}),
    **{f"{method} /api/v1/filters/{{id}}": (lambda w: {"id": w.filter()["keywords"][0]["id"]}, body) for method, body in (
        ("GET", {}), ("PUT", {"phrase": "coffee", "context": ["home"]}), ("DELETE", {}))},
    "GET /api/v2/search": ({}, {"q": "hello"}),
    "GET /api/v1/peers/search": ({}, {"q": "exa"}),
    "GET /api/oembed": ({}, lambda w: {"url": w.post_url}),
    "POST /api/v1/apps": ({}, {"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}),
}

# Called elsewhere, for a reason.
ELSEWHERE = {name: reason for name, reason in (
    *((call, "needs another server: crates/api/tests/it/admin/hosts.rs") for call in (
        "GET /api/v1/admin/hosts/{host}", "POST /api/v1/admin/hosts/{host}/retry", "POST /api/v1/admin/hosts/{host}/reset")),
    ("GET /api/v1/instance/domain_blocks", "404 while nothing is published: crates/api/tests/it/admin/domains.rs"),
    ("GET /api/v1/instance/terms_of_service", "404 while there are none: crates/api/tests/it/instance.rs"),
    ("GET /api/v1/instance/terms_of_service/{date}", "404 while there are none: crates/api/tests/it/instance.rs"),
    ("POST /api/v1/accounts", "needs open registrations and mail: crates/api/tests/it/accounts"),
    ("POST /api/v1/emails/confirmations", "needs an unconfirmed person and mail: crates/api/tests/it/accounts"),
)}

"""Every operation of the API: called as it should be, its answer held against Mastodon's description, and refused as it
should be."""

import re

import pytest
import requests

from described import SHAPES, faults_of, look_closer
from operations import CALLS, ELSEWHERE, FILTER, PNG, RULES, STAFF, served
from people import new_person

OPERATIONS = served()
CALLED = [operation for operation in OPERATIONS if str(operation) not in ELSEWHERE]

class World:
    """People with something of everything."""

    def __init__(self, server):
        self.server = server
        self.alice, self.bob, self.carol = (new_person(server, name) for name in ("alice", "bob", "carol"))
        self.as_alice, self.as_bob = self.alice.client(), self.bob.client()
        self.token, self.bobs_token = self.alice.token(), self.bob.token()
        self.as_alice.account_follow(self.bob.id)
        self.as_bob.account_follow(self.alice.id)
        self.as_bob.account_follow(self.carol.id)
        post = self.as_alice.status_post("hello #topic @" + self.bob.name, quote_approval_policy="public")
        self.post, self.post_url = str(post.id), post.url
        self.quote = str(self.as_bob.status_post("see", quoted_status_id=post.id).id)
        self.as_bob.status_favourite(post.id)
        self.as_bob.status_reblog(post.id)
        self.as_alice.status_bookmark(post.id)
        self.as_alice.status_update(post.id, "hello again #topic @" + self.bob.name)
        poll = self.as_bob.status_post("well?", poll=self.as_bob.make_poll(["yes", "no"], expires_in=300))
        self.poll = str(poll.poll.id)
        self.list = self.new_list()
        self.as_alice.list_accounts_add(self.list, [self.bob.id])
        self.announcement = server.cli("announcement", "publish", "we move")
        self.as_bob.status_post("@" + self.alice.name + " psst", visibility="direct")
        self.staff_token = new_person(server, "owner", "--role", "owner").staff_token()
        # The scopes alone are not enough.
        self.bobs_staff_token = self.bob.staff_token()

    def as_staff(self, method, path, values=None):
        return self.call(method, path, values, token=self.staff_token)

    def waits_for_approval(self):
        person = new_person(self.server, "nora")
        self.server.cli("account", "modify", person.name, "--approved=false")
        return person.id

    def suspended(self):
        person = new_person(self.server, "eve")
        self.as_staff("POST", f"/api/v1/admin/accounts/{person.id}/action", {"type": "suspend"})
        return person.id

    def report(self):
        return self.call("POST", "/api/v1/reports", {"account_id": self.bob.id}).json()["id"]

    def rule(self, noun):
        return self.as_staff("POST", f"/api/v1/admin/{noun}", RULES[noun]()).json()["id"]

    def reacts(self):
        self.call("PUT", f"/api/v1/announcements/{self.announcement}/reactions/🎉")
        return "🎉"

    def new_post(self):
        return str(self.as_alice.status_post("something").id)

    def new_list(self):
        return str(self.as_alice.list_create("friends").id)

    def upload(self):
        return str(self.call("POST", "/api/v2/media", {"file": PNG}).json()["id"])

    def filter(self):
        # There may not be more than two hundred.
        for known in self.call("GET", "/api/v2/filters").json():
            self.call("DELETE", f"/api/v2/filters/{known['id']}")
        return self.call("POST", "/api/v2/filters", FILTER).json()

    def filtered_post(self):
        path = f"/api/v2/filters/{self.filter()['id']}/statuses"
        return self.call("POST", path, {"status_id": self.new_post()}).json()["id"]

    def quoted(self):
        post = self.as_alice.status_post("quote me", quote_approval_policy="public")
        return {"id": post.id, "quoting_status_id": self.as_bob.status_post("see", quoted_status_id=post.id).id}

    def scheduled(self):
        form = {"status": "later", "scheduled_at": "2100-01-01T00:00:00Z"}
        return self.call("POST", "/api/v1/statuses", form).json()["id"]

    def conversation(self):
        self.as_bob.status_post("@" + self.alice.name + " psst", visibility="direct")
        return self.as_alice.conversations()[0].id

    def featured_tag(self):
        for tag in self.as_alice.featured_tags():
            self.as_alice.featured_tag_delete(tag.id)
        return self.as_alice.featured_tag_create("topic").id

    def notification(self):
        self.as_bob.status_post("@" + self.alice.name + " look")
        return self.as_alice.notifications()[0].id

    def held_back(self):
        stranger = new_person(self.server, "erin").client()
        stranger.status_post("@" + self.alice.name + " buy this", visibility="direct")
        return self.as_alice.notification_requests()[0].id

    def group(self):
        self.as_bob.status_favourite(self.new_post())
        return self.as_alice.grouped_notifications().notification_groups[0].group_key

    def asks_to_follow(self):
        person = new_person(self.server, "dave")
        self.as_alice.account_update_credentials(locked=True)
        person.client().account_follow(self.alice.id)
        self.as_alice.account_update_credentials(locked=False)
        return person.id

    def token_for(self, operation):
        return self.staff_token if operation.who in STAFF else self.token

    def call(self, method, path, values=None, token=..., **more):
        headers = {} if token is None else {"Authorization": f"Bearer {self.token if token is ... else token}"}
        values = values or {}
        files = {name: ("a.png", value) for name, value in values.items() if isinstance(value, bytes)}
        place = {"params": values} if method == "GET" else {"json": values}
        if files:
            place = {"files": files, "data": {name: value for name, value in values.items() if name not in files}}
        return requests.request(method, self.server.base + path, headers=headers, timeout=20, **place, **more)

    def prepared(self, operation):
        """Path and values of a valid call."""
        place, values = CALLS.get(str(operation), ({}, {}))
        place = place(self) if callable(place) else place
        values = values(self) if callable(values) else values
        return operation.path.format(**place) if place else operation.path, values


@pytest.fixture(scope="module")
def world(server):
    return World(server)


def named(operation):
    return str(operation)


def test_each_operation_has_its_call():
    unknown = [name for name in CALLS if name not in {str(operation) for operation in OPERATIONS}]
    assert unknown == [], "calls of operations that are not served"
    bare = [str(o) for o in OPERATIONS if "{" in o.path and str(o) not in CALLS]
    assert bare == [], "operations whose call is not written down"


@pytest.mark.parametrize("operation", CALLED, ids=named)
def test_a_valid_call_is_answered_in_mastodons_shape(world, operation):
    path, values = world.prepared(operation)
    answer = world.call(operation.method, path, values, token=world.token_for(operation))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    schema = SHAPES["operations"].get(str(operation)) or described(operation, answer.json())
    if schema is not None:
        assert faults_of(answer.json(), schema) == []
    look_closer(answer.json(), operation.path)


# What staff is told, which the description has as entities alone.
ENTITIES = {
    "accounts": "AdminAccount", "reports": "AdminReport", "domain_blocks": "AdminDomainBlock",
    "domain_allows": "AdminDomainAllow", "email_domain_blocks": "AdminEmailDomainBlock", "ip_blocks": "AdminIpBlock",
    "canonical_email_blocks": "AdminCanonicalEmailBlock",
}


def described(operation, answer):
    noun = re.match(r"/api/v\d/admin/(\w+)", operation.path)
    if noun is None or noun[1] not in ENTITIES or operation.path.endswith("/action"):
        return None
    entity = {"$ref": f"#/$defs/{ENTITIES[noun[1]]}"}
    return {"type": "array", "items": entity} if isinstance(answer, list) else entity


PERSONAL = [operation for operation in CALLED if operation.who in ("Member", "Client", *STAFF)]


@pytest.mark.parametrize("operation", PERSONAL, ids=named)
def test_without_a_token_it_is_401(world, operation):
    path = re.sub(r"\{\w+\}", "1", operation.path)
    refused = (401, {"error": "The access token is invalid"})
    # Without scopes Mastodon asks for a person and not for a token.
    is_asked = operation.who == "Member" and not operation.scopes
    missing = (422, {"error": "This method requires an authenticated user"}) if is_asked else refused
    for token, expected in ((None, missing), ("wrong", refused)):
        answer = world.call(operation.method, path, {}, token=token)
        assert (answer.status_code, answer.json()) == expected


@pytest.fixture(scope="module")
def narrow(world):
    """A token that may do nothing that is served here."""
    return world.alice.token("read:collections")


@pytest.mark.parametrize("operation", [o for o in CALLED if o.scopes], ids=named)
def test_without_the_scope_it_is_403(world, narrow, operation):
    path = re.sub(r"\{\w+\}", "1", operation.path)
    answer = world.call(operation.method, path, {}, token=narrow)
    if operation.who == "Anyone":
        # A token narrower than what everybody may do is no worse than none.
        assert answer.status_code in (200, 400, 403, 404)
    else:
        assert (answer.status_code, answer.json()) == (403, {"error": "This action is outside the authorized scopes"})


@pytest.fixture(scope="module")
def app_token(world):
    app = world.server.app
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"],
            "redirect_uri": "urn:ietf:wg:oauth:2.0:oob", "scope": "read write follow"}
    return requests.post(world.server.base + "/oauth/token", data=form, timeout=20).json()["access_token"]


@pytest.mark.parametrize("operation", [o for o in CALLED if o.who == "Member"], ids=named)
def test_for_an_app_without_a_person_it_is_422(world, app_token, operation):
    path = re.sub(r"\{\w+\}", "1", operation.path)
    answer = world.call(operation.method, path, {}, token=app_token)
    if operation.scopes == ("profile",):
        pytest.fail("an app's token never has this scope: write its own test")
    assert (answer.status_code, answer.json()) == (422, {"error": "This method requires an authenticated user"})


@pytest.mark.parametrize("operation", [o for o in CALLED if o.who in STAFF], ids=named)
def test_who_is_no_staff_is_told_so(world, operation):
    path = re.sub(r"\{\w+\}", "1", operation.path)
    answer = world.call(operation.method, path, {}, token=world.bobs_staff_token)
    assert (answer.status_code, answer.json()) == (403, {"error": "This action is not allowed"})


# What is there for every name, or says yes to what is gone.
NEVER_MISSING = {
    "GET /api/v1/tags/{name}", "POST /api/v1/tags/{name}/follow", "POST /api/v1/tags/{name}/unfollow",
    "POST /api/v1/tags/{name}/feature", "POST /api/v1/tags/{name}/unfeature", "GET /api/v1/timelines/tag/{hashtag}",
    "DELETE /api/v1/suggestions/{account_id}", "POST /api/v2/notifications/{group_key}/dismiss",
    "GET /api/v2/notifications/{group_key}/accounts",
}


@pytest.mark.parametrize(
    "operation", [o for o in CALLED if "{" in o.path and str(o) not in NEVER_MISSING], ids=named)
def test_what_is_not_there_is_404(world, operation):
    _, values = CALLS.get(str(operation), ({}, {}))
    values = values(world) if callable(values) else values
    for wrong in ("1", "999999999999999999999999", "x", "%00"):
        path = re.sub(r"\{\w+\}", wrong, operation.path)
        answer = world.call(operation.method, path, values, token=world.token_for(operation))
        assert (answer.status_code, answer.json()) == (404, {"error": "Record not found"}), wrong


NONSENSE = {
    "limit": "-5", "offset": "x", "max_id": "'\"", "min_id": "9" * 40, "since_id": "\u0000", "id": {"a": ["b"]},
    "id[]": ["x"], "q": "\u0000%_\\'\"*", "acct": "@@@", "status": "x\u0000y", "poll": [1], "choices": "many",
    "types[]": ["\u0000"], "home": "x", "title": [], "account_ids": {"0": []}, "fields_attributes": "x", "url": "::",
    "scheduled_at": "soon", "language": "\u0000", "visibility": {"a": 1}, "name": "\u0000", "client_name": ["x"],
}


@pytest.mark.parametrize("operation", CALLED, ids=named)
def test_nonsense_is_refused_in_order(world, operation):
    path, _ = world.prepared(operation)
    for values in (NONSENSE, {name: "" for name in NONSENSE}, {name: "x" * 5_000 for name in ("status", "title", "q")}):
        answer = world.call(operation.method, path, values, token=world.token_for(operation))
        assert answer.status_code < 500, (values, answer.text)
        assert answer.status_code == 200 or isinstance(answer.json()["error"], str), answer.text


def test_a_body_that_is_none_is_400_and_the_server_lives(world):
    for kind, body in (("application/json", b"{"), ("application/json", b"\xff\xfe"), ("application/json", b"[" * 5_000)):
        headers = {"Authorization": f"Bearer {world.token}", "Content-Type": kind}
        answer = requests.post(world.server.base + "/api/v1/statuses", data=body, headers=headers, timeout=20)
        assert answer.status_code == 400, answer.text
    assert world.call("GET", "/api/v1/accounts/verify_credentials").status_code == 200


@pytest.mark.parametrize("send", [
    lambda form: {"data": form},
    lambda form: {"json": form},
    lambda form: {"files": {name: (None, value) for name, value in form.items()}},
], ids=["form", "json", "multipart"])
def test_forms_of_every_kind_are_read_alike(world, send):
    headers = {"Authorization": f"Bearer {world.token}"}
    form = {"status": "the same", "sensitive": "true", "spoiler_text": "careful", "language": "de"}
    answer = requests.post(world.server.base + "/api/v1/statuses", headers=headers, timeout=20, **send(form)).json()
    assert (answer["sensitive"], answer["spoiler_text"], answer["language"]) == (True, "careful", "de")

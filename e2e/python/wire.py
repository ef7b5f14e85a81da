"""Requests and answers as they are on the wire: nothing is added, merged or put right on the way."""

import http.client
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ACTIVITY_JSON = "application/activity+json"
TIMEOUT_SECONDS = 20


@dataclass
class Answer:
    """What a peer says. `after`: seconds until it begins; `closes`: the connection ends without a word;
    `drips`: seconds between its bytes, for those who speak without ever coming to the end."""
    status: int = 200
    body: object = b""
    headers: dict = field(default_factory=dict)
    content_type: str = ACTIVITY_JSON
    after: float = 0
    closes: bool = False
    drips: float = 0

    @property
    def data(self):
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def redirect(to, status=302):
    return Answer(status, headers={"Location": to})


@dataclass
class Received:
    """A request as it came, and what came of it."""
    method: str
    path: str
    url: str
    headers: list
    body: bytes
    at: float = field(default_factory=time.monotonic)
    # The actor whose key the signature is of, and in which dialect; or why it is not believed.
    signer: str | None = None
    dialect: str | None = None
    refused: str | None = None
    # The status of the answer, once there is one.
    answered: int | None = None

    def header(self, name):
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def part(self, name):
        """A value of the activity; that of an object is its id."""
        value = self.json.get(name) if isinstance(self.json, dict) else None
        return value.get("id") if isinstance(value, dict) else value

    @property
    def object_type(self):
        inner = self.json.get("object") if isinstance(self.json, dict) else None
        return inner.get("type") if isinstance(inner, dict) else None


@dataclass
class Response:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.body)


def request(method, url, headers, body=None, context=None):
    """One request on a connection of its own. `headers` is a list of pairs and may name one twice."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    names = {name.lower() for name, _ in headers}
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if "host" not in names:
            connection.putheader("Host", parts.netloc)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None and "content-length" not in names:
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            # A body that is too large may be refused before it has been read: the answer is there already.
            pass
        answer = connection.getresponse()
        return Response(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()

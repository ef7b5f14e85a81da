"""Another server of the network, in Python and under the tests' command.

A `Peer` has actors, serves what a server serves, remembers every request, checks signatures by itself
(`signatures.py`), and misbehaves when it is told to. See `tests/federation/test_peer_itself.py` for how it is used.
"""

import itertools
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import wire
from actor import Actor, Remote
from server import free_port
from signatures import Forged, sign, verify
from wire import ACTIVITY_JSON, Answer, Received, redirect

WAIT_SECONDS = 10
_hosts = itertools.count(11)
# Tests that run beside each other have networks of their own: the first two numbers of every address.
NETWORK = f"127.{os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')}"


def next_host():
    """An address of this machine that no other server of this run has."""
    number = next(_hosts)
    return f"{NETWORK}.{number // 250}.{number % 250}"


class Peer:
    """Use it with `with`. `handle_domain` is the domain in handles, when it is another than that of the ids."""

    def __init__(self, host=None, tls=None, handle_domain=None, authorized_fetch=False):
        self.host = host or next_host()
        self.port = free_port(self.host)
        self.tls = tls
        self.domain = f"{self.host}:{self.port}"
        self.handle_domain = handle_domain or self.domain
        self.base = f"{'https' if tls else 'http'}://{self.domain}"
        self.authorized_fetch = authorized_fetch
        self.actors = {}
        # What is found at a path: a document, an `Answer`, or a function of the request that gives one of them.
        self.documents = {}
        self.received = []
        self._news = threading.Condition()
        self._faults = []
        self._keys = {}
        self._numbers = itertools.count(1)
        self._listener = None
        self.instance = self.actor("instance", kind="Application")
        self.inbox = f"{self.base}/inbox"

    # Being there

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Also after `stop`: the same address, actors and documents."""
        listener = Listener((self.host, self.port), Handler)
        listener.peer = self
        if self.tls:
            listener.socket = self.tls.server_context(self.host).wrap_socket(
                listener.socket, server_side=True, do_handshake_on_connect=False)
        self._listener = listener
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """From here on nobody can connect, and who was connected is not any more."""
        if self._listener is not None:
            self._listener.end()
            self._listener = None

    # What it has

    def actor(self, name, **options):
        """The actor of this name, made at the first call; options as in `Actor`."""
        if name not in self.actors:
            self.actors[name] = Actor(self, name, **options)
        return self.actors[name]

    def new_id(self, kind):
        return f"{self.base}/{kind}/{next(self._numbers)}"

    def publish(self, document):
        """Makes a document be found at its id."""
        self.documents[urlsplit(document["id"]).path] = document
        return document

    def __contains__(self, uri):
        """Whether something is found at an address."""
        return isinstance(uri, str) and urlsplit(uri).path in self.documents

    def serve(self, uri, answer):
        """What is found at an address from now on, as in `documents`."""
        self.documents[urlsplit(uri).path] = answer

    def withdraw(self, uri):
        """Nothing is found there any more."""
        self.documents.pop(urlsplit(uri).path, None)

    def redirects_webfinger_to(self, other, status=301):
        """For split domains: this peer is only the domain of the handles."""
        self.documents["/.well-known/webfinger"] = lambda got: redirect(other + got.path, status)

    # Misbehaving

    def answers(self, path, *answers, forever=False):
        """The next requests for paths that begin so are answered like this; with `forever` the last answer stays.
        An answer is an `Answer` or a function of the request; `None` stands for what is usual."""
        with self._news:
            self._faults.append([path, list(answers), forever])

    def forgives(self):
        """No fault is left."""
        with self._news:
            self._faults.clear()

    def _fault_for(self, got):
        with self._news:
            for fault in self._faults:
                path, answers, forever = fault
                if got.path.startswith(path) and answers:
                    answer = answers[0] if forever and len(answers) == 1 else answers.pop(0)
                    return answer(got) if callable(answer) else answer
        return None

    # What it got

    def requests(self, type=None, actor=None, object_type=None, object=None, method="POST", path="", where=None):
        """All requests so far that fit; those that were not believed, too."""
        def fits(got):
            return (got.method == method and got.path.startswith(path)
                    and (type is None or got.part("type") == type)
                    and (actor is None or got.part("actor") == actor)
                    and (object is None or got.part("object") == object)
                    and (object_type is None or got.object_type == object_type)
                    and (where is None or where(got)))
        with self._news:
            return [got for got in self.received if fits(got)]

    def eventually_received(self, count=1, seconds=WAIT_SECONDS, **what):
        """Waits for a request that fits (as `requests`) and whose signature holds. Gives the last of the first
        `count` of them."""
        deadline = time.monotonic() + seconds
        while True:
            found = [got for got in self.requests(**what) if got.method != "POST" or got.refused is None]
            if len(found) >= count:
                return found[count - 1]
            with self._news:
                if not self._news.wait(min(0.2, max(0, deadline - time.monotonic()))) and time.monotonic() > deadline:
                    seen = [(got.method, got.path, got.part("type"), got.refused) for got in self.received]
                    raise AssertionError(f"{self.domain} got no {what} within {seconds} s, but {seen}")

    def forget(self):
        """What was received so far does not count any more."""
        with self._news:
            self.received.clear()

    def _remember(self, got):
        with self._news:
            self.received.append(got)
            self._news.notify_all()

    # Speaking

    def request(self, method, url, headers=(), body=None):
        return wire.request(method, url, list(headers), body, self.tls.client_context() if self.tls else None)

    def get(self, url, signer=None, accept=ACTIVITY_JSON):
        """Signed by the actor, if one is named."""
        signed = sign("rsa-sha256", "GET", url, None, signer.key) if signer else []
        return self.request("GET", url, [("Accept", accept), *signed])

    def find(self, handle, web_base=None):
        """Somebody elsewhere, as WebFinger and their document say; `web_base` is where to ask."""
        base = web_base or f"http://{handle.rpartition('@')[2]}"
        found = self.get(f"{base}/.well-known/webfinger?resource=acct:{handle}", accept="application/jrd+json")
        assert found.status == 200, (found.status, found.body)
        links = [link for link in found.json()["links"] if link["rel"] == "self"]
        return self.fetch_actor(links[0]["href"])

    def fetch_actor(self, uri):
        found = self.get(uri, signer=self.instance)
        assert found.status == 200, (found.status, found.body)
        assert found.json()["id"] == uri
        return Remote(found.json())

    def public_key_of(self, key_id):
        """PEM or Multikey. The key counts only if the actor it belongs to lists it, on the same host."""
        if key_id not in self._keys:
            found = self.get(key_id.partition("#")[0], signer=self.instance)
            if found.status != 200:
                raise Forged(f"the key {key_id} cannot be fetched: {found.status}")
            document = found.json()
            listed = [document.get("publicKey"), *document.get("assertionMethod", [])]
            keys = [key for key in listed if isinstance(key, dict) and key.get("id") == key_id]
            if not keys or urlsplit(document["id"]).netloc != urlsplit(key_id).netloc:
                raise Forged(f"{document['id']} does not list the key {key_id}")
            key = keys[0]
            if (key.get("owner") or key.get("controller")) != document["id"]:
                raise Forged(f"{key_id} belongs to {key.get('owner')}")
            self._keys[key_id] = (document["id"], key.get("publicKeyPem") or key.get("publicKeyMultibase"))
        return self._keys[key_id][1]

    def check(self, got):
        """Notes on the request whose it is, or why it is nobody's."""
        try:
            try:
                signed = verify(got.method, got.url, got.headers, got.body, self.public_key_of)
            except Forged:
                # The key may be another one since it was fetched.
                self._keys.clear()
                signed = verify(got.method, got.url, got.headers, got.body, self.public_key_of)
            signer = self._keys[signed.key_id][0]
            if got.method == "POST" and got.part("actor") != signer:
                raise Forged(f"{signer} signed for {got.part('actor')}")
            got.signer, got.dialect = signer, signed.dialect
        except (Forged, OSError, ValueError, KeyError, TypeError) as problem:
            got.refused = f"{type(problem).__name__}: {problem}"

    # Answering

    def answer(self, got):
        is_instance = got.path == urlsplit(self.instance.id).path
        if got.method == "POST" or (self.authorized_fetch and not is_instance):
            self.check(got)
        self._remember(got)
        fault = self._fault_for(got)
        if fault is not None:
            return fault
        path = got.path.partition("?")[0]
        found = self.documents.get(path)
        if found is not None:
            found = found(got) if callable(found) else found
            return found if isinstance(found, Answer) else self._readable(got, found)
        if got.method == "POST":
            is_inbox = path == "/inbox" or any(path == urlsplit(a.inbox).path for a in self.actors.values())
            return Answer(404) if not is_inbox else Answer(401, got.refused) if got.refused else Answer(202)
        if path == "/.well-known/webfinger":
            return self._webfinger(parse_qs(urlsplit(got.path).query).get("resource", [""])[0])
        for actor in self.actors.values():
            if path == urlsplit(actor.id).path:
                return self._readable(got, actor.document())
        return Answer(404)

    def _readable(self, got, document):
        if self.authorized_fetch and got.refused and document.get("id") != self.instance.id:
            return Answer(401, got.refused)
        return Answer(200, document)

    def _webfinger(self, resource):
        for actor in self.actors.values():
            if resource in (f"acct:{actor.handle}", f"acct:{actor.name}@{self.domain}", actor.id):
                links = [{"rel": "self", "type": ACTIVITY_JSON, "href": actor.id}]
                body = {"subject": f"acct:{actor.handle}", "aliases": [actor.id], "links": links}
                return Answer(200, body, content_type="application/jrd+json")
        return Answer(404)


class Listener(ThreadingHTTPServer):
    """Knows its connections, so that it can cut them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *arguments):
        self.connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Who asked has hung up: nothing to be printed."""

    def end(self):
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            self.shutdown_request(connection)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        """A failed test prints what the peer got; nobody else wants to read it."""

    def do_GET(self):
        self._do()

    def do_POST(self):
        self._do()

    def _do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        peer = self.server.peer
        got = Received(self.command, self.path, peer.base + self.path, self.headers.items(), body)
        answer = peer.answer(got)
        time.sleep(answer.after)
        got.answered = None if answer.closes else answer.status
        if answer.closes:
            self.close_connection = True
            return
        data = answer.data
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(data))} | answer.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not answer.drips:
            self.wfile.write(data)
            return
        for n in range(len(data)):
            self.wfile.write(data[n:n + 1])
            self.wfile.flush()
            time.sleep(answer.drips)

"""A proxy in front of the rest of the network: HTTP (`CONNECT` and whole addresses) and SOCKS 5 on one port, and what was
asked of it. It resolves the names in `names` by itself, as a proxy in another network would."""

import socket
import socketserver
import threading
from urllib.parse import urlsplit

from authority import copy


class Proxy:
    def __init__(self, **names):
        self.names = names
        self.asked = []
        self._listener = Listener(("127.0.0.1", 0), Handler)
        self._listener.proxy = self
        self.port = self._listener.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()

    def leads_to(self, way, host, port):
        self.asked.append((way, f"{host}:{port}"))
        return socket.create_connection((self.names.get(host, host), port), timeout=10)


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        first = self.request.recv(1, socket.MSG_PEEK)
        try:
            self.socks() if first == b"\x05" else self.http()
        except OSError:
            """Somebody hung up."""

    def joined_with(self, behind):
        with behind:
            threading.Thread(target=copy, args=(behind, self.request), daemon=True).start()
            copy(self.request, behind)

    def http(self):
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.request.recv(65_536) or self.gone()
        method, target, version = head.split(b"\r\n", 1)[0].decode().split(" ")
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            behind = self.server.proxy.leads_to("connect", host, int(port))
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            url = urlsplit(target)
            behind = self.server.proxy.leads_to("http", url.hostname, url.port or 80)
            path = url._replace(scheme="", netloc="").geturl()
            # One request a connection, and both sides are told: the next one may go elsewhere.
            rest = closing(head.split(b"\r\n", 1)[1])
            behind.sendall(f"{method} {path} {version}\r\n".encode() + rest)
            self.answered_by(behind)
            return
        self.joined_with(behind)

    def answered_by(self, behind):
        with behind:
            # What is left of the request's body.
            threading.Thread(target=copy, args=(self.request, behind), daemon=True).start()
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += behind.recv(65_536) or self.gone()
            self.request.sendall(closing(answer))
            copy(behind, self.request)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            data += self.request.recv(count - len(data)) or self.gone()
        return data

    @staticmethod
    def gone():
        raise ConnectionError

    def socks(self):
        """RFC 1928, without a password."""
        self.exactly(self.exactly(2)[1])
        self.request.sendall(b"\x05\x00")
        kind = self.exactly(4)[3]
        host = {
            1: lambda: socket.inet_ntop(socket.AF_INET, self.exactly(4)),
            3: lambda: self.exactly(self.exactly(1)[0]).decode(),
            4: lambda: socket.inet_ntop(socket.AF_INET6, self.exactly(16)),
        }[kind]()
        port = int.from_bytes(self.exactly(2))
        behind = self.server.proxy.leads_to("name" if kind == 3 else "address", host, port)
        self.request.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        self.joined_with(behind)


def closing(head):
    """The same head, with the word that the connection ends with this message."""
    return head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)

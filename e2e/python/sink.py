"""An SMTP server that takes what it is told to take, and remembers whether anybody ever sent something."""

import socketserver
import threading


class Sink:
    """`refuses`: what is said instead to a word, as `{"RCPT": "550 no"}`."""

    def __init__(self, **refuses):
        self.refuses = refuses
        self.heard = []
        self._listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        self._listener.daemon_threads = True
        self._listener.sink = self
        self.port = self._listener.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()

    def settings(self, **more):
        return {"SMTP_SERVER": "127.0.0.1", "SMTP_PORT": str(self.port), "SMTP_LOGIN": "us", "SMTP_PASSWORD": "sesame",
                "SMTP_ENABLE_STARTTLS": "never"} | more


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 sink")
        for line in self.rfile:
            word = line.decode().split(" ")[0].strip().upper()
            self.server.sink.heard.append(word)
            if word == "EHLO":
                self.say("250-sink\r\n250 AUTH PLAIN")
            elif word in self.server.sink.refuses:
                self.say(self.server.sink.refuses[word])
            else:
                self.say({"AUTH": "235 ok", "QUIT": "221 bye", "DATA": "354 go on"}.get(word, "250 ok"))
            if word == "QUIT":
                return

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

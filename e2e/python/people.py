"""The people of the tests: an account made by the command line, and clients that act for it."""

import secrets
from dataclasses import dataclass

from mastodon import Mastodon

ALL_SCOPES = ["read", "write", "follow", "push"]
STAFF_SCOPES = ["admin:read", "admin:write"]
PASSWORD = "correct horse battery staple"


@dataclass
class Person:
    server: object
    name: str
    id: str
    email: str
    password: str = PASSWORD

    def token(self, scopes="read write follow push"):
        return self.server.cli(
            "token", "create", "--account", self.name, "--app", self.server.app["client_id"],
            "--scopes", scopes, "--print")

    def staff_token(self):
        """A token that allows what staff does, to whoever is staff."""
        app = Mastodon.create_app("Wrench", scopes=STAFF_SCOPES, api_base_url=self.server.base)
        return self.server.cli(
            "token", "create", "--account", self.name, "--app", app[0], "--scopes", " ".join(STAFF_SCOPES), "--print")

    def client(self, scopes="read write follow push"):
        """Mastodon.py acting for this person."""
        return client_of(self.server, access_token=self.token(scopes))


def client_of(server, **options):
    """Mastodon.py for this server: too many requests is an error and not a pause."""
    return Mastodon(api_base_url=server.base, ratelimit_method="throw", request_timeout=20, **options)


def new_person(server, name, *flags):
    """An account nobody else in this run has: a word to read in failures, and a random end."""
    handle = f"{name}_{secrets.token_hex(4)}"
    email = f"{handle}@example.org"
    identifier = server.cli(
        "account", "create", handle, "--email", email, "--password", PASSWORD,
        "--confirmed", "--approved", "--print-id", *flags)
    return Person(server, handle, identifier, email)

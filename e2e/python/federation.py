"""Several Phiomias that speak with each other and with peers, over plain http on addresses of this machine."""

from peer import next_host
from people import client_of, new_person
from server import Server, engines, eventually

# A delivery that was made again after its first failure has arrived by then.
PATIENCE_SECONDS = 20


def pairs():
    """Which engines meet: each with the other in both roles, where there are two."""
    both = engines()
    return [("sqlite", "postgres"), ("postgres", "sqlite")] if len(both) == 2 else [("sqlite", "sqlite")]


class Federated(Server):
    """A Phiomia at an address of its own. `handle_domain` is what stands in handles, when it is not that address."""

    def __init__(self, engine, host=None, handle_domain=None, **more):
        super().__init__(engine, host or next_host(), **more)
        self.handle_domain = handle_domain or self.domain
        self.environment |= {
            "LOCAL_DOMAIN": self.handle_domain,
            "WEB_DOMAIN": self.domain,
            "ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
            "PHIOMIA_FEDERATION_ALLOW_HTTP": "true",
            # A machine that runs tests may have a full disk.
            "PHIOMIA_MEDIA_REMOTE_DISK_LEFT": "0%",
            # All waits after failures grow with the first; people wait 15 s.
            "PHIOMIA_FEDERATION_FIRST_RETRY": "500ms",
        } | more

    def person(self, name, *flags):
        return Member(new_person(self, name, *flags))

    def anyone(self):
        """A client without a token."""
        return client_of(self)


class Member:
    """A person and their client, with what tests do again and again."""

    def __init__(self, person):
        self.person = person
        self.server = person.server
        self.name = person.name
        self.id = person.id
        self.handle = f"{person.name}@{person.server.handle_domain}"
        self.client = person.client()

    def __repr__(self):
        return self.handle

    def finds(self, what):
        """The account of a handle, a `Member`, an `Actor` or an address, looked up in the network."""
        what = getattr(what, "handle", what)
        found = self.client.search_v2(what, resolve=True, result_type="accounts").accounts
        assert len(found) == 1, f"{self} looks for {what} and finds {[account.acct for account in found]}"
        return found[0]

    def knows(self, what):
        """The account if it is known here already, without asking anybody; else None."""
        what = getattr(what, "handle", what)
        found = self.client.search_v2(what, resolve=False, result_type="accounts").accounts
        return next((account for account in found if account.acct == what), None)

    def finds_post(self, uri):
        found = self.client.search_v2(uri, resolve=True, result_type="statuses").statuses
        assert len(found) == 1, f"{self} looks for {uri} and finds {len(found)} posts"
        return found[0]

    def relation(self, whom):
        account = self.knows(whom)
        return self.client.account_relationships(account.id)[0]

    def follows(self, whom):
        """Until it has been accepted; gives the account as it is seen here."""
        account = self.finds(whom)
        self.client.account_follow(account.id)
        eventually(lambda: self.client.account_relationships(account.id)[0].following, f"{self} follows {whom}",
                   PATIENCE_SECONDS)
        return account

    def says(self, text, **options):
        return self.client.status_post(text, **options)

    def home(self):
        return self.client.timeline_home(limit=40)

    def sees(self, text, seconds=PATIENCE_SECONDS):
        """The post with this text, as soon as it is in home."""
        return eventually(lambda: next((post for post in self.home() if text in post.content), None),
                          f"{self} sees {text!r} at home", seconds)

    def hears(self, kind, fits=lambda note: True, seconds=PATIENCE_SECONDS):
        """The notification of this kind, as soon as it is there."""
        return eventually(
            lambda: next((note for note in self.client.notifications(types=[kind]) if fits(note)), None),
            f"{self} is told of a {kind}", seconds)

    def reads(self, uri):
        """The post with this id in the network if it is here, without asking anybody; else None."""
        found = self.client.search_v2(uri, resolve=False, result_type="statuses").statuses
        return found[0] if found else None

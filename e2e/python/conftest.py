"""What tests receive: a server for each engine, people on it, and the server's log beside each failure."""

import pytest

from people import client_of, new_person
from server import BINARY, Server, engines


def pytest_report_header():
    return f"engines: {', '.join(engines())} (PHIOMIA_TEST_POSTGRES adds postgres); binary: {BINARY.name}"


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit("There is no binary to test: run `cargo build` first, or set PHIOMIA_BIN.", returncode=2)


@pytest.fixture(scope="session", params=engines())
def server(request):
    with Server(request.param) as running:
        yield running


@pytest.fixture(autouse=True)
def log_since(server):
    """Where the server's log stood when the test began."""
    server.log_mark = server.log_size()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    servers = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Server)]
    for server in servers if report.failed else []:
        log = server.log_text(getattr(server, "log_mark", 0))[-20_000:]
        report.sections.append((f"log of {server.domain} ({server.engine})", log))
    return report


@pytest.fixture
def person(server):
    """Makes people: `person("carol")`, with flags of `account create` after the name."""
    return lambda name, *flags: new_person(server, name, *flags)


@pytest.fixture
def alice(person):
    return person("alice")


@pytest.fixture
def bob(person):
    return person("bob")


@pytest.fixture
def as_alice(alice):
    return alice.client()


@pytest.fixture
def as_bob(bob):
    return bob.client()


@pytest.fixture
def anyone(server):
    """A client without a token."""
    return client_of(server)

"""`phiomia doctor` names what is wrong, and the cure: each fault is created with the real program, and taken away again."""

import json
import os
import subprocess

import pytest
import requests

from clinic import CERTIFICATES, MAY_USE_LOW_PORTS, NAME, asked
from peer import Peer
from server import BINARY, POSTGRES, Server, eventually, free_port
from sink import Sink

CODES = {"fault": 1, "warning": 2}

APEX = {
    "drop-query": ("webfinger-query-dropped", "apex print nginx"),
    "wrong-host": ("webfinger-wrong-host", "apex print nginx"),
    "plain-http": ("webfinger-plain-http", "apex print nginx"),
    "far": ("webfinger-too-far", "in one step"),
    "loop": ("webfinger-loop", "apex print nginx"),
    "not-found": ("webfinger-not-found", "apex print nginx"),
    "cached": ("webfinger-cached-not-found", "create-invalidation"),
    "forbidden": ("webfinger-refused", "Nothing may stand before"),
    "media-type": ("webfinger-media-type", "application/jrd+json"),
    "no-json": ("webfinger-wrong-answer", "apex print nginx"),
    "no-cors": ("webfinger-no-cors", "apex print nginx"),
    "no-head": ("webfinger-head", "apex print nginx"),
    "no-bare": ("webfinger-bare", "apex print nginx"),
}


@pytest.mark.parametrize("fault", APEX)
def test_a_handle_that_nobody_finds(clinic, fault):
    name, cure = APEX[fault]
    with clinic.fault(fault):
        code, found = clinic.doctor("webfinger")
    assert list(found) == [name]
    assert cure in found[name]["cure"]
    assert code == CODES[found[name]["verdict"]]


def test_a_handle_that_everybody_finds(clinic):
    code, found = clinic.doctor("webfinger")
    assert (code, list(found)) == (0, ["webfinger-good"]), found
    assert "in 2 steps" in found["webfinger-good"]["what"]


FRONT = {
    "strip": ("front-header-lost", "digest, signature"),
    "rewrite-date": ("front-header-changed", "date"),
    "own-host": ("front-host-changed", "upstream.internal"),
    "says-http": ("front-https-loop", "again and again"),
    "drop-args": ("front-address-changed", "addresses"),
    "no-upgrade": ("front-no-websocket", "does not arrive"),
    "no-client": ("front-client-unsaid", "127.0.0.1"),
    "static": ("front-other-server", "nginx"),
    "elsewhere": ("front-leads-away", "follow no redirect"),
}


@pytest.mark.parametrize("fault", FRONT)
def test_a_front_that_loses_something(clinic, fault):
    name, words = FRONT[fault]
    with clinic.fault(fault):
        code, found = clinic.doctor("front")
    assert name in found and words in found[name]["what"], found
    assert found[name]["cure"]
    assert code == CODES[found[name]["verdict"]]


def test_a_front_that_loses_nothing(clinic):
    code, found = clinic.doctor("front")
    assert (code, list(found)) == (0, ["front-good"]), found
    assert "16 MB" in found["front-good"]["what"]


def test_a_front_that_takes_small_bodies_only(clinic):
    code, found = clinic.doctor("front", settings={"instance.web_domain": f"{clinic.host}:{clinic.small_port}"})
    assert code == 1
    assert "up to 1 MB" in found["front-body-limit"]["what"]
    assert "client_max_body_size 110m" in found["front-body-limit"]["cure"]
    assert "front-other-addresses" in found, "the server that runs has another address than this command"


def test_a_front_that_nobody_told_the_server_of(clinic):
    with clinic.untold as untold:
        told = {"instance.domain": untold.front, "instance.web_domain": untold.front, "instance.https": "true"}
        code, found = asked(untold, "front", settings=told, SSL_CERT_FILE=str(clinic.authority.file))
    assert code == 1
    assert "instance.https = true" in found["front-http-addresses"]["cure"]
    assert 'trusted_proxies = ["127.0.0.1"]' in found["front-not-trusted"]["cure"]
    assert "X-Forwarded-Proto $scheme" in found["front-proto-hidden"]["cure"]


def test_a_server_that_is_not_there(clinic):
    settings = {"instance.web_domain": f"{clinic.host}:{free_port(clinic.host)}"}
    code, found = clinic.doctor("front", settings=settings)
    assert (code, list(found)) == (1, ["front-unreachable"])
    assert "connection refused" in found["front-unreachable"]["what"]
    settings["instance.domain"] = settings["instance.web_domain"]
    assert list(clinic.doctor("webfinger", settings=settings)[1]) == ["webfinger-unreachable"]


@pytest.mark.parametrize("subject", ["hostmeta", "nodeinfo"])
def test_what_else_the_bare_domain_is_asked(clinic, subject):
    assert list(clinic.doctor(subject)[1]) == [f"{subject}-good"]
    with clinic.fault("not-found"):
        assert "apex print nginx" in clinic.doctor(subject)[1][f"{subject}-astray"]["cure"]
    with clinic.fault("no-json"):
        assert list(clinic.doctor(subject)[1]) == [f"{subject}-wrong-answer"]


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_others_do_not_believe(clinic, name):
    domain = f"{clinic.host}:{clinic.certificates[name]}"
    code, found = clinic.doctor("certificate", settings={"instance.web_domain": domain, "instance.domain": domain})
    assert list(found) == [name], found
    assert found[name]["cure"] and code == CODES[found[name]["verdict"]]


def test_certificates_that_all_believe_and_one_that_is_not_shown(clinic):
    code, found = clinic.doctor("certificate")
    assert (code, list(found)) == (0, ["certificate-good"])
    both = {"instance.web_domain": clinic.upstream, "instance.domain": clinic.upstream}
    assert list(clinic.doctor("certificate", settings=both)[1]) == ["certificate-none"]


@pytest.mark.skipif(not MAY_USE_LOW_PORTS, reason="ports 80 and 443 are for root here")
def test_ports_that_are_open_closed_or_careless(clinic):
    def names(host):
        return list(clinic.doctor("ports", settings={"instance.web_domain": host, "instance.domain": host})[1])

    assert names(clinic.well_host) == ["ports-good"]
    assert names(clinic.careless_host) == ["ports-http-serves"]
    assert names(clinic.other_host) == ["ports-https-closed", "ports-http-closed"]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """A name server that knows what it is told, and its address."""
    dns, management = free_port(), free_port()
    process = subprocess.Popen(
        ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-http01", "", "-https01", "", "-tlsalpn01", "",
         "-management", f"127.0.0.1:{management}", "-defaultIPv4", "", "-defaultIPv6", ""],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def tell(act, **value):
        requests.post(f"http://127.0.0.1:{management}/{act}", json=value, timeout=5).raise_for_status()

    tell.flags = ("--name-server", f"127.0.0.1:{dns}")
    try:
        eventually(lambda: Server._listens(management), "the name server listens")
        yield tell
    finally:
        process.kill()
        process.wait()


def test_names_that_lead_nowhere_elsewhere_and_here(clinic, names):
    domain = f"{NAME}:{clinic.web_port}"
    settings = {"instance.web_domain": domain, "instance.domain": domain}

    def found(**variables):
        return clinic.doctor("dns", *names.flags, settings=settings, **variables)[1]

    assert "A with the IPv4 address" in found()["dns-no-address"]["cure"]
    names("add-a", host=f"{NAME}.", addresses=[clinic.host])
    assert clinic.host in found()["dns-good"]["what"]
    assert list(found(ALLOWED_PRIVATE_ADDRESSES="10.9.9.0/24")) == ["dns-private"]
    names("add-a", host=f"{NAME}.", addresses=[clinic.host, clinic.other_host])
    assert clinic.other_host in found()["dns-other-server"]["what"]
    names("clear-a", host=f"{NAME}.")
    names("add-a", host=f"{NAME}.", addresses=[clinic.apex_host])
    assert "A record" in found()["dns-unreachable"]["cure"]
    nobody = ("--name-server", f"127.0.0.1:{free_port()}")
    assert list(clinic.doctor("dns", *nobody, settings=settings)[1]) == ["dns-unknown"]


def test_a_wrong_clock(clinic):
    with Peer(tls=clinic.authority) as one, Peer(tls=clinic.authority) as other:
        peers = ("--peer", one.domain, "--peer", other.domain)
        assert list(clinic.doctor("clock", *peers)[1]) == ["clock-good"]
        code, found = clinic.doctor("clock", *peers, before=("faketime", "-f", "-2h"))
        assert code == 1 and "120 min slow" in found["clock-wrong"]["what"]
        assert "timedatectl set-ntp true" in found["clock-wrong"]["cure"]
        assert list(clinic.doctor("clock", *peers, before=("faketime", "-f", "+90s"))[1]) == ["clock-off"]
    assert list(clinic.doctor("clock", *peers)[1]) == ["clock-unknown"]


def test_no_way_out(clinic):
    def found(*hosts, **how):
        return clinic.doctor("federation", *(word for host in hosts for word in ("--peer", host)), **how)[1]

    untrusted = f"{clinic.host}:{clinic.certificates['certificate-untrusted']}"
    with Peer(tls=clinic.authority) as peer:
        assert list(found(peer.domain, untrusted)) == ["federation-good"]
    assert list(found(peer.domain)) == ["federation-no-way-out"]
    assert list(found(untrusted)) == ["federation-no-trust"]
    assert list(found("nobody.invalid")) == ["federation-no-names"]
    fails = [f"insert into hosts (host, standing, failures, last_error, created_at) values ('{n}.example', 2, 3, 'no', 0)"
             for n in range(5)]
    many = found(peer.domain, settings=clinic.copy("failing", *fails))["federation-many-fail"]
    assert "5 of 5" in many["what"] and "host list --failing" in many["cure"]


MAIL = {
    "mail-not-signed-in": {"AUTH": "535 who are you"},
    "mail-sender-refused": {"MAIL": "550 not verified"},
    "mail-recipient-refused": {"RCPT": "550 relaying denied"},
    "mail-readable": {},
}


@pytest.mark.parametrize("name", MAIL)
def test_a_conversation_about_mail(clinic, names, name):
    with Sink(**MAIL[name]) as sink:
        found = clinic.doctor("mail", *names.flags, **sink.settings())[1]
    assert name in found and found[name]["cure"], found
    assert all(refusal[4:] in found[name]["what"] for refusal in MAIL[name].values())
    assert "AUTH" in sink.heard and "DATA" not in sink.heard


def test_mail_that_nobody_takes(clinic):
    with Sink() as sink:
        assert "mail-not-encrypted" in clinic.doctor("mail", **sink.settings(SMTP_ENABLE_STARTTLS="always"))[1]
    assert "mail-no-answer" in clinic.doctor("mail", **sink.settings())[1]
    assert list(clinic.doctor("mail", **sink.settings(SMTP_FROM_ADDRESS="nobody"))[1]) == ["mail-settings"]
    assert list(clinic.doctor("mail")[1]) == ["mail-good"], "one person needs none"


def test_what_the_dns_says_of_mail(clinic, names):
    with Sink() as sink:
        def found():
            variables = sink.settings(SMTP_FROM_ADDRESS="us@mail.test", SMTP_AUTH_METHOD="none")
            return set(clinic.doctor("mail", *names.flags, **variables)[1]) - {"mail-good", "mail-readable"}

        assert found() == {"mail-no-spf", "mail-no-dkim", "mail-no-dmarc"}
        names("set-txt", host="mail.test.", value="v=spf1 -all")
        names("set-txt", host="_dmarc.mail.test.", value="v=DMARC1; p=none")
        names("set-txt", host="s1._domainkey.mail.test.", value="v=DKIM1; p=abc")
        assert found() == {"mail-spf-nobody"}
        names("set-txt", host="mail.test.", value="v=spf1 mx ~all")
        assert found() == {"mail-several-spf"}
        names("clear-txt", host="mail.test.")
        names("set-txt", host="mail.test.", value="v=spf1 mx +all")
        assert found() == {"mail-spf-anybody"}


def test_files_that_cannot_be_kept(clinic):
    bucket = {"s3.enabled": "true", "s3.bucket": "b", "s3.endpoint": f"http://{clinic.bucket}", "s3.access_key_id": "a",
              "s3.secret_access_key": "b", "s3.retries": "0", "s3.open_timeout": "1s"}
    assert list(clinic.doctor("files")[1]) == ["files-good"]
    assert "s3:PutObject" in clinic.doctor("files", settings=bucket)[1]["files-no-rights"]["cure"]
    away = bucket | {"s3.endpoint": f"http://127.0.0.1:{free_port()}"}
    assert list(clinic.doctor("files", settings=away)[1]) == ["files-away"]
    there = clinic.copy("there", "insert into settings (name, value) values ('files_place', 's3')")
    assert "s3.enabled" in clinic.doctor("files", settings=there)[1]["files-not-opened"]["what"]
    moving = clinic.copy("moving", "insert into settings (name, value) values ('files_place', 'moving to s3')")
    assert "files-moving" in clinic.doctor("files", settings=moving | bucket)[1]


def test_a_database_that_is_not_as_it_should_be(clinic):
    def names_of(settings):
        return list(clinic.doctor("database", settings=settings)[1])

    assert names_of({}) == ["database-good"]
    assert names_of({"database.url": f"sqlite:{clinic.folder}/none"}) == ["database-absent"]
    old = clinic.copy("old", "delete from schema_migrations where version = (select max(version) from schema_migrations)")
    assert names_of(old) == ["database-migrations-pending"]
    assert names_of(old) == ["database-migrations-pending"], "the look migrates nothing"
    assert names_of(clinic.copy("new", "insert into schema_migrations values (9999, 'later', 0)")) == ["database-newer"]
    away = {"database.url": f"postgres://nobody@127.0.0.1:{free_port()}/none"}
    assert names_of(away) == ["database-unreachable"]
    assert list(clinic.doctor("files", settings=away)[1]) == ["files-unknown"]
    assert list(clinic.doctor("webfinger", settings=away)[1]) == ["webfinger-good"], "the rest is looked at all the same"


@pytest.mark.skipif(not POSTGRES, reason="PHIOMIA_TEST_POSTGRES names a server")
def test_a_pooler_that_loses_statements(clinic, tmp_path):
    port, postgres = free_port(), requests.utils.urlparse(POSTGRES)
    os.chmod(tmp_path, 0o755)
    (tmp_path / "pgbouncer.ini").write_text(f"""[databases]
pooled = host={postgres.hostname} port={postgres.port or 5432} user={postgres.username} dbname={postgres.path[1:]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
""")
    as_nobody = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen(["pgbouncer", "-q", *as_nobody, tmp_path / "pgbouncer.ini"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=(tmp_path / "log").open("wb"),
                               env={"PATH": f"{os.environ['PATH']}:/usr/sbin"})
    try:
        eventually(lambda: Server._listens(port) or process.poll(), "pgbouncer listens")
        url = {"database.url": f"postgres://{postgres.username}@127.0.0.1:{port}/pooled?sslmode=disable"}
        found = clinic.doctor("database", settings=url)[1]
        assert "prepared_statements = false" in found["database-pooler"]["cure"], (found, (tmp_path / "log").read_text())
        told = clinic.doctor("database", settings=url | {"database.prepared_statements": "false"})[1]
        assert "database-pooler" not in told and "pooler" in told["database-good"]["what"]
        direct = clinic.doctor("database", settings={"database.url": POSTGRES})[1]
        assert "database-pooler" not in direct
    finally:
        process.kill()
        process.wait()


def test_a_redis_that_is_away(clinic):
    assert list(clinic.doctor("redis")[1]) == ["redis-good"]
    code, found = clinic.doctor("redis", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert code == 1 and "redis-cli ping" in found["redis-away"]["cure"]


def test_a_limit_of_open_files(clinic):
    found = clinic.doctor("system", before=("prlimit", "--nofile=200:200"))[1]
    assert "200 files" in found["system-few-files"]["what"]


def test_a_machine_without_ffmpeg(clinic):
    absent = {"media.ffmpeg": "/nowhere/ffmpeg"}
    assert "apt-get install ffmpeg" in clinic.doctor("system", settings=absent)[1]["system-no-ffmpeg"]["cure"]
    assert "system-no-ffmpeg" not in clinic.doctor("system", settings={"media.ffmpeg": "off"})[1]


def test_people_read_paragraphs_and_the_log_has_one_line(clinic):
    with clinic.fault("drop-query"):
        done = subprocess.run(
            [BINARY, "--data", clinic.data, "doctor", "--only", "webfinger", "--only", "version"],
            env=clinic.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    first, cure, last = done.stdout.splitlines()
    assert first.startswith("fault    webfinger    /.well-known/webfinger of ")
    assert "apex print nginx" in cure and cure.startswith(" ")
    assert last.startswith("good     version      phiomia ")
    assert clinic.log_text().count("`phiomia doctor` looks at the rest") == 1


def test_everything_at_once(clinic):
    def findings():
        done = subprocess.run([BINARY, "--data", clinic.data, "doctor", "--json", "--peer", peer.domain],
                              env=clinic.environment, capture_output=True, text=True, timeout=30)
        return done.returncode, {finding["name"]: finding["verdict"] for finding in json.loads(done.stdout)["findings"]}

    with Peer(tls=clinic.authority) as peer:
        code, found = findings()
        assert code == 0 and set(found.values()) <= {"good", "unknown"}, found
        assert {name.split("-")[0] for name in found} == {
            "webfinger", "hostmeta", "nodeinfo", "front", "dns", "ports", "certificate", "clock", "federation", "mail",
            "files", "database", "redis", "system", "version"}
        clinic.cli("account", "create", "bob", "--email", "bob@example.org", "--confirmed")
        code, found = findings()
        assert (code, found["mail-unset"]) == (2, "warning")

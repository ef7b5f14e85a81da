"""The server's own DNS records, against Debian's bind9 and moto: published, followed, taken away; and in words why not."""

import json
import os
import re
import shutil
import stat
import subprocess

import pytest
import requests

from amazon import Amazon, answers, metadata
from bind import ZONE, Bind
from certified import Certified
from clinic import asked as doctor
from pebble import HOST, Pebble
from server import BINARY, ROOT, Unattended, eventually, free_port

GUIDE = (ROOT / "docs" / "hosting" / "dns.md").read_text()
NAME = f"social.{ZONE}"


def shown(kind, word):
    """The block of the guide with this word in it, about our name."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return next(text for one, text in blocks if one == kind and word in text).replace("example.org", ZONE)


@pytest.fixture(scope="module")
def bind():
    grants = re.search(r"update-policy \{(.*?)\};", shown("", "update-policy"), re.DOTALL).group(1)
    with Bind(f"{grants} grant longer name long.{ZONE} A; grant tests zonesub ANY;") as running:
        yield running


@pytest.fixture(scope="module")
def amazon():
    with Amazon("example.com") as running:
        yield running


@pytest.fixture(scope="module")
def statements():
    """The rights of the guide. moto knows neither resources of Route 53 nor conditions: the actions are what is tried."""
    policy = json.loads(shown("json", "Statement"))
    return [{"Effect": one["Effect"], "Action": one["Action"], "Resource": "*"} for one in policy["Statement"]]


class Published(Unattended):
    """A Phiomia that looks after its records."""

    def __init__(self, name=NAME, addresses="192.0.2.1,2001:db8::1", **more):
        super().__init__("sqlite", HOST, **{
            "LOCAL_DOMAIN": name, "PHIOMIA_DNS_ADDRESSES": addresses, "PHIOMIA_DNS_TTL": "60s",
            "PHIOMIA_DNS_INTERVAL": "500ms", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
        } | more)
        self.log_mark = 0

    def says(self, text):
        return eventually(lambda: next((line for line in self.log_text().splitlines() if text in line), None),
                          f"the log says {text}")

    def publish(self, *flags):
        return self.cli("dns", "publish", *flags)

    def status(self):
        return json.loads(self.cli("dns", "status", "--json"))


def failure(settings, before=(), name=NAME):
    """What `phiomia dns publish` says when it does not work. `before`: what starts the program."""
    server = Published(name, **settings)
    done = subprocess.run([*before, BINARY, "--data", server.data, "dns", "publish"], env=server.environment, capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def test_addresses_are_published_at_the_start_and_a_change_is_followed(bind):
    bind.update(f"add {NAME} 60 A 192.0.2.9", f"add {NAME} 60 AAAA 2001:db8::9", f"add {NAME} 60 TXT hello")
    with answers(**{"/": "8.8.4.4\n"}) as echo:
        found_out = {"PHIOMIA_DNS_SOURCES": "echo", "PHIOMIA_DNS_ECHO_URL": f"{echo.base}/", "PHIOMIA_DNS_ADDRESSES": "",
                     "PHIOMIA_FEDERATION_ALLOW_HTTP": "true", "ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8"}
        with Published(**bind.settings(), **found_out) as server:
            assert server.says("DNS: published").endswith(f"by the name server {bind.place}: A 8.8.4.4 instead of 192.0.2.9")
            # Whoever has IPv6 would go there; it was looked for once more.
            server.says("AAAA 2001:db8::9 removed")
            assert (bind.asked(NAME, "A"), bind.asked(NAME, "AAAA")) == (["8.8.4.4"], [])
            server.says(f"{NAME} leads here: 8.8.4.4")
            serial, n_asked = bind.serial(), len(echo.asked)
            eventually(lambda: len(echo.asked) > n_asked + 2, "it looks again")
            assert bind.serial() == serial, "nothing is written when nothing has changed"
            echo.pages["/"] = "8.8.8.8"
            eventually(lambda: bind.asked(NAME, "A") == ["8.8.8.8"], "the new address is published")
            # Somebody breaks it by hand.
            bind.update(f"delete {NAME} A")
            eventually(lambda: bind.asked(NAME, "A") == ["8.8.8.8"], "it is put right")
            echo.pages["/"] = "<html>"
            assert "which is no address" in server.says("no public address")
            assert bind.asked(NAME, "A") == ["8.8.8.8"] and bind.asked(NAME, "TXT") == ['"hello"']


def test_commands_say_how_it_stands_and_what_would_be_done(bind):
    bind.update(f"delete {NAME} A", f"delete {NAME} AAAA")
    server = Published(**bind.settings())
    would = server.publish("--dry-run")
    assert would.startswith("Would be published") and f"{NAME}  A 192.0.2.1" in would and f"{NAME}  AAAA 2001:db8::1" in would
    assert bind.asked(NAME, "A") == []
    code, found = doctor(server, "dns")
    assert "dns-other-records" in found and code == 1, found
    assert server.publish().startswith("Published")
    assert (bind.asked(NAME, "A"), bind.asked(NAME, "AAAA")) == (["192.0.2.1"], ["2001:db8::1"])
    status = server.status()
    assert status["published"]["A"] == {"addresses": ["192.0.2.1"], "ttl": 60} and status["to_do"] == []
    assert status["leads_to"] == ["192.0.2.1", "2001:db8::1"] and status["found"]["A"]["from"] == "dns.addresses"
    assert "to do         nothing" in server.cli("dns", "status")
    serial = bind.serial()
    assert server.publish().startswith("Nothing had to be changed")
    assert bind.serial() == serial
    # Only one kind is ours; the other one somebody else looks after.
    four = Published(addresses="192.0.2.7", PHIOMIA_DNS_FAMILIES="ipv4", PHIOMIA_DNS_TTL="2m", **bind.settings())
    assert "A 192.0.2.7 instead of 192.0.2.1" in four.publish() and bind.asked(NAME, "AAAA") == ["2001:db8::1"]
    # The longer signature, and a key that may do something else.
    longer = Published(f"long.{ZONE}", "192.0.2.8", PHIOMIA_DNS_RFC2136_ALGORITHM="hmac-sha512", **bind.settings("longer"))
    longer.publish()
    assert bind.asked(f"long.{ZONE}", "A") == ["192.0.2.8"]


def test_an_alias_is_not_overwritten(bind):
    said = failure(bind.settings(), name=f"alias.{ZONE}")
    assert f"alias.{ZONE} is an alias (CNAME) of elsewhere.{ZONE} there, and is left as it is" in said
    assert bind.asked(f"alias.{ZONE}", "CNAME") == [f"elsewhere.{ZONE}."]


@pytest.mark.parametrize(("change", "words"), [
    ({"PHIOMIA_DNS_RFC2136_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, "another key that is called phiomia (BADSIG)"),
    ({"PHIOMIA_DNS_RFC2136_KEY_NAME": "stranger"}, "does not know the key stranger"),
    ({"PHIOMIA_DNS_RFC2136_ALGORITHM": "hmac-sha512"}, "(BADKEY)"),
    ({"LOCAL_DOMAIN": "social.elsewhere.test"}, "is not the primary one of social.elsewhere.test"),
    ({"PHIOMIA_DNS_RFC2136_ZONE": "elsewhere.test"}, "or of the zone elsewhere.test"),
    ({"LOCAL_DOMAIN": f"other.{ZONE}"}, f"may not change the records of other.{ZONE}"),
    ({"PHIOMIA_DNS_RFC2136_SERVER": "127.0.0.1:9"}, "127.0.0.1:9 cannot be reached: Connection refused"),
    ({"PHIOMIA_DNS_ADDRESSES": "", "PHIOMIA_DNS_SOURCES": "ec2"}, "no public address that could be found"),
])
def test_what_does_not_work_is_said_in_words(bind, change, words):
    assert words in failure(bind.settings() | change)


def test_a_clock_that_is_wrong_is_named(bind, amazon):
    assert "(BADTIME), for the clock of this machine is 120 minutes behind its" in failure(bind.settings(), ("faketime", "-f", "-2h"))
    key = {"AccessKeyId": amazon.key["AccessKeyId"], "SecretAccessKey": "another"}
    said = failure(amazon.settings(key), ("faketime", "-f", "+2h"), "social.example.com")
    assert "the clock of this machine is 120 minutes ahead of Amazon's" in said or "119 minutes" in said


def test_a_server_goes_on_and_tells_when_the_records_cannot_be_written(bind):
    with Published(**bind.settings() | {"PHIOMIA_DNS_RFC2136_SERVER": "127.0.0.1:9"}) as server:
        line = server.says("not published")
        assert "cannot be reached" in line and "ERROR" in line and "Next try in" in line
        assert requests.get(f"{server.base}/livez", timeout=5).ok
        code, found = doctor(server, "dns")
        assert code == 1 and "cannot be reached" in found["dns-not-published"]["what"]
        assert server.log_text().count("not published") == 1


def test_records_at_route_53(amazon, statements):
    name = "social.example.com"
    settings = amazon.user("phiomia", statements) | {"PHIOMIA_DNS_ROUTE53_ZONE_ID": amazon.zone}
    amazon.change("UPSERT", name, "MX", values=["10 mail.example.com."])
    amazon.change("UPSERT", f"{name}.example.com", "A", values=["192.0.2.77"])
    with Published(name, **settings) as server:
        assert server.says("DNS: published").endswith("by Route 53: A 192.0.2.1; AAAA 2001:db8::1")
        assert (amazon.asked(name, "A"), amazon.asked(name, "AAAA")) == ([60, "192.0.2.1"], [60, "2001:db8::1"])
        amazon.change("UPSERT", name, "A", values=["192.0.2.9"])
        eventually(lambda: amazon.asked(name, "A") == [60, "192.0.2.1"], "it is put right")
    assert Published(name, "192.0.2.1", **settings).publish().endswith("AAAA 2001:db8::1 removed")
    assert amazon.asked(name, "AAAA") == [] and amazon.asked(name, "MX") == [60, "10 mail.example.com."]
    # The zone is found by the name, by who may list zones.
    seeking = settings | {"PHIOMIA_DNS_ROUTE53_ZONE_ID": ""}
    assert "may not do that" in failure(seeking, name=name)
    amazon.put_policy("phiomia", [*statements, {"Effect": "Allow", "Action": "route53:ListHostedZonesByName", "Resource": "*"}])
    assert Published(name, "192.0.2.2", **seeking).publish().endswith("A 192.0.2.2 instead of 192.0.2.1")


def test_what_does_not_work_at_route_53_is_said_in_words(amazon, statements):
    settings = amazon.user("reader", statements[:1]) | {"PHIOMIA_DNS_ROUTE53_ZONE_ID": amazon.zone}
    assert "may not do that: give it the policy" in failure(settings, name="may.example.com")
    assert "the secret does not belong to the key" in failure(settings | {"AWS_SECRET_ACCESS_KEY": "another"})
    assert "Amazon does not know the key AKIASTRANGER" in failure(settings | {"AWS_ACCESS_KEY_ID": "AKIASTRANGER"})
    assert "cannot be asked" in failure(settings | {"AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9"})
    settings = amazon.settings(amazon.key)
    assert "no public zone that social.elsewhere.test is in" in failure(settings, name="social.elsewhere.test")
    assert "there is no such zone in this account" in failure(settings | {"PHIOMIA_DNS_ROUTE53_ZONE_ID": "Z0"})
    amazon.change("UPSERT", "alias.example.com", "CNAME", values=["elsewhere.example.com"])
    assert "is an alias (CNAME) of elsewhere.example.com at Route 53" in failure(settings, name="alias.example.com")
    target = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net", "EvaluateTargetHealth": False}
    amazon.change("UPSERT", "front.example.com", "A", AliasTarget=target)
    assert "that stands for d1.cloudfront.net" in failure(settings, name="front.example.com")
    amazon.change("UPSERT", "many.example.com", "A", values=["192.0.2.5"], SetIdentifier="one", Weight=1)
    assert "with a routing policy" in failure(settings, name="many.example.com")


def test_a_machine_of_ec2_needs_neither_key_nor_address(amazon, statements):
    name = "machine.example.com"
    lent = amazon.lent("machine", statements)
    with answers(**metadata("machine", lent, public_ipv4="8.8.4.4", ipv6="2600:1f18::7")) as machine:
        settings = amazon.settings() | {
            "PHIOMIA_DNS_ADDRESSES": "", "PHIOMIA_DNS_SOURCES": "ec2", "PHIOMIA_DNS_ROUTE53_ZONE_ID": amazon.zone,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": machine.base}
        server = Published(name, **settings)
        server.publish()
        assert (amazon.asked(name, "A"), amazon.asked(name, "AAAA")) == ([60, "8.8.4.4"], [60, "2600:1f18::7"])
        assert server.status()["found"]["A"] == {"addresses": ["8.8.4.4"], "from": "ec2"}
        del machine.pages["/latest/meta-data/ipv6"]
        assert server.publish().endswith("AAAA 2600:1f18::7 removed")
        # A container is told at another place, and shows who it is.
        token = server.data / "token"
        token.write_text("who-i-am")
        machine.pages["/role"] = machine.pages.pop("/latest/meta-data/iam/security-credentials/machine")
        container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{machine.base}/role",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
        assert Published(name, **settings | container).publish().startswith("Nothing had to be changed")
        assert "there is no key for Route 53" in failure(settings, name=name)


# A network of its own, in which the one interface has addresses of the open net, one of them on its way out.
APART = ["unshare", *([] if os.getuid() == 0 else ["--map-root-user"]), "--net"]
INTERFACE = """
ip link set lo up && ip addr add 93.184.216.34/24 dev lo && ip route add default dev lo src 93.184.216.34
ip -6 addr add 2a01:4f8:1::9/64 dev lo nodad preferred_lft 0 && ip -6 addr add 2a01:4f8:1::7/64 dev lo nodad
ip -6 route add default dev lo
exec "$@"
"""
MAY_BE_APART = shutil.which("ip") and subprocess.run([*APART, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not MAY_BE_APART, reason="this system lets nobody have a network of its own")
def test_addresses_are_found_at_interfaces():
    settings = {"PHIOMIA_DNS_ADDRESSES": "", "PHIOMIA_DNS_PROVIDER": "command", "PHIOMIA_DNS_COMMAND": "/bin/true",
                "PHIOMIA_DNS_NAME_SERVER": "127.0.0.1:9"}
    server = Published(**settings)
    done = subprocess.run([*APART, "sh", "-c", INTERFACE, "sh", BINARY, "--data", server.data, "dns", "status", "--json"],
                          env=server.environment, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout)["found"] == {
        "A": {"addresses": ["93.184.216.34"], "from": "interfaces"},
        "AAAA": {"addresses": ["2a01:4f8:1::7"], "from": "interfaces"}}


def test_a_program_writes_the_records(bind, tmp_path):
    program = tmp_path / "records"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/acts\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    settings = {"PHIOMIA_DNS_PROVIDER": "command", "PHIOMIA_DNS_COMMAND": str(program), "PHIOMIA_DNS_NAME_SERVER": bind.place}
    with Published("program.test", **settings) as server:
        assert server.says("DNS: published").endswith(f"by {program}: A 192.0.2.1; AAAA 2001:db8::1")
        server.says("waiting until program.test leads to")
        eventually(lambda: "it has no address yet" in server.log_text() or "failed" in server.log_text(), "it looks")
    acts = (tmp_path / "acts").read_text().splitlines()
    assert acts == ["set program.test A 60 192.0.2.1", "set program.test AAAA 60 2001:db8::1"]
    # What others see decides what has to go before anything was written.
    (tmp_path / "acts").unlink()
    bind.update(f"delete {NAME} AAAA", f"add {NAME} 60 AAAA 2001:db8::9")
    assert "AAAA 2001:db8::9 removed" in Published(addresses="192.0.2.1", **settings).publish()
    assert (tmp_path / "acts").read_text().splitlines() == [f"set {NAME} A 60 192.0.2.1", f"remove {NAME} AAAA"]
    assert f"alias.{ZONE} is an alias (CNAME) of elsewhere.{ZONE}" in failure(settings, name=f"alias.{ZONE}")
    program.write_text("#!/bin/sh\necho no such zone >&2\nexit 3\n")
    assert "set program.test failed (exit status: 3): no such zone" in failure(settings, name="program.test")


def certified(pebble, ports, **more):
    return Certified(pebble, "sqlite", **ports, **{"LOCAL_DOMAIN": NAME, "PHIOMIA_DNS_INTERVAL": "500ms"} | more)


def seen(server):
    """The certificate that is shown for our name."""
    def look():
        try:
            return server.shown(name=NAME)[0]
        except (OSError, ValueError):
            return None
    return eventually(look, "there is a certificate", 20)


def test_the_first_order_waits_until_the_name_leads_here(bind, authority):
    bind.update(f"delete {NAME} A", f"delete {NAME} AAAA")
    ports = {"tls_port": free_port(HOST), "http_port": free_port(HOST)}
    only_wait = {"PHIOMIA_DNS_ADDRESSES": HOST, "PHIOMIA_DNS_NAME_SERVER": bind.place}
    with Pebble(authority, **ports, dns_port=bind.port) as pebble:
        with certified(pebble, ports, **only_wait) as server:
            line = server.says("waiting until")
            assert f"{NAME} leads to {HOST}: it has no address yet" in line
            bind.update(f"add {NAME} 60 A 192.0.2.9")
            server.says("it leads to 192.0.2.9 yet")
            assert "asking https" not in server.log_text() and requests.get(
                f"http://{HOST}:{server.http_port}/", allow_redirects=False, timeout=5).status_code == 503
            bind.update(f"delete {NAME} A", f"add {NAME} 60 A {HOST}")
            seen(server)
            assert server.log_text().index("leads here") < server.log_text().index("asking https")
        bind.update(f"delete {NAME} A")
        # It does not wait for ever.
        with certified(pebble, ports, **only_wait, PHIOMIA_DNS_WAIT="1s") as server:
            server.says("the certificate is ordered all the same")
            assert "did not arrive" in server.says("no certificate from")


def test_challenges_are_written_by_bind_and_route_53(bind, amazon, authority, statements):
    closed = {"tls_port": free_port(HOST), "http_port": free_port(HOST)}
    ports = {"tls_port": free_port(HOST), "http_port": free_port(HOST)}
    with Pebble(authority, **closed, dns_port=bind.port) as pebble:
        settings = bind.settings() | {"PHIOMIA_TLS_ACME_CHALLENGE": "dns-01", "PHIOMIA_DNS_ADDRESSES": HOST}
        with certified(pebble, ports, **settings) as server:
            seen(server)
            assert bind.asked(f"_acme-challenge.{NAME}", "TXT") == []
    name = "certified.example.com"
    challenge = f"_acme-challenge.{name}"
    with Pebble(authority, **closed) as pebble:
        # Nobody asks moto by DNS: what it has is told to the name server that the authority asks.
        def tell():
            for value in amazon.asked(challenge, "TXT")[1:]:
                pebble.record("set-txt", {"host": f"{challenge}.", "value": value.strip('"')})
        with amazon.passed_on(after_a_change=tell) as endpoint:
            settings = amazon.user("certified", statements) | {
                "PHIOMIA_DNS_ROUTE53_ZONE_ID": amazon.zone, "PHIOMIA_DNS_ADDRESSES": HOST, "LOCAL_DOMAIN": name,
                "PHIOMIA_TLS_ACME_CHALLENGE": "dns-01", "AWS_ENDPOINT_URL_ROUTE_53": endpoint}
            with certified(pebble, ports, **settings) as server:
                server.says("holds until")
        assert amazon.asked(challenge, "TXT") == []

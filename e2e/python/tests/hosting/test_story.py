"""From a domain to the first follower: the page `docs/hosting.md`, line by line, on a Debian with systemd, with names, an
authority and another server around it. Then the larger way: handles on a bare domain that CloudFront serves, Aurora, Redis,
nginx."""

import json
import re
import shutil
import socket
import ssl
import time

import pytest
import requests

import aurora
from beside import Beside
from browser import Browser
from machine import Machine
from operations import png_of
from outside import DOMAIN, WEB_DOMAIN, Outside, page
from pages import blocks, line
from server import ROOT, eventually

BASE = f"https://{WEB_DOMAIN}"
PAGE = "hosting.md"


@pytest.fixture
def log_since():
    """The log is in the journal of the machine."""


class Story:
    """What somebody does, and how long it takes them, in seconds."""

    def __init__(self, machine, outside, package):
        self.machine, self.outside, self.package = machine, outside, package
        self.took = {}
        self.begun = time.monotonic()
        # Not on every Debian, and not needed here for more than this.
        machine.path("/usr/local/bin/sudo").write_text(
            '#!/bin/sh\nuser=root\nif [ "$1" = -u ]; then user=$2; shift 2; fi\nexec runuser -u "$user" -- "$@"\n')
        machine.run("chmod", "755", "/usr/local/bin/sudo")
        machine.run("rm", "-rf", "/etc/phiomia", "/var/lib/phiomia")

    def does(self, what, act):
        begun = time.monotonic()
        done = act()
        self.took[what] = round(time.monotonic() - begun, 2)
        return done

    def types(self, command, **how):
        return self.machine.shell(command, **how)

    def installs(self):
        command = line(PAGE, "sudo apt-get install")
        name = re.search(r"phiomia_\S+\.deb", command).group()
        shutil.copy(self.package, self.machine.path(f"/root/{name}"))
        said = self.does("package", lambda: self.types(command.replace("install ", "install --yes ")))
        assert "Phiomia is installed and not started. Next: phiomia init" in said
        # There is nothing to be served yet, and that is no failure.
        self.types("systemctl start phiomia.service")
        assert self.machine.shows("phiomia.service", "ActiveState") == "inactive"

    def prepares(self, *flags, **settings):
        command = line(PAGE, "phiomia init --yes --domain example.org --web-domain")
        chosen = " ".join(f"--set '{key}={value}'" for key, value in (self.outside.settings | settings).items())
        command = command.replace("phiomia init", f"phiomia {chosen} init") + "".join(f" {flag}" for flag in flags)
        said = self.does("init", lambda: self.types(command))
        assert said.startswith("Ready to start.") and f"https://{DOMAIN}/.well-known/webfinger  ->  {BASE}" in said
        # As at Amazon, the address of the machine itself is none that others know.
        assert f"{WEB_DOMAIN}.  A     (the public IPv4 address of this machine)" in said, said
        # cloud-init may run twice.
        assert self.types(command).startswith("Nothing had to be changed.")
        return re.search(rf"{BASE}/owner/\S+", said).group()

    def starts(self):
        commands = next(block for block in blocks(PAGE) if block[0].startswith("phiomia systemd socket"))
        self.does("start", lambda: self.types("\n".join(commands)))
        assert self.machine.shows("phiomia.service", "ActiveState") == "active"
        assert self.machine.shows("phiomia.service", "MainPID") != "0"

    def is_reached(self):
        def answers():
            try:
                return requests.get(f"{BASE}/health", timeout=5, verify=self.trust).ok
            except requests.RequestException:
                return False

        self.does("certificate", lambda: eventually(answers, "the server is reached by its name", 30))

    def names_in_the_certificate(self):
        context = ssl.create_default_context(cafile=self.trust)
        with socket.create_connection((WEB_DOMAIN, 443), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname=WEB_DOMAIN) as stream:
                return {name for _, name in stream.getpeercert()["subjectAltName"]}

    @property
    def trust(self):
        return str(self.outside.trust.bundle)

    def asks_the_doctor(self):
        command = line(PAGE, "sudo -u phiomia phiomia doctor")
        peer = self.outside.peer.domain
        said = self.does("doctor", lambda: self.types(f"{command} --json --peer {peer} || true", timeout=120))
        found = {finding["name"]: finding for finding in json.loads(said)["findings"]}
        # On a machine that has other things to do, too, an answer may take its time.
        wrong = {name: finding for name, finding in found.items()
                 if finding["verdict"] not in ("good", "unknown") and not name.endswith("-slow")}
        # A fresh Debian has none.
        if not self.machine.path("/usr/bin/ffmpeg").exists():
            assert "apt-get install ffmpeg" in wrong.pop("system-no-ffmpeg")["cure"]
        assert wrong == {}, wrong
        assert {f"{name}-good" for name in ("webfinger", "hostmeta", "nodeinfo", "front", "dns", "ports", "certificate",
                                            "federation", "version")} <= set(found), found

    def signs_in(self, link):
        """By the link of `init`; gives what an app may do afterwards."""
        browser = Browser(page(BASE))
        browser.session.verify = self.trust
        opened = browser.open(link)
        assert opened.status == 200, opened.text()
        inside = browser.submit(opened.forms()[0], opened.forms()[0].button("sign in", "continue", "log in") or {})
        assert inside.status == 200 and "/owner/" not in inside.url, (inside.url, inside.text())
        command = line(PAGE, "sudo -u phiomia phiomia account owner-link")
        assert f"{BASE}/owner/" in self.types(command)
        as_user = "sudo -u phiomia phiomia"
        scopes = "--scopes 'read write follow'"
        app = json.loads(self.types(f"{as_user} app create --name App --redirect-uri urn:ietf:wg:oauth:2.0:oob {scopes} --json"))
        token = self.types(f"{as_user} token create --account me --app {app['client_id']} {scopes} --print").strip()
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.verify = self.trust

    def gets_a_follower(self):
        peer = self.outside.peer
        carol = peer.actor("carol")
        # Whoever looks asks the domain in the handle, and is led on with the question.
        asked = f"/.well-known/webfinger?resource=acct:me@{DOMAIN}"
        led = requests.get(f"https://{DOMAIN}{asked}", allow_redirects=False, timeout=10, verify=self.trust)
        assert (led.status_code, led.headers["Location"]) == (301, f"{BASE}{asked}")
        known = peer.find(f"me@{DOMAIN}", web_base=BASE)
        assert carol.post(known.inbox, carol.follow(known)).status == 202
        assert peer.eventually_received(type="Accept", seconds=20).signer == known.id

        def told():
            notes = self.session.get(f"{BASE}/api/v1/notifications", timeout=10).json()
            return next((note for note in notes if note["type"] == "follow"), None)

        assert eventually(told, "a follower is told of")["account"]["acct"] == carol.handle
        self.took["all"] = round(time.monotonic() - self.begun, 2)
        carol.follower_ids.append(known.id)
        said = self.session.post(f"{BASE}/api/v1/statuses", json={"status": "hello"}, timeout=10).json()
        assert peer.eventually_received(type="Create", seconds=20).part("object") == said["uri"]

    def posts_a_picture(self):
        """The child that decodes has less rights again than the service."""
        answer = self.session.post(f"{BASE}/api/v2/media", files={"file": ("red.png", png_of(2_000, 1_500))}, timeout=60)
        assert answer.status_code == 200, (answer.text, self.machine.journal())
        assert self.session.get(answer.json()["preview_url"], timeout=10).status_code == 200


class Visitors(Beside):
    """Look at the server all the time, each with a connection of its own."""

    def __init__(self, trust):
        super().__init__(3)
        self.trust, self.n_served, self.failed = trust, 0, []

    def run(self):
        while not self.is_over:
            try:
                answer = requests.get(f"{BASE}/health", timeout=30, verify=self.trust, headers={"Connection": "close"})
                self.n_served += 1
                if answer.status_code != 200:
                    self.failed.append(answer.status_code)
            except requests.RequestException as failure:
                self.failed.append(repr(failure))

    def see(self, n=15):
        goal = self.n_served + n
        eventually(lambda: self.n_served >= goal, "visitors are served", 60)


@pytest.fixture
def machine():
    with Machine() as running:
        yield running


@pytest.fixture
def outside(machine, authority, tmp_path):
    with Outside(machine, authority, tmp_path) as around:
        yield around


@pytest.mark.timeout(300)
def test_the_page_leads_from_a_domain_to_the_first_follower(machine, outside, package, record_property):
    story = Story(machine, outside, package)
    story.installs()
    link = story.prepares(**{"instance.alternate_domains": "old.example.org"})
    outside.serve_site_by_nginx(story.types(line(PAGE, "sudo -u phiomia phiomia apex print nginx")))
    story.starts()
    story.is_reached()
    # The domain of the handles is a site elsewhere, the older one leads here.
    assert story.names_in_the_certificate() == {WEB_DOMAIN, "old.example.org"}
    story.asks_the_doctor()
    story.signs_in(link)
    story.gets_a_follower()
    story.posts_a_picture()
    status = machine.run("systemctl", "status", "--no-pager", "phiomia.service")
    assert "active (running)" in status and "TriggeredBy" in status
    with Visitors(story.trust) as visitors:
        visitors.see()
        first = machine.shows("phiomia.service", "MainPID")
        story.does("restart", lambda: story.types("systemctl restart phiomia"))
        second = machine.shows("phiomia.service", "MainPID")
        assert second != first
        visitors.see()
        # The next package, which restarts it.
        again = line(PAGE, "sudo apt-get install").replace("install ", "install --yes --reinstall ")
        story.does("upgrade", lambda: story.types(again))
        assert machine.shows("phiomia.service", "MainPID") not in (first, second)
        visitors.see()
    assert visitors.failed == []
    print("seconds:", story.took)
    record_property("seconds", story.took)
    # Without the package the server is gone, and what people wrote is not.
    story.types("apt-get purge --yes phiomia")
    assert machine.run("systemctl", "is-active", "phiomia.service", check=False).strip() in ("inactive", "unknown", "failed")
    assert machine.path("/var/lib/phiomia/phiomia.sqlite3").exists() and not machine.path("/etc/phiomia").exists()


@pytest.mark.timeout(300)
def test_the_larger_way_with_aurora_redis_nginx_and_cloudfront(machine, outside, package, authority, record_property):
    told = re.findall(r'^(\w+) = "?([^"#\n]*?)"? *(?:#.*)?$', rds_example(), re.MULTILINE)
    settings = {f"database.{name}": value for name, value in told}
    host = re.search(r"@([^/]+)/", settings["database.url"]).group(1)
    story = Story(machine, outside, package)
    story.installs()
    machine.path(settings["database.ca_file"]).write_text(authority.file.read_text())
    database = aurora.Aurora(machine, authority, host).start()
    machine.run("systemd-run", "--unit=redis-here", "--quiet", "redis-server", "--bind", "127.0.0.1", "--save", "")
    link = story.prepares("--front", **settings, **{
        "database.iam_access_key_id": aurora.KEY_ID, "database.iam_secret_access_key": aurora.KEY,
        "redis.url": "redis://127.0.0.1:6379/0"})
    outside.serve_site_by_cloudfront(story.types("sudo -u phiomia phiomia apex print cloudfront"))
    folder = f"/etc/letsencrypt/live/{WEB_DOMAIN}"
    machine.run("mkdir", "-p", folder)
    for file, name in zip(authority.files_for(WEB_DOMAIN), ("fullchain.pem", "privkey.pem")):
        machine.path(f"{folder}/{name}").write_text(file.read_text())
    story.types(line("hosting/fronts.md", "phiomia proxy config nginx"))
    story.types("systemctl start nginx")
    story.starts()
    story.is_reached()
    assert database.ask("select count(*) > 0 from pg_stat_ssl join pg_stat_activity using (pid) where ssl and usename = 'phiomia'") == "t"
    story.asks_the_doctor()
    story.signs_in(link)
    story.gets_a_follower()
    story.posts_a_picture()
    # It goes to sleep, or another machine takes its place: everybody is cut off, and the password of then is an old one.
    database.pause()
    home = f"{BASE}/api/v1/timelines/home"
    pause = eventually(lambda: story.session.get(home, timeout=40).headers.get("Retry-After"), "readers are put off")
    assert int(pause) >= 1 and story.session.get(home, timeout=40).status_code == 503
    database.run()
    eventually(lambda: story.session.get(home, timeout=40).ok, "it is back", 30)
    print("seconds:", story.took)
    record_property("seconds", story.took)


def rds_example():
    """The configuration that the page about PostgreSQL gives for Amazon."""
    text = (ROOT / "docs" / "hosting" / "postgresql.md").read_text()
    return text.split("## RDS and Aurora")[1].split("```toml\n[database]\n")[1].split("```")[0]

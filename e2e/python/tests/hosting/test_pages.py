"""Every command in the pages about hosting is run as it stands there, on a machine with the package, one page after the other; or
it is named below with the test that runs it."""

import re
import shutil

import pytest

from cluster import programs
from machine import Machine
from outside import DOMAIN, WEB_DOMAIN
from pages import blocks
from server import ROOT, eventually

# Lines that need more than one machine, by how they begin: who runs them.
ELSEWHERE = {
    "hosting.md": {
        "sudo phiomia init": "test_package.py, at a terminal",
        "phiomia --set smtp.server": "below, as another machine",
    },
    "hosting/dns.md": {"PROGRAM ": "the server itself: test_dns.py"},
    "hosting/tls.md": {
        "phiomia tls renew": "test_acme.py, with an authority",
        "HOOK ": "the server itself: test_acme.py",
    },
    "hosting/processes.md": {"phiomia serve --only": "test_processes.py, with PostgreSQL and Redis"},
}
# What cannot go well without the rest of the world, and says so in words.
MAY_END_WITH = {"phiomia doctor": (0, 1, 2), "sudo -u phiomia phiomia doctor": (0, 1, 2)}
# Names and places that the pages make up: what stands for them here.
BACKUP = re.compile(r"phiomia-example\.org-\w+\.tar\.gz(\.age)?")
RECIPIENT = re.compile(r"age1[a-z0-9]{50,}")


@pytest.fixture
def log_since():
    """The log is in the journal of the machine."""


@pytest.fixture(scope="module")
def machine(package):
    with Machine() as machine:
        name = re.search(r"phiomia_\S+\.deb", (ROOT / "docs" / "hosting.md").read_text()).group()
        shutil.copy(package, machine.path(f"/root/{name}"))
        machine.path("/usr/local/bin/sudo").write_text(
            '#!/bin/sh\nuser=root\nif [ "$1" = -u ]; then user=$2; shift 2; fi\nexec runuser -u "$user" -- "$@"\n')
        machine.run("chmod", "755", "/usr/local/bin/sudo")
        machine.run("rm", "-rf", "/etc/phiomia", "/var/lib/phiomia")
        machine.path("/etc/hosts").write_text(
            f"127.0.0.1 localhost db.example.org\n{machine.address} {WEB_DOMAIN}\n{machine.outside} {DOMAIN}\n")
        machine.path("/usr/local/bin/records").write_text("#!/bin/sh\necho \"$@\" >> /tmp/records\n")
        machine.shell("chmod 755 /usr/local/bin/records; install -d -m 777 /mnt/disk /root/site; chmod 755 /root")
        yield machine


def start_postgres(machine):
    """Whose it is: `db.example.org`."""
    folder = "/var/lib/phiomia-test-postgres"
    machine.run("install", "-d", "-o", "postgres", folder)
    as_postgres = ["runuser", "-u", "postgres", "--"]
    machine.run(*as_postgres, programs() / "initdb", "--pgdata", f"{folder}/data", "--auth=trust", "--no-sync", "--encoding=UTF8",
                "--locale=C")
    with machine.path(f"{folder}/data/postgresql.conf").open("a") as file:
        file.write(f"\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\nfsync = off\n")
    machine.run("systemd-run", "--unit=db", "--uid=postgres", "--property=Type=notify", "--quiet", programs() / "postgres", "-D",
                f"{folder}/data")
    machine.run(*as_postgres, "psql", "--host", folder, "--quiet", "--command", "create role phiomia login",
                "--command", "create database phiomia owner phiomia")


class Reader:
    """Types what stands on the pages, as root where a page says nothing else about it."""

    def __init__(self, machine):
        self.machine, self.backups, self.typed = machine, [], 0

    def types(self, line, directory="/root"):
        """Gives what was said; what a line begins with `phiomia` is typed by its user, where the data is its own."""
        line = BACKUP.sub(lambda found: next(b for b in reversed(self.backups) if b.endswith(".age") == bool(found[1])), line)
        is_for_user = line.startswith("phiomia ") and not any(word in line for word in (" init ", " systemd ", " proxy "))
        before = f"cd {directory} && " + ("sudo -u phiomia " if is_for_user else "")
        codes = next((codes for begin, codes in MAY_END_WITH.items() if line.startswith(begin)), (0,))
        said = self.machine.shell(f"{before}{line.split(' #')[0]} 2>&1 || echo ENDED $?", timeout=120)
        ended = re.search(r"ENDED (\d+)\n$", said)
        if ended and int(ended.group(1)) not in codes:
            raise AssertionError(f"{line}\n{said}\n{self.machine.journal()}")
        self.typed += 1
        return said

    def page(self, name, replaced=None, directory="/root"):
        left_out = ELSEWHERE.get(name, {})
        told = {}
        for line in (line for block in blocks(name) for line in block):
            if any(line.startswith(begin) for begin in left_out):
                continue
            told[line] = self.types((replaced or (lambda line: line))(line), directory)
        return told


@pytest.mark.timeout(300)
def test_every_command_in_the_pages_about_hosting_is_run(machine):
    reader = Reader(machine)
    world = " ".join(f"--set {key}={value}" for key, value in {
        "tls.acme_directory": "https://127.0.0.1:1/dir", "dns.provider": "command", "dns.command": "/usr/local/bin/records",
        "dns.addresses": machine.address, "dns.wait": "1s"}.items())
    told = reader.page("hosting.md", lambda line: line.replace("apt-get install", "apt-get install --yes").replace(
        "phiomia init", f"phiomia {world} init") if "phiomia init" in line or "apt-get" in line else line)
    assert any("location ~" in said for said in told.values()), "the rules for nginx"
    # Root is told what to type, and that works.
    refused = machine.run("phiomia", "backup", "create", check=False)
    assert refused == ""
    wrong = machine.shell("phiomia backup create 2>&1 || true")
    assert "sudo -u phiomia phiomia backup create" in wrong, wrong
    told = reader.page("hosting/dns.md")
    assert any(machine.address in said for said in told.values())
    assert f"set {WEB_DOMAIN} A" in machine.run("cat", "/tmp/records")
    reader.page("hosting/tls.md")
    reader.page("hosting/doctor.md")
    backups(reader)
    in_front(reader)
    reader.page("hosting/systemd.md")
    assert machine.shows("phiomia.service", "FragmentPath") == "/etc/systemd/system/phiomia.service"
    eventually(lambda: machine.shows("phiomia.service", "ActiveState") == "active", "it runs by the unit that was printed", 20)
    upgrade(reader)
    moving(reader)
    to_postgres(reader)
    # All of them: whoever adds a page with commands adds it here.
    pages = ["hosting.md", *(f"hosting/{file.name}" for file in (ROOT / "docs" / "hosting").glob("*.md"))]
    lines = [(page, line) for page in pages for block in blocks(page) for line in block]
    elsewhere = [line for page, line in lines if any(line.startswith(begin) for begin in ELSEWHERE.get(page, {}))]
    assert reader.typed == len(lines) - len(elsewhere), "some page was not read"
    another_machine(machine)


def backups(reader):
    """In the folder where they are kept; the names are those that were given here."""
    machine, folder = reader.machine, "/var/lib/phiomia/backups"
    public = None
    for line in (line for block in blocks("hosting/backup.md") for line in block):
        if "backup restore" in line:
            # On a new machine: another folder with nothing in it.
            machine.shell("install -d -o phiomia -g phiomia -m 700 /var/lib/phiomia/new")
            new = "/var/lib/phiomia/new"
            line = line.replace("--data /var/lib/phiomia ", f"--set database.url=sqlite:{new}/phiomia.sqlite3 --data {new} ")
        if "keygen" in line:
            machine.run("install", "-d", "-o", "phiomia", folder)
        said = reader.types(RECIPIENT.sub(public or "age1", line), folder if reader.backups else "/var/lib/phiomia")
        if "backup create" in line:
            place = said.splitlines()[0]
            assert machine.path(place).exists(), said
            if not place.startswith("/mnt"):
                reader.backups.append(place.rsplit("/", 1)[1])
        elif "keygen" in line:
            public = RECIPIENT.search(machine.run("cat", f"{folder}/identity.txt")).group()
        elif "verify" in line:
            assert said.startswith("the backup is whole: ")
    assert machine.path("/var/lib/phiomia/new/phiomia.sqlite3").exists()


def in_front(reader):
    """A server behind a front is another one."""
    machine = reader.machine
    flags = "--config /etc/phiomia/front.toml --data /var/lib/phiomia/front"
    machine.shell("install -d -o phiomia -g phiomia -m 700 /var/lib/phiomia/front; rm -f /etc/nginx/sites-enabled/*")
    machine.shell(f"phiomia {flags} init --yes --front --domain {DOMAIN} --web-domain {WEB_DOMAIN} --handle me --email me@example.org")
    machine.shell("install -d /etc/caddy /etc/haproxy /etc/apache2/sites-enabled")
    told = reader.page("hosting/fronts.md", lambda line: line.replace("phiomia ", f"phiomia {flags} ", 1))
    assert machine.path("/root/site/.well-known/webfinger").exists() and told
    for file in ("nginx/sites-enabled/phiomia", "caddy/Caddyfile", "haproxy/haproxy.cfg", "apache2/sites-enabled/phiomia.conf"):
        assert WEB_DOMAIN in machine.path(f"/etc/{file}").read_text(), file


def upgrade(reader):
    begun = reader.machine.shows("phiomia.service", "MainPID")
    told = reader.page("hosting/upgrade.md", lambda line: line.replace("install ", "install --yes --reinstall "))
    assert reader.machine.shows("phiomia.service", "MainPID") not in (begun, "0"), "the package restarted it"
    assert "good     version" in list(told.values())[-1]


def moving(reader):
    """The new machine is the old one without its folders and units."""
    machine = reader.machine
    people = "runuser -u phiomia -- phiomia account list --json"
    before = machine.shell(people)
    assert '"me"' in before
    old, new = blocks("hosting/moving.md")
    for line in old:
        said = reader.types(line)
    # From where the two share a disk.
    reader.backups.append(said.splitlines()[0].rsplit("/", 1)[1])
    machine.shell("rm -rf /var/lib/phiomia /etc/phiomia /etc/systemd/system/phiomia.*; systemctl daemon-reload")
    machine.shell("install -d -o phiomia -g phiomia -m 700 /var/lib/phiomia /etc/phiomia")
    for line in new:
        reader.types(line)
    eventually(lambda: machine.shows("phiomia.service", "ActiveState") == "active", "the server is on the new machine", 20)
    assert machine.shell(people) == before


def to_postgres(reader):
    start_postgres(reader.machine)
    told = reader.page("hosting/postgresql.md", lambda line: re.sub(r"(db\.example\.org/phiomia)$", r"\1?sslmode=disable", line))
    assert "counts and checksums are the same" in list(told.values())[-1]


def another_machine(machine):
    """The line of the first page that sets up mail, where nothing is yet."""
    line = next(line for block in blocks("hosting.md") for line in block if line.startswith("phiomia --set smtp.server"))
    machine.shell("install -d /srv/other")
    said = machine.shell(line.replace("phiomia --set", "phiomia --config /srv/other/phiomia.toml --data /srv/other/data --set"))
    assert said.startswith("Ready to start.")
    assert 'server = "mail.example.org"' in machine.path("/srv/other/phiomia.toml").read_text()

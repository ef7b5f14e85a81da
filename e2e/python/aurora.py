"""A PostgreSQL that signs people in as Amazon's Aurora does: over TLS alone, by PAM, with a signed request for a password. It runs
on a machine of a test's own, for PAM is set up for a whole machine."""

from cluster import programs

USER = DATABASE = "phiomia"
FOLDER = "/var/lib/aurora"
KEY_ID, KEY = "AKIAEXAMPLEOFNOBODY", "not-a-secret-of-anybody"

# Looks at the password as Amazon does: Signature Version 4, for this user, this host, this moment.
CHECK = r"""#!/usr/bin/python3
import datetime, hashlib, hmac, os, sys
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID, KEY, HOST, REGION = "{key_id}", "{key}", "{host}:5432", "{region}"
token = sys.stdin.buffer.read().split(b"\0")[0].decode()
said = urlsplit("https://" + token)
query = dict(parse_qsl(said.query, strict_parsing=True))
signature = query.pop("X-Amz-Signature")
at = query["X-Amz-Date"]
age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(at + "+0000", "%Y%m%dT%H%M%SZ%z")
scope = f"{{at[:8]}}/{{REGION}}/rds-db/aws4_request"
assert said.netloc == HOST and said.path == "/" and 0 <= age.total_seconds() + 5 < 905, "it is for another place or time"
assert (query["Action"], query["DBUser"], query["X-Amz-Credential"]) == ("connect", os.environ["PAM_USER"], f"{{KEY_ID}}/{{scope}}")
canonical = "&".join(f"{{quote(name, safe='')}}={{quote(value, safe='')}}" for name, value in sorted(query.items()))
nothing = hashlib.sha256(b"").hexdigest()
request = "\n".join(["GET", "/", canonical, f"host:{{HOST}}", "", "host", nothing])
to_sign = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(request.encode()).hexdigest()])
key = b"AWS4" + KEY.encode()
for word in [*scope.split("/"), to_sign]:
    key = hmac.digest(key, word.encode(), "sha256")
sys.exit(0 if hmac.compare_digest(key.hex(), signature) else 1)
"""

RULES = """
local all postgres trust
hostssl all +rds_iam all pam pamservice=rds-iam
"""


class Aurora:
    """`host` is its name, which has to lead to the machine; certificates are of the authority."""

    def __init__(self, machine, authority, host):
        self.machine, self.host, self.authority = machine, host, authority
        self.region = host.split(".rds.")[0].rsplit(".", 1)[1]

    def start(self):
        machine, folder = self.machine, FOLDER
        machine.run("install", "-d", "-o", "postgres", "-m", "700", folder)
        self.as_postgres(programs() / "initdb", "--pgdata", f"{folder}/data", "--username=postgres", "--no-sync", "--encoding=UTF8",
                         "--locale=C")
        certificate, key = self.authority.files_for(self.host)
        self._put(f"{folder}/data/server.crt", certificate.read_text())
        self._put(f"{folder}/data/server.key", key.read_text())
        self._put(f"{folder}/data/pg_hba.conf", RULES)
        with machine.path(f"{folder}/data/postgresql.conf").open("a") as file:
            file.write(f"\nlisten_addresses = '{machine.address}'\nunix_socket_directories = '{folder}'\nfsync = off\nssl = on\n"
                       "shared_buffers = 16MB\n")
        machine.path("/etc/pam.d/rds-iam").write_text(
            "auth required pam_exec.so expose_authtok quiet /usr/local/sbin/rds-iam\naccount required pam_permit.so\n")
        check = machine.path("/usr/local/sbin/rds-iam")
        check.write_text(CHECK.format(key_id=KEY_ID, key=KEY, host=self.host, region=self.region))
        check.chmod(0o755)
        self.run()
        self.ask("create role rds_iam")
        self.ask(f"create role {USER} login")
        self.ask(f"grant rds_iam to {USER}")
        self.ask(f"create database {DATABASE} owner {USER}")
        return self

    def run(self):
        """Also after `pause`."""
        self.machine.run("systemd-run", "--unit=aurora", "--uid=postgres", "--property=Type=notify", "--collect", "--quiet",
                         programs() / "postgres", "-D", f"{FOLDER}/data")

    def pause(self):
        """As when it has gone to sleep: whoever was connected is not any more."""
        self.machine.run("systemctl", "kill", "--signal=QUIT", "aurora")
        self.machine.run("systemctl", "stop", "aurora", check=False)

    def ask(self, statement):
        return self.as_postgres("psql", "--host", FOLDER, "--no-align", "--tuples-only", "--quiet", "--command", statement).strip()

    def as_postgres(self, *command):
        return self.machine.run("runuser", "-u", "postgres", "--", *command)

    def _put(self, path, text):
        file = self.machine.path(path)
        file.write_text(text)
        self.machine.run("chown", "postgres:", path)
        file.chmod(0o600)

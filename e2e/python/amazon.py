"""Amazon, as moto plays it: Route 53 that looks at signatures and rights; and what a machine of EC2 is told about itself."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import requests

from server import Server, eventually, free_port

HOST = "127.0.0.1"
# moto 5.2 takes the query of a GET for its body, too, and then no signature holds, nor that of Amazon's own library.
MOTO = """
import sys
from moto.iam.access_control import IAMRequestBase
from moto.server import main
begin = IAMRequestBase.__init__
def without_query(self, **said):
    begin(self, **said | ({"data": {}} if said["method"] == "GET" else {}))
IAMRequestBase.__init__ = without_query
main(sys.argv[1:])
"""


class Amazon:
    """`zones` is made at the start; afterwards every request is looked at."""

    def __init__(self, zone):
        self.name, self.port, self.process = zone, free_port(HOST), None
        self.endpoint = f"http://{HOST}:{self.port}"

    def __enter__(self):
        # On Amazon there is nothing at these addresses.
        environment = {"PATH": os.environ["PATH"], "MOTO_ACCOUNT_ID": "123456789012"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", MOTO, "-H", HOST, "-p", str(self.port)],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        eventually(lambda: Server._listens_at(HOST, self.port), "moto listens", 30)
        iam = self._client("iam")
        # Somebody who may do everything, for what is done by hand.
        iam.create_user(UserName="root")
        self.key = iam.create_access_key(UserName="root")["AccessKey"]
        self.put_policy("root", [{"Effect": "Allow", "Action": "*", "Resource": "*"}])
        self.zone = self._client("route53").create_hosted_zone(Name=self.name, CallerReference="1")["HostedZone"]["Id"].split("/")[-1]
        requests.post(f"{self.endpoint}/moto-api/reset-auth", data="0", timeout=10).raise_for_status()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def _client(self, service):
        key = getattr(self, "key", {"AccessKeyId": "any", "SecretAccessKey": "any"})
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.endpoint,
                            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    def put_policy(self, user, statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._client("iam").put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document)

    def user(self, name, statements):
        """The settings of somebody who may do what is said."""
        iam = self._client("iam")
        iam.create_user(UserName=name)
        self.put_policy(name, statements)
        return self.settings(iam.create_access_key(UserName=name)["AccessKey"])

    def lent(self, name, statements):
        """What a machine is lent that may do what is said."""
        iam = self._client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="all",
                            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        return self._client("sts").assume_role(RoleArn=role, RoleSessionName="machine")["Credentials"]

    def settings(self, key=None):
        settings = {"PHIOMIA_DNS_PROVIDER": "route53", "AWS_ENDPOINT_URL_ROUTE_53": self.endpoint}
        if key:
            settings |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return settings

    def change(self, action, name, kind, ttl=60, values=(), **more):
        """A change by somebody else."""
        records = {"TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]} if values else {}
        change = {"Action": action, "ResourceRecordSet": {"Name": name, "Type": kind} | records | more}
        self._client("route53").change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [change]})

    def asked(self, name, kind):
        """What is at a name, as a sorted list; the TTL comes first."""
        sets = self._client("route53").list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        found = [one for one in sets if (one["Name"], one["Type"]) == (f"{name}.", kind)]
        return [found[0].get("TTL"), *sorted(record["Value"] for record in found[0]["ResourceRecords"])] if found else []

    @contextmanager
    def passed_on(self, after_a_change):
        """Another address of it; `after_a_change` is called before a change is answered."""
        with ThreadingHTTPServer((HOST, 0), Passing) as server:
            server.target, server.after_a_change = self.endpoint, after_a_change
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://{HOST}:{server.server_port}"
            server.shutdown()


class Passing(BaseHTTPRequestHandler):
    """Passes everything on as it is: what is signed has to stay so."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        answer = requests.request(self.command, self.server.target + self.path, data=body, headers=dict(self.headers), timeout=10)
        if self.command == "POST":
            self.server.after_a_change()
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET

    def log_message(self, *_):
        """Nothing."""


class Answers(BaseHTTPRequestHandler):
    """Pages by their paths; `PUT` hands out the word that all others are asked with (IMDSv2)."""

    def do_PUT(self):
        self._say(200 if self.path == "/latest/api/token" else 404, "a-token")

    def do_GET(self):
        self.server.asked.append(self.path)
        needs_token = self.path.startswith("/latest/")
        if needs_token and self.headers["X-aws-ec2-metadata-token"] != "a-token":
            return self._say(401, "")
        page = self.server.pages.get(self.path)
        self._say(404 if page is None else 200, page or "")

    def _say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Nothing."""


@contextmanager
def answers(**pages):
    """A server of such pages. They may be changed while it runs."""
    with ThreadingHTTPServer((HOST, 0), Answers) as server:
        server.pages, server.asked = dict(pages), []
        server.base = f"http://{HOST}:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def metadata(role=None, credentials=None, **values):
    """The pages of a machine of EC2."""
    pages = {f"/latest/meta-data/{name.replace('_', '-')}": value for name, value in values.items()}
    if role:
        expires = credentials["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")
        pages["/latest/meta-data/iam/security-credentials/"] = role
        pages[f"/latest/meta-data/iam/security-credentials/{role}"] = json.dumps({
            "AccessKeyId": credentials["AccessKeyId"], "SecretAccessKey": credentials["SecretAccessKey"],
            "Token": credentials["SessionToken"], "Expiration": expires, "Code": "Success"})
    return pages

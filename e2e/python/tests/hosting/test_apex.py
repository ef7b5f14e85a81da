"""The bare domain of the handles, served by somebody else: what `phiomia apex print` says is put into the real program
and asked as other servers ask."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
import requests

from fronts import end, start
from peer import next_host
from server import BINARY, Server, eventually, free_port

QUESTION = "/.well-known/webfinger?resource=acct:alice%40example.org&rel=a%26b"


@pytest.fixture
def log_since():
    """No server runs here."""


@pytest.fixture
def said(tmp_path):
    """What the command prints, for handles @host:port and a server elsewhere."""

    def run(kind, *more, local_domain="example.org", fails=False):
        done = subprocess.run(
            [BINARY, "apex", "print", kind, "--data", tmp_path / "data", *more], capture_output=True, text=True, timeout=30,
            env={"PATH": os.environ["PATH"], "LOCAL_DOMAIN": local_domain, "WEB_DOMAIN": "social.example.org"})
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    run.data = tmp_path / "data"
    return run


@pytest.fixture
def folder():
    """One that a program of another user can read, too."""
    with tempfile.TemporaryDirectory(prefix="phiomia-apex-") as made:
        os.chmod(made, 0o755)
        yield Path(made)


# Where the rules go: into the block of a site that exists.
SITES = {
    "nginx": "server {{ listen {place}; server_name example.org;\n{rules}\nlocation / {{ return 200 site; }} }}",
    "caddy": "{{\n\thttp_port {port}\n\tauto_https off\n}}\n\nhttp://{place} {{\n{rules}\nrespond site\n}}\n",
    "haproxy": ("defaults\nmode http\ntimeout client 5s\ntimeout server 5s\ntimeout connect 5s\nfrontend site\nbind {place}\n"
                "{rules}\nhttp-request return status 200 content-type text/plain string site\n"),
    "apache": "<VirtualHost {place}>\nServerName example.org\n{rules}\nDocumentRoot {folder}/site\n"
              "<Directory {folder}/site>\nRequire all granted\n</Directory>\n</VirtualHost>",
}


@pytest.mark.parametrize("program", SITES)
def test_who_asks_the_bare_domain_is_led_on_with_the_whole_question(said, folder, program):
    host = next_host()
    port = free_port(host)
    place = f"{host}:{port}"
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("site")
    rules = said(program, local_domain=place if program == "haproxy" else "example.org")
    process = start(program, SITES[program].format(place=place, port=port, rules=rules, folder=folder), folder)
    try:
        eventually(lambda: Server._listens_at(host, port), f"{program} listens")
        for asks in (requests.get, requests.head):
            for path in (QUESTION, "/.well-known/host-meta", "/.well-known/host-meta.json", "/.well-known/nodeinfo"):
                answer = asks(f"http://{place}{path}", allow_redirects=False, timeout=5)
                assert answer.status_code == 301, (path, answer.text)
                assert answer.headers["Location"] == f"https://social.example.org{path}"
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
        # The site itself stays what it was.
        assert requests.get(f"http://{place}/index.html", timeout=5).text == "site"
        assert requests.get(f"http://{place}/.well-known/security.txt", allow_redirects=False, timeout=5).status_code != 301
    finally:
        end(process)


def test_the_function_for_cloudfront_keeps_the_question(said, tmp_path):
    script = tmp_path / "function.js"
    script.write_text(said("cloudfront") + """
        const asked = (uri, querystring) => handler({ request: { uri, querystring, method: 'GET', headers: {} } })
        console.log(JSON.stringify([
            asked('/.well-known/webfinger', { resource: { value: 'acct:alice%40example.org' } }),
            asked('/.well-known/webfinger', { resource: { value: 'a' }, rel: { value: 'b', multiValue: [{ value: 'b' }, { value: 'c' }] } }),
            asked('/.well-known/nodeinfo', {}),
            asked('/index.html', { a: { value: '1' } }),
        ]))""")
    answers = json.loads(subprocess.run(["node", script], check=True, capture_output=True, text=True).stdout)
    led = [answer.get("headers", {}).get("location", {}).get("value") for answer in answers]
    assert led == [
        "https://social.example.org/.well-known/webfinger?resource=acct:alice%40example.org",
        "https://social.example.org/.well-known/webfinger?resource=a&rel=b&rel=c",
        "https://social.example.org/.well-known/nodeinfo",
        None,
    ]
    assert answers[0]["statusCode"] == 301 and answers[0]["headers"]["access-control-allow-origin"]["value"] == "*"
    # What is not asked of the network goes on to the site.
    assert answers[3]["uri"] == "/index.html"


def test_terraform_for_a_bucket_holds_the_same_function(said):
    text = said("s3-terraform")
    function = said("cloudfront")
    body = [line.strip() for line in function[function.index("function handler"):].splitlines()]
    assert body == [line.strip() for line in text.split("<<-EOT\n")[1].split("  EOT")[0].splitlines()]
    assert text.count('host_name          = "social.example.org"') == 3
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("kind", ["netlify", "cloudflare"])
def test_rules_of_services_name_both_sides(said, kind):
    text = said(kind)
    assert "https://social.example.org" in text and "example.org" in text
    assert all(name in text for name in ("webfinger", "host-meta", "nodeinfo"))


def test_files_stand_for_the_only_account(said, tmp_path):
    def cli(*arguments):
        subprocess.run([BINARY, *arguments, "--data", said.data], check=True, capture_output=True, timeout=30,
                       env={"PATH": os.environ["PATH"], "LOCAL_DOMAIN": "example.org", "WEB_DOMAIN": "social.example.org"})

    assert "no account yet" in said("static-files", fails=True)
    cli("account", "create", "alice", "--email", "alice@example.org", "--confirmed")
    said("github-pages", "--out", str(tmp_path / "site"))
    found = json.loads((tmp_path / "site/.well-known/webfinger").read_text())
    assert found["subject"] == "acct:alice@example.org"
    own = next(link["href"] for link in found["links"] if link["rel"] == "self")
    assert own.startswith("https://social.example.org/")
    assert (tmp_path / "site/.nojekyll").exists()
    assert "social.example.org" in (tmp_path / "site/.well-known/host-meta").read_text()
    cli("account", "create", "bob", "--email", "bob@example.org", "--confirmed")
    assert "--account" in said("static-files", fails=True)
    assert "acct:bob@example.org" in said("static-files", "--account", "bob")


def test_one_domain_for_both_needs_no_rules(said):
    assert "nothing has to lead here" in said("nginx", local_domain="social.example.org", fails=True)

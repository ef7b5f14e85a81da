"""What `deploy/` holds for machines that make themselves: read by parsers, and checked against the program. That its commands
are understood is asked in `crates/server/tests/it/documents.rs`."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from server import BINARY, ROOT

DEPLOY = ROOT / "deploy"
TERRAFORM = DEPLOY / "terraform"
# A string, a comment, a bracket: all that can hide or open a block.
PIECES = re.compile(r'"(?:\\.|\$\{[^}]*\}|[^"\\])*"|#[^\n]*|<<-?(\w+)\n.*?\n\s*\1\b|[][(){}]', re.DOTALL)
HEAD = re.compile(r'^(terraform|provider|variable|output|locals|data|resource)((?: "[\w-]+")*) \{$', re.MULTILINE)


@pytest.fixture
def log_since():
    """No server runs here."""


def blocks(text):
    """The blocks of a file of Terraform, as kind, names and body; fails when a bracket stays open."""
    found, opened, position = [], [], 0
    for piece in PIECES.finditer(text):
        mark = piece.group()
        if mark in "[({":
            if not opened:
                head = HEAD.search(text, position, piece.end())
                assert head and head.end() == piece.end(), text[position:piece.end()]
                start = head
            opened.append(mark)
        elif mark in "])}":
            assert opened and opened.pop() + mark in ("[]", "()", "{}"), text[max(0, piece.start() - 80):piece.end()]
            if not opened:
                found.append((start.group(1), re.findall(r'"([^"]+)"', start.group(2)), text[start.end():piece.start()]))
                position = piece.end()
    assert not opened, "a bracket stays open"
    return found


def everything(*more):
    texts = [path.read_text() for path in sorted(TERRAFORM.glob("*.tf"))] + list(more)
    return [block for text in texts for block in blocks(text)]


def apex(tmp_path):
    """The rules for the bare domain, as the program prints them beside our files."""
    done = subprocess.run(
        [BINARY, "apex", "print", "s3-terraform", "--data", tmp_path / "data"], capture_output=True, text=True, timeout=30, check=True,
        env={"PATH": os.environ["PATH"], "LOCAL_DOMAIN": "example.org", "WEB_DOMAIN": "social.example.org"})
    return done.stdout


def test_every_name_in_terraform_stands_for_something_and_for_one_thing(tmp_path):
    rules = apex(tmp_path)
    found = everything(rules)
    heads = [(kind, *names) for kind, names, _ in found]
    assert len(heads) == len(set(heads)), "two blocks of one name"
    assert {"aws_instance", "aws_route53_record", "aws_rds_cluster", "aws_s3_bucket", "aws_cloudfront_function"} <= {
        names[0] for kind, names, _ in found if kind == "resource"}
    assert {names[1] for kind, names, _ in found if names[:1] == ["aws_route53_record"]} == {"four", "six"}
    known = {f"var.{names[0]}" for kind, names, _ in found if kind == "variable"}
    known |= {f"{names[0]}.{names[1]}" for kind, names, _ in found if kind == "resource"}
    known |= {f"data.{names[0]}.{names[1]}" for kind, names, _ in found if kind == "data"}
    known |= {f"local.{name}" for kind, _, body in found if kind == "locals" for name in re.findall(r"^  (\w+) +=", body, re.MULTILINE)}
    used = set()
    for _, _, body in found:
        code = re.sub(r"#[^\n]*", "", body)
        used |= {name for name in re.findall(r"\b(?:var|local)\.\w+", code)}
        used |= {name for name in re.findall(r"(?<![\w.\"-])(?:data\.)?aws_\w+\.\w+", code)}
    assert used <= known, used - known
    unused = {name for name in known if name.startswith("var.")} - used
    assert not unused, unused
    # The one thing that is paid by the hour and the one that costs trouble to lose are only made when asked for.
    for kind, names, body in found:
        if names and names[0].startswith(("aws_rds", "aws_db", "aws_iam")):
            assert re.search(r"^  count +=", body, re.MULTILINE), names
    if shutil.which("terraform"):
        shutil.copytree(TERRAFORM, tmp_path / "terraform")
        (tmp_path / "terraform" / "apex.tf").write_text(rules)
        done = subprocess.run(["terraform", "fmt", "-check", tmp_path / "terraform"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (done.stdout, done.stderr)


def test_settings_in_terraform_are_settings_of_the_program(tmp_path):
    text = (TERRAFORM / "main.tf").read_text()
    settings = re.findall(r'^    "([a-z0-9_.]+)" +=', text, re.MULTILINE)
    assert set(settings) == {"database.url", "database.ca_file", "s3.enabled", "s3.bucket", "s3.region", "s3.access_key_id",
                             "s3.secret_access_key", "dns.provider", "dns.route53_zone_id"}
    values = {"database.url": "postgres://phiomia:Ab3fgh9Zq@db.example.org/phiomia?sslmode=verify-full", "s3.enabled": "true",
              "dns.provider": "route53"}
    flags = [flag for key in settings for flag in ("--set", f"{key}={values.get(key, 'some')}")]
    flags += ["--set", "instance.domain=example.org"]
    subprocess.run([BINARY, *flags, "config", "check"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, timeout=30, check=True)


def test_the_role_of_the_machine_may_do_what_the_guide_says_and_no_more():
    role = (TERRAFORM / "dns.tf").read_text().split('"aws_iam_role_policy"')[1]
    guide = (ROOT / "docs" / "hosting" / "dns.md").read_text().split("```json")[1].split("```")[0]
    words = r"route53:\w+|(?<=\")(?:A|AAAA|TXT)(?=\")"
    assert sorted(re.findall(words, role)) == sorted(re.findall(words, guide))


def cloud_init(text):
    assert text.startswith("#cloud-config\n")
    read = yaml.safe_load(text)
    assert set(read) == {"packages", "runcmd"} and all(isinstance(word, str) for key in read for word in read[key]), read
    run = read["runcmd"]
    order = [next(i for i, line in enumerate(run) if word in line) for word in ("apt-get install", "phiomia init", "systemd socket", "enable")]
    assert order == sorted(order)
    return run


def test_cloud_init_is_ten_lines_that_install_prepare_and_start(tmp_path):
    text = (DEPLOY / "cloud-init.yaml").read_text()
    assert len(text.splitlines()) == 10
    lines = cloud_init(text)
    # As it is run: by a shell without a terminal, twice.
    line = next(line for line in lines if line.startswith("phiomia init"))
    (tmp_path / "phiomia").symlink_to(BINARY)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PHIOMIA_DATA": str(tmp_path / "data")}
    said = [subprocess.run(["sh", "-c", line], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                           check=True).stdout for _ in range(2)]
    assert said[0].startswith("Ready to start.") and said[1].startswith("Nothing had to be changed.")
    assert "example.org.  A" in said[0]


def test_the_template_of_terraform_gets_every_value_it_names(tmp_path):
    template = (TERRAFORM / "cloud-init.yaml").read_text()
    call = re.search(r"templatefile\(.*?\{\n(.*?)\n  \}\)", (TERRAFORM / "main.tf").read_text(), re.DOTALL).group(1)
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(re.findall(r"^    (\w+) +=", call, re.MULTILINE))
    filled = template.replace("${settings}", "--set 'database.url=postgres://me:secret@db/phiomia'")
    cloud_init(re.sub(r"\$\{\w+\}", "example.org", filled))
    if shutil.which("terraform"):
        # As Terraform itself fills it in; for that it needs nothing of Amazon's.
        values = {name: f"some-{name}" for name in re.findall(r"\$\{(\w+)\}", template)} | {"prepare": "true"}
        line = "templatefile({}, {{ {} }})".format(
            json.dumps(str(TERRAFORM / "cloud-init.yaml")), ", ".join(f"{name} = {json.dumps(value)}" for name, value in values.items()))
        said = subprocess.run(["terraform", "console"], input=line, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        assert said.returncode == 0, said.stderr
        lines = cloud_init(said.stdout.split("<<EOT\n")[1].split("EOT\n")[0])
        assert all(any(value in line for line in lines) for value in values.values())


def test_the_container_starts_the_program_as_nobody():
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}
    lines = [line.split(" ", 1) for line in (DEPLOY / "Containerfile").read_text().splitlines() if line and not line.startswith("#")]
    assert {word for word, _ in lines} <= known
    said = {word: rest for word, rest in lines}
    assert said["FROM"] == "scratch" and said["USER"] == "65532:65532" and said["EXPOSE"] == "80 443"
    program, command = (yaml.safe_load(said[word]) for word in ("ENTRYPOINT", "CMD"))
    assert any(word == "COPY" and rest.endswith(program[0]) for word, rest in lines)
    subprocess.run([BINARY, *command, "--help"], capture_output=True, timeout=30, check=True)
    name, value = said["ENV"].split("=")
    assert f"`{name}`" in (ROOT / "docs" / "config.md").read_text() and said["VOLUME"] == value

"""`phiomia doctor` about what a server stands on: a machine that is too small, a database and a Redis that are far away or old, a
bucket that shows nothing, a process of another version."""

import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from authority import Front
from clinic import asked
from obstacles import MemoryGroup, SmallDisk, Way
from peer import next_host
from server import BINARY, POSTGRES, ROOT, Server, eventually, free_port


@pytest.mark.parametrize(("megabytes", "name", "code"), [(900, "system-disk-low", 2), (60, "system-disk-full", 1)])
def test_a_disk_that_has_little_room_left(clinic, tmp_path, megabytes, name, code):
    with SmallDisk(tmp_path, megabytes):
        there = SimpleNamespace(data=tmp_path, environment=clinic.environment)
        given, found = asked(there, "system")
    assert given == code
    assert f"{tmp_path} has {megabytes}" in found[name]["what"] and "media usage" in found[name]["cure"]


def test_a_group_that_may_take_little_memory(clinic):
    with MemoryGroup(60) as group:
        assert group.folder is not None, group.why_not
        code, found = clinic.doctor("system", before=group.before())
        assert code == 2 and "child_memory" in found["system-memory-low"]["cure"], found
    with MemoryGroup(200) as group:
        assert "system-memory-low" not in clinic.doctor("system", before=group.before())[1]


def test_a_redis_that_is_far_away(clinic, tmp_path):
    port = free_port()
    redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path],
                             stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: Server._listens(port), "Redis listens")
        with Way(port, seconds=0.03) as way:
            code, found = clinic.doctor("redis", REDIS_URL=f"redis://127.0.0.1:{way.port}/0")
        assert code == 2 and "same network" in found["redis-slow"]["cure"], found
        assert list(clinic.doctor("redis", REDIS_URL=f"redis://127.0.0.1:{port}/0")[1]) == ["redis-good"]
    finally:
        redis.kill()
        redis.wait()


@pytest.mark.skipif(not POSTGRES, reason="PHIOMIA_TEST_POSTGRES names a server")
def test_a_database_that_is_far_away_and_one_that_is_too_old(clinic):
    with Server("postgres") as server:
        address = server.environment["DATABASE_URL"]
        port = int(address.rsplit("/", 1)[0].rsplit(":", 1)[1])

        def found(way):
            url = address.replace(f":{port}/", f":{way.port}/") + "?sslmode=disable"
            return clinic.doctor("database", settings={"database.url": url})

        with Way(port, seconds=0.03) as way:
            code, said = found(way)
            assert code == 2 and "same zone" in said["database-slow"]["cure"], said
        number = server_version()
        old = b"12" + number[2:]
        with Way(port, reads=lambda back: back.replace(number, old)) as way:
            code, said = found(way)
            assert code == 1 and "12" in said["database-old"]["what"], said


def server_version():
    """As PostgreSQL writes it in one number: 150013."""
    return subprocess.run(["psql", POSTGRES, "--no-align", "--tuples-only", "--command", "show server_version_num"],
                          check=True, capture_output=True).stdout.strip()


def test_a_bucket_that_keeps_files_and_shows_them_to_nobody(clinic, tmp_path):
    port = free_port()
    program = subprocess.Popen([BINARY.with_name("s3-server"), tmp_path, f"127.0.0.1:{port}"])
    bucket = {"s3.enabled": "true", "s3.bucket": "files", "s3.endpoint": f"http://127.0.0.1:{port}",
              "s3.access_key_id": "AKIAPHIOMIATEST", "s3.secret_access_key": "kept-by-nobody-but-tests", "s3.retries": "0"}
    try:
        eventually(lambda: Server._listens(port), "the S3 server listens")
        code, found = clinic.doctor("files", settings=bucket | {"s3.hand_out": "public"})
        assert code == 2 and set(found) == {"files-good", "files-not-public"}, found
        assert 's3.hand_out = "proxied"' in found["files-not-public"]["cure"]
        assert list(clinic.doctor("files", settings=bucket | {"s3.hand_out": "proxied"})[1]) == ["files-good"]
    finally:
        program.kill()
        program.wait()


def test_a_server_that_was_not_started_anew_after_an_upgrade(clinic):
    version = subprocess.run([BINARY, "version"], capture_output=True, text=True, check=True).stdout.strip()
    newer = "9" + version[1:]
    host, port = clinic.upstream.split(":")
    # Of the same length, and not compressed.
    plain = {"says": lambda out: out.replace(b"accept-encoding", b"accept-anything"),
             "reads": lambda back: back.replace(f'"{version}"'.encode(), f'"{newer}"'.encode())}
    with Way(int(port), host=host, **plain) as way:
        with Front(clinic.authority, next_host()) as front:
            front.leads_to("127.0.0.1", way.port)
            code, found = clinic.doctor("version", settings={"instance.web_domain": front.domain})
    assert code == 2 and newer in found["version-other"]["what"] and version in found["version-other"]["what"], found
    assert "systemctl restart phiomia" in found["version-other"]["cure"]


def test_every_finding_on_the_page_is_made_by_a_test():
    page = (ROOT / "docs" / "hosting" / "doctor.md").read_text()
    names = re.findall(r"^\| `([a-z-]+)` \| (?:fault|warning)", page, re.MULTILINE)
    files = [*Path(__file__).parent.glob("test_d*.py"), ROOT / "e2e" / "python" / "clinic.py"]
    # This list is no test of them.
    tests = "".join(file.read_text().split("def test_every_finding")[0] for file in files)
    assert len(names) > 80
    # What host-meta and NodeInfo have in common is written once.
    missing = [name for name in names if name not in tests and f"{{subject}}-{name.partition('-')[2]}" not in tests]
    assert missing == []

"""Programs that stand in front of a Phiomia, each with the configuration that Phiomia prints for it."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from federation import Federated
from peer import next_host
from server import Server, engines, eventually, free_port

PROGRAMS = ["nginx", "caddy", "haproxy", "apache"]


class Fronted(Federated):
    """A Phiomia behind a front. Its people, ids and clients know the front's address alone."""

    def __init__(self, program, authority, engine=None, **more):
        host = next_host()
        super().__init__(engine or engines()[0], host, **more)
        self.program = program
        self.https_port, self.http_port = free_port(host), free_port(host)
        self.domain = self.handle_domain = f"{host}:{self.https_port}"
        self.base = f"https://{self.domain}"
        self.environment |= {
            "LOCAL_DOMAIN": self.domain, "WEB_DOMAIN": self.domain, "LOCAL_HTTPS": "true",
            "SSL_CERT_FILE": str(authority.file), "PHIOMIA_FEDERATION_ALLOW_HTTP": "false",
            "TRUSTED_PROXY_IP": "127.0.0.1", "PHIOMIA_SERVER_LISTEN": f"{host}:{self.port}",
        } | more
        self.certificate, self.key = authority.files_for(host)
        self.folder = Path(tempfile.mkdtemp(prefix=f"phiomia-{program}-"))
        self.front = None

    def start(self):
        super().start()
        self.front = self.front or start(self.program, self.configuration(), self.folder)
        eventually(lambda: Server._listens_at(self.host, self.https_port), f"{self.program} listens")

    def __exit__(self, *arguments):
        end(self.front)
        super().__exit__(*arguments)
        shutil.rmtree(self.folder, ignore_errors=True)

    def configuration(self):
        """What `phiomia proxy config` prints, for ports that need no rights."""
        certificate = self.certificate
        if self.program == "haproxy":
            certificate = self.folder / "both.pem"
            certificate.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        return self.cli(
            "proxy", "config", self.program, "--cert", str(certificate), "--key", str(self.key),
            "--address", self.host, "--https-port", str(self.https_port), "--http-port", str(self.http_port),
            "--cache", str(self.folder / "cache"))


def start(program, configuration, folder):
    """The program in the foreground, with a configuration as it stands in sites-enabled or in its own file."""
    given = folder / "given.conf"
    given.write_text(f"{configuration}\n")
    (folder / "cache").mkdir(exist_ok=True)
    log = (folder / "front.log").open("ab")
    return subprocess.Popen(COMMANDS[program](folder, given), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                            env={"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)})


def end(process):
    """Fronts wait for streams that are still open; nobody here waits for that."""
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _nginx(folder, given):
    main = folder / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    main.write_text(f"""
        daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
        user root;
        events {{ worker_connections 512; }}
        http {{ access_log off; {' '.join(f'{kind}_temp_path {folder}/{kind};' for kind in kinds)}
        include {given}; }}""")
    return ["nginx", "-c", main, "-e", folder / "error.log"]


def _caddy(folder, given):
    # The address of its own control would be taken by the next one.
    text = given.read_text()
    given.write_text(text.replace("\thttp_port", "\tadmin off\n\thttp_port", 1))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", given]


def _haproxy(folder, given):
    return ["haproxy", "-db", "-f", given]


def _apache(folder, given):
    main = folder / "apache2.conf"
    modules = ("mpm_event", "authz_core", "alias", "rewrite", "headers", "ssl", "socache_shmcb", "proxy", "proxy_http",
               "http2", "cache", "cache_disk")
    loads = "\n".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so" for module in modules)
    ports = [line.split(" ")[1].rstrip(">") for line in given.read_text().splitlines() if line.startswith("<VirtualHost")]
    listens = "\n".join(f"Listen {port}" for port in ports)
    main.write_text(
        f"ServerRoot {folder}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\nServerName localhost\nUser www-data\n"
        f"Group www-data\n{loads}\nDefaultRuntimeDir {folder}\n{listens}\nInclude {given}\n")
    (folder / "cache").chmod(0o777)
    return ["apache2", "-DFOREGROUND", "-f", main]


COMMANDS = {"nginx": _nginx, "caddy": _caddy, "haproxy": _haproxy, "apache": _apache}

"""A certificate authority for one test run: servers on 127.0.0.x can speak TLS with each other and with nobody else."""

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Authority:
    """Its files are in `folder`: `ca.pem` to be trusted by others, and a certificate with its key for each host."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "End to end")])
        self.file = self.folder / "ca.pem"
        certificate = self._certificate(self._name, self._key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False),
        ])
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _certificate(self, subject, public_key, extensions, days=(-1, 1)):
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (now + datetime.timedelta(days=n) for n in days)
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())

    def files_for(self, host, names=None, days=(-1, 1)):
        """The certificate and the key of a name or an address, or of other `names`, as two PEM files. It holds from the
        first to the second of `days`, counted from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_name(name) for name in names or [host]]
        certificate = self._certificate(
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)]), key.public_key(), [
                (x509.SubjectAlternativeName(names), False),
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False),
            ], days)
        certificate_file, key_file = self.folder / f"{host}.pem", self.folder / f"{host}.key"
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return certificate_file, key_file

    def server_context(self, host):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files_for(host))
        return context

    def client_context(self):
        return ssl.create_default_context(cafile=self.file)


def _name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Front:
    """Speaks TLS and passes every byte on to a server that does not: what nginx is to Phiomia."""

    def __init__(self, authority, host):
        listener = socket.create_server((host, 0))
        self._listener = authority.server_context(host).wrap_socket(
            listener, server_side=True, do_handshake_on_connect=False)
        self.domain = f"{host}:{self._listener.getsockname()[1]}"
        self._behind = None

    def leads_to(self, host, port):
        self._behind = (host, port)

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(connection,), daemon=True).start()

    def _pass_on(self, connection):
        try:
            connection.do_handshake()
            with connection, socket.create_connection(self._behind) as behind:
                back = threading.Thread(target=copy, args=(behind, connection), daemon=True)
                back.start()
                copy(connection, behind)
                back.join()
        except OSError:
            """Whoever came has gone again, or trusts somebody else."""


def copy(source, target):
    """Until one of the two has nothing more to say."""
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        """The other direction ends by itself."""

"""HTTP signatures and integrity proofs, written from the standards alone, so that Phiomia's are checked by somebody else.

Both dialects of the fediverse, signing and verifying:
https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12 and https://www.rfc-editor.org/rfc/rfc9421;
proofs of FEP-8b32: https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.md.
"""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

WINDOW_SECONDS = 3600
DIALECTS = ["rsa-sha256", "hs2019", "rfc9421"]
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Forged(Exception):
    """The signature does not hold; the text says why."""


class RsaKey:
    """A pair with the name under which others fetch its public half."""

    def __init__(self, key_id):
        self.id = key_id
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, text):
        return self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


class Ed25519Key:
    """The same for proofs and for signatures of RFC 9421."""

    def __init__(self, key_id):
        self.id = key_id
        self.private = ed25519.Ed25519PrivateKey.generate()

    @property
    def multibase(self):
        return "z" + base58(b"\xed\x01" + self.private.public_key().public_bytes_raw())

    def sign(self, text):
        return self.private.sign(text.encode())


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text):
    number = 0
    for letter in text:
        number = number * 58 + BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def sha256_text(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def target_of(url):
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


# Signing

def sign(dialect, method, url, body, key, at=None):
    """The headers of a signed request as a list of pairs; `at` is another moment than now, in seconds since 1970."""
    if dialect == "rfc9421":
        return sign_rfc9421(method, url, body, key, at)
    return sign_cavage(method, url, body, key, at, dialect)


def sign_cavage(method, url, body, key, at=None, algorithm="rsa-sha256", covered=None):
    """As Mastodon does with `rsa-sha256`, as the later drafts want it with `hs2019`."""
    at = time.time() if at is None else at
    values = {
        "(request-target)": f"{method.lower()} {target_of(url)}",
        "host": urlsplit(url).netloc,
        "date": formatdate(at, usegmt=True),
    }
    if algorithm == "hs2019":
        values["(created)"] = str(int(at))
    if body is not None:
        values["digest"] = f"SHA-256={sha256_text(body)}"
        values["content-type"] = "application/activity+json"
    covered = covered if covered is not None else list(values)
    base = "\n".join(f"{name}: {values[name]}" for name in covered)
    created = f",created={int(at)}" if algorithm == "hs2019" else ""
    signature = base64.b64encode(key.sign(base)).decode()
    headers = [(name.title(), value) for name, value in values.items() if not name.startswith("(")]
    return headers + [(
        "Signature",
        f'keyId="{key.id}",algorithm="{algorithm}"{created},headers="{" ".join(covered)}",signature="{signature}"')]


def sign_rfc9421(method, url, body, key, at=None, covered=None):
    """As Mastodon does from 4.5 on: one signature, `sig1`."""
    at = int(time.time() if at is None else at)
    headers = [("Host", urlsplit(url).netloc)]
    values = {"@method": method, "@target-uri": url}
    if body is not None:
        values["content-digest"] = f"sha-256=:{sha256_text(body)}:"
        headers += [("Content-Digest", values["content-digest"]), ("Content-Type", "application/activity+json")]
    covered = covered if covered is not None else list(values)
    names = " ".join(f'"{name}"' for name in covered)
    parameters = f'({names});created={at};keyid="{key.id}"'
    lines = [f'"{name}": {values[name]}' for name in covered] + [f'"@signature-params": {parameters}']
    signature = base64.b64encode(key.sign("\n".join(lines))).decode()
    return headers + [("Signature-Input", f"sig1={parameters}"), ("Signature", f"sig1=:{signature}:")]


# Verifying

@dataclass
class Signed:
    """What a signature says about itself."""
    dialect: str
    key_id: str
    signature: bytes
    base: str
    covered: list


def one(headers, name):
    """The only value of a header."""
    values = [value for known, value in headers if known.lower() == name.lower()]
    if len(values) > 1:
        raise Forged(f"{name} is there {len(values)} times")
    return values[0].strip() if values else None


def verify(method, url, headers, body, public_key_of):
    """Checks all of a signature; `public_key_of(key_id)` looks the key up. Gives what was signed, or raises `Forged`."""
    if one(headers, "signature") is None:
        raise Forged("not signed")
    is_new = one(headers, "signature-input") is not None
    signed = read_rfc9421(method, url, headers) if is_new else read_cavage(method, url, headers)
    if body:
        check_digest(signed, headers, body)
    check_key(signed, public_key_of(signed.key_id))
    return signed


def read_cavage(method, url, headers):
    parameters = {}
    for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|(\d+))', one(headers, "signature")):
        if name in parameters:
            raise Forged(f"{name} is there twice")
        parameters[name] = quoted or bare
    covered = parameters.get("headers", "date").split()
    needed = {"(request-target)", "host"}
    if not needed <= set(covered) or not {"date", "(created)"} & set(covered):
        raise Forged(f"covers only {covered}")
    if one(headers, "host") != urlsplit(url).netloc:
        raise Forged(f"the host is {one(headers, 'host')}")
    if "(created)" in covered:
        check_moment(int(parameters["created"]))
    else:
        check_moment(parsedate_to_datetime(one(headers, "date")).timestamp())
    lines = []
    for name in covered:
        if name == "(request-target)":
            value = f"{method.lower()} {target_of(url)}"
        elif name in ("(created)", "(expires)"):
            value = parameters[name.strip("()")]
        else:
            value = one(headers, name)
        lines.append(f"{name}: {value}")
    dialect = parameters.get("algorithm", "hs2019")
    return Signed(dialect, parameters["keyId"], base64.b64decode(parameters["signature"]), "\n".join(lines), covered)


def read_rfc9421(method, url, headers):
    label, _, parameters = one(headers, "signature-input").partition("=")
    matched = re.fullmatch(re.escape(label) + r"=:([A-Za-z0-9+/=]+):", one(headers, "signature"))
    listed = re.fullmatch(r"\(([^)]*)\)((?:;[a-z]+=(?:\"[^\"]*\"|\d+))*)", parameters)
    if not matched or not listed:
        raise Forged("more or less than one well-formed signature")
    covered = re.findall(r'"([^"]+)"', listed.group(1))
    said = {name: quoted or bare for name, quoted, bare in re.findall(r';([a-z]+)=(?:"([^"]*)"|(\d+))', listed.group(2))}
    if "@method" not in covered or "@target-uri" not in covered:
        raise Forged(f"covers only {covered}")
    check_moment(int(said["created"]))
    known = {
        "@method": method, "@target-uri": url, "@authority": urlsplit(url).netloc, "@scheme": urlsplit(url).scheme,
        "@path": urlsplit(url).path, "@request-target": target_of(url), "@query": f"?{urlsplit(url).query}",
    }
    lines = [f'"{name}": {known[name] if name in known else one(headers, name)}' for name in covered]
    base = "\n".join(lines + [f'"@signature-params": {parameters}'])
    return Signed("rfc9421", said["keyid"], base64.b64decode(matched.group(1)), base, covered)


def check_moment(seconds):
    if abs(time.time() - seconds) > WINDOW_SECONDS:
        raise Forged("too old, or from the future")


def check_digest(signed, headers, body):
    if "content-digest" in signed.covered:
        fits = one(headers, "content-digest") == f"sha-256=:{sha256_text(body)}:"
    elif "digest" in signed.covered:
        fits = one(headers, "digest") == f"SHA-256={sha256_text(body)}"
    else:
        raise Forged("the digest is not signed")
    if not fits:
        raise Forged("the digest is of another body")


def check_key(signed, public):
    """`public`: a PEM, or a Multikey that begins with `z`."""
    try:
        if public.startswith("z"):
            key = ed25519.Ed25519PublicKey.from_public_bytes(from_base58(public[1:])[2:])
            key.verify(signed.signature, signed.base.encode())
        else:
            key = serialization.load_pem_public_key(public.encode())
            key.verify(signed.signature, signed.base.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Forged("the signature is not this key's over this request") from None


# Proofs inside of documents

def canonical(value):
    """RFC 8785 for what tests write: names in ASCII, numbers that are whole."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def with_proof(document, key):
    """The document with a proof of the kind `eddsa-jcs-2022`."""
    options = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": key.id,
        "proofPurpose": "assertionMethod",
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    signature = key.private.sign(proof_base(options, document))
    return document | {"proof": options | {"proofValue": "z" + base58(signature)}}


def proof_base(options, document):
    return hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()


def verify_proof(document, multibase):
    """Raises `Forged` unless the proof is this key's over the rest of the document."""
    content = {name: value for name, value in document.items() if name != "proof"}
    options = dict(document["proof"])
    signature = from_base58(options.pop("proofValue")[1:])
    key = ed25519.Ed25519PublicKey.from_public_bytes(from_base58(multibase[1:])[2:])
    try:
        key.verify(signature, proof_base(options, content))
    except InvalidSignature:
        raise Forged("the proof is of another document or key") from None

"""DKIM: a letter signed by the domain that it comes from (RFC 6376; Ed25519 by RFC 8463), relaxed in headers and body.

Both headers of one-click unsubscribing are signed, as RFC 8058 asks. Headers that a stranger could add a second time are signed once more
than they are there, so that a second one breaks the signature. The signing itself is `cryptography`'s.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

SIGNED = (
    *("from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type", "content-language"),
    *("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"),
)
ONCE_MORE = ("from", "to", "reply-to", "subject", "date", "message-id", "cc", "content-type", "list-unsubscribe", "list-unsubscribe-post")
SMALLEST_RSA = 2048
"""Bits; RFC 8301 asks for 1024 at least, receivers for more."""

_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_BEFORE_LINE_END = re.compile(rb"[ \t]+(?=\r\n)")
_LINE = 70

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of a domain: signs what it is given, and says what to publish."""

    domain: str
    selector: str
    key: Key = field(repr=False)

    def covers(self, address: str) -> bool:
        """Whether letters from this address are its domain's, or a subdomain's: what DMARC calls aligned."""
        host = address.rpartition("@")[2].lower()
        return host == self.domain.lower() or host.endswith(f".{self.domain.lower()}")

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519-sha256"

    def record(self) -> tuple[str, str]:
        """The name and the text of the DNS record by which receivers know the key (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            public = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            kind = "rsa"
        else:
            public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            kind = "ed25519"
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"

    def _sign(self, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return self.key.sign(digest)  # RFC 8463: the hash itself is signed

    def header(self, found: Sequence[tuple[bytes, bytes]], body_hash: str, at: int) -> bytes:
        """The DKIM-Signature for these canonical headers, folded, with its line end."""
        there = {name for name, _ in found}
        names = [name for name in SIGNED if name.encode() in there]
        listed = [*names, *ONCE_MORE]
        tags = f"v=1; a={self.algorithm}; c=relaxed/relaxed; t={at};\r\n d={self.domain}; s={self.selector};"
        unsigned = f"DKIM-Signature: {tags}\r\n h={_wrapped(':'.join(listed), ':')};\r\n bh={body_hash};\r\n b="
        own = _canonical_header(unsigned.encode())
        by_name = dict(found)
        data = b"".join(by_name[name.encode()] + b"\r\n" for name in names) + own[1]
        signature = base64.b64encode(self._sign(data)).decode()
        return f"{unsigned}{_cut(signature)}\r\n".encode()


def signed(content: bytes, signers: Sequence[Signer], at: int) -> bytes:
    """The message with a signature of each signer on top; `at`: seconds since 1970. Headers that occur twice are not what we write."""
    if not signers:
        return content
    head, _, body = content.partition(b"\r\n\r\n")
    found = [_canonical_header(line) for line in _FOLD.sub(b"", head).split(b"\r\n")]
    body_hash = base64.b64encode(hashlib.sha256(_canonical_body(body)).digest()).decode()
    return b"".join(signer.header(found, body_hash, at) for signer in signers) + content


def read_key(pem: str) -> Key:
    """A private key out of PEM. Raises ValueError, with a sentence, for what is none or too weak."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        msg = "it is no private key in PEM without a password"
        raise ValueError(msg) from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SMALLEST_RSA:
        return key
    msg = f"it has {key.key_size} bits; receivers ask for {SMALLEST_RSA}" if isinstance(key, rsa.RSAPrivateKey) else "it is neither RSA nor Ed25519"
    raise ValueError(msg)


def new_key(kind: str) -> tuple[Key, str]:
    """A key made just now, "rsa" or "ed25519", and the same as PEM (PKCS 8)."""
    key: Key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key, pem.decode()


def _canonical_header(line: bytes) -> tuple[bytes, bytes]:
    """(name, the whole header) as RFC 6376, 3.4.2 has it."""
    name, _, value = line.partition(b":")
    name = name.strip().lower()
    return name, name + b":" + _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip(b" \t")


def _canonical_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4, of a body that ends with a line's end. Encoded bodies hold few blanks, and most need no change."""
    if b"  " in body or b"\t" in body or b" \r\n" in body:
        body = _BLANKS.sub(b" ", _BEFORE_LINE_END.sub(b"", body))
    body = body.rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _wrapped(text: str, at: str) -> str:
    """Cut after `at`, so that no line grows too long."""
    lines, line = [], ""
    for part in text.split(at):
        if line and len(line) + len(part) + 1 > _LINE:
            lines.append(line)
            line = ""
        line += part + at
    return "\r\n  ".join([*lines, line.removesuffix(at)])


def _cut(text: str) -> str:
    return "\r\n  ".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))

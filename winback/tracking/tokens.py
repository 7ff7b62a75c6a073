"""Short signed tokens: what a link in a letter may say about whom it was written to.

30 bytes, so exactly 40 characters of urlsafe base64: no padding, and no spare bits that could be changed unseen. The alphabet is
legal in URLs, in mail addresses and in Telegram's start payload (at most 64 characters of [A-Za-z0-9_-]).

    byte 0        which key signed it (derived from the key itself, so that keys can be changed without numbering them)
    bytes 1-8     first number
    bytes 9-13    second number
    bytes 14-29   HMAC-SHA256 of the bytes before, cut to 128 bits (RFC 2104, section 5)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache


class Purpose(StrEnum):
    """What a token is good for. Each purpose has a key of its own: a token of one is nothing to the others."""

    OPEN = "open"  # delivery
    CLICK = "click"  # delivery, link
    UNSUBSCRIBE = "unsubscribe"  # delivery
    VIEW = "view"  # delivery: the letter in a browser
    PREFERENCES = "preferences"  # customer
    SURVEY = "survey"  # delivery, the first answer that the link gave (0: none, else its score + 1)
    CONFIRM = "confirm"  # customer, the consent that is being confirmed
    JOIN = "join"  # customer, delivery that invited (0: none did; or the day of a page, tracking/addresses.py)
    BOUNCE = "bounce"  # delivery
    REPORT = "report"  # delivery: of a gateway's reports about it
    PRESS = "press"  # no token: what a button in a chat says (tracking/presses.py)
    REQUEST_BOUNCE = "request-bounce"  # customer, the letter that asked them to confirm a consent


_PLAIN = bytes.maketrans(b"-_", b"+/")
_SHAPE = re.compile(r"[A-Za-z0-9_-]{40}", re.ASCII).fullmatch
_NUMBERS = struct.Struct(">BQBI").unpack


def sign(key: bytes, purpose: Purpose, first: int, second: int = 0) -> str:
    """A token of 40 characters. `first` is below 2**64, `second` below 2**40, neither below zero (OverflowError)."""
    mark, signing = derived(key, purpose)
    body = mark + first.to_bytes(8, "big") + second.to_bytes(5, "big")
    return base64.urlsafe_b64encode(body + _signature(signing, body)).decode()


def read(keys: Sequence[bytes], purpose: Purpose, token: str) -> tuple[int, int] | None:
    """The two numbers of a token that one of the keys signed for this purpose, else None.

    Signatures are compared in constant time, and a token that names none of the keys costs as much as one that does.
    """
    return reader(tuple(keys), purpose)(token)


@lru_cache(maxsize=64)
def reader(keys: tuple[bytes, ...], purpose: Purpose) -> Callable[[str], tuple[int, int] | None]:
    """`read` for these keys and this purpose, where many tokens are read."""
    ring, other = ring_of(keys, purpose)

    def read_one(token: str) -> tuple[int, int] | None:
        if not _SHAPE(token):
            return None
        content = binascii.a2b_base64(token.encode().translate(_PLAIN))
        body, signature = content[:14], content[14:]
        is_ours = False
        for signing in ring.get(body[0], other):
            is_ours |= hmac.compare_digest(signature, _signature(signing, body))
        if not is_ours or body[0] not in ring:
            return None
        _, first, high, low = _NUMBERS(body)
        return first, high << 32 | low

    return read_one


@lru_cache(maxsize=256)
def _begun(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """Both hashes of an HMAC (RFC 2104, section 4) with the key taken in: the part of it that is the same for every token."""
    block = key.ljust(64, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def _signature(key: bytes, body: bytes) -> bytes:
    """HMAC-SHA256, cut. `hmac.digest` lets go of Python's lock each time, and a busy thread beside takes it for milliseconds; these don't."""
    inner, outer = _begun(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(body)
    outer.update(inner.digest())
    return outer.digest()[:16]


@lru_cache(maxsize=256)
def derived(key: bytes, purpose: Purpose) -> tuple[bytes, bytes]:
    """The mark of a key, and the purpose's own signing key that comes from it."""
    return hmac.digest(key, b"winback token mark", "sha256")[:1], hmac.digest(key, b"winback token " + purpose.encode(), "sha256")


@lru_cache(maxsize=64)
def ring_of(keys: tuple[bytes, ...], purpose: Purpose) -> tuple[dict[int, tuple[bytes, ...]], tuple[bytes, ...]]:
    """The purpose's signing keys by their mark (of 256: two keys may share one), and those that a token with no mark of ours is tried with."""
    ring: dict[int, tuple[bytes, ...]] = {}
    for mark, signing in (derived(key, purpose) for key in keys):
        ring[mark[0]] = (*ring.get(mark[0], ()), signing)
    return ring, next(iter(ring.values()))

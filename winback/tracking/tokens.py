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
import hmac
import re
from enum import StrEnum
from functools import lru_cache


class Purpose(StrEnum):
    """What a token is good for. Each purpose has a key of its own: a token of one is nothing to the others."""

    OPEN = "open"  # delivery
    CLICK = "click"  # delivery, link
    UNSUBSCRIBE = "unsubscribe"  # delivery
    JOIN = "join"  # customer, delivery that invited (0: none did)
    BOUNCE = "bounce"  # delivery


_SHAPE = re.compile(r"[A-Za-z0-9_-]{40}", re.ASCII)


def sign(key: bytes, purpose: Purpose, first: int, second: int = 0) -> str:
    """A token of 40 characters. `first` is below 2**64, `second` below 2**40, neither below zero (OverflowError)."""
    signing, mark = _keys(key, purpose)
    body = mark + first.to_bytes(8, "big") + second.to_bytes(5, "big")
    return base64.urlsafe_b64encode(body + _signature(signing, body)).decode()


def read(key: bytes, purpose: Purpose, token: str) -> tuple[int, int] | None:
    """The two numbers of a token that this key signed for this purpose, else None. Signatures are compared in constant time."""
    if not _SHAPE.fullmatch(token):
        return None
    content = base64.urlsafe_b64decode(token)
    body, signature = content[:14], content[14:]
    signing, mark = _keys(key, purpose)
    if not hmac.compare_digest(signature, _signature(signing, body)) or body[:1] != mark:
        return None
    return int.from_bytes(body[1:9], "big"), int.from_bytes(body[9:], "big")


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:16]


@lru_cache(maxsize=64)
def _keys(key: bytes, purpose: Purpose) -> tuple[bytes, bytes]:
    """The purpose's own signing key, and the mark of the key it comes from."""
    return hmac.digest(key, b"winback token " + purpose.encode(), "sha256"), hmac.digest(key, b"winback token mark", "sha256")[:1]

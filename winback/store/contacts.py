"""Addresses and their keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable


def address_hash(key: bytes, channel: str, address: str) -> bytes:
    """What an address is known by once it is erased: HMAC-SHA256 (RFC 2104) of `channel:address`, 32 bytes.

    `address` is as the store keeps it: an e-mail address with its domain in small letters, a chat id in digits.
    """
    return hmac.digest(key, f"{channel}:{address}".encode(), "sha256")


def hasher(key: bytes, channel: str) -> Callable[[str], bytes]:
    """`address_hash` for many addresses of one channel: the key is worked in once instead of with each (RFC 2104, section 4)."""
    block = hashlib.sha256(key).digest() if len(key) > 64 else key
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block.ljust(64, b"\0")) + f"{channel}:".encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block.ljust(64, b"\0")))

    def hashed(address: str) -> bytes:
        message, result = inner.copy(), outer.copy()
        message.update(address.encode())
        result.update(message.digest())
        return result.digest()

    return hashed

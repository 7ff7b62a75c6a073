"""Addresses and their keyed hashes."""

from __future__ import annotations

import hmac


def address_hash(key: bytes, channel: str, address: str) -> bytes:
    """What an address is known by once it is erased: HMAC-SHA256 (RFC 2104) of `channel:address`, 32 bytes.

    `address` is as the store keeps it: an e-mail address with its domain in small letters, a chat id in digits.
    """
    return hmac.digest(key, f"{channel}:{address}".encode(), "sha256")

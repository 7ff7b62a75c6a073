"""Addresses and their keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from winback.model import ChannelName

_DOTS_MEAN_NOTHING = ("@gmail.com", "@googlemail.com")


def mailbox(address: str) -> str:
    """One spelling for an e-mail mailbox: what differs in it only by capitals, or at Gmail by dots, is the same one (docs/decisions/0116)."""
    lowered = address.lower()
    if not lowered.endswith(_DOTS_MEAN_NOTHING):
        return lowered
    return f"{lowered.rpartition('@')[0].replace('.', '')}@gmail.com"


def address_hash(key: bytes, channel: str, address: str) -> bytes:
    """What an address is known by once it is erased: HMAC-SHA256 (RFC 2104) of `channel:address`, 32 bytes.

    `address` is as the store keeps it: an e-mail address, of which its `mailbox` counts, or a chat id in digits.
    """
    return hmac.digest(key, f"{channel}:{_known_by(channel, address)}".encode(), "sha256")


def _known_by(channel: str, address: str) -> str:
    return mailbox(address) if channel == ChannelName.EMAIL else address


def hasher(key: bytes, channel: str) -> Callable[[str], bytes]:
    """`address_hash` for many addresses of one channel: the key is worked in once instead of with each (RFC 2104, section 4)."""
    block = hashlib.sha256(key).digest() if len(key) > 64 else key
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block.ljust(64, b"\0")) + f"{channel}:".encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block.ljust(64, b"\0")))

    def hashed(address: str) -> bytes:
        message, result = inner.copy(), outer.copy()
        message.update(_known_by(channel, address).encode())
        result.update(message.digest())
        return result.digest()

    return hashed

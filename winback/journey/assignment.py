"""Who is left alone and who gets which tactic: a salted hash, the same every time, that anybody can redo by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from winback.model import HOLDOUT


def bucket(salt: str, key: str) -> float:
    """A number in [0, 1) for a customer: the first 8 bytes of sha256("salt:key"), big-endian, over 2^64."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{key}".encode()).digest()[:8], "big") / 2**64


def assign(salt: str, key: str, holdout: float, shares: Mapping[str, float]) -> str:
    """The arm of a customer: the holdout's share is cut off first, the rest is divided by the tactics' shares in their order.

    `shares` are parts of those written to and add up to 1. The same salt, key and shares give the same arm, always.
    """
    place = bucket(salt, key)
    if place < holdout:
        return HOLDOUT
    edge = holdout
    arm = HOLDOUT
    for arm, share in shares.items():  # noqa: B007  the last arm also takes what rounding leaves
        edge += share * (1 - holdout)
        if place < edge:
            break
    return arm

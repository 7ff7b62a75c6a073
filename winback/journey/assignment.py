"""Who is left alone and who gets which tactic: a salted hash, the same every time, that anybody can redo by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from winback.journey.drawing import Layer
from winback.model import HOLDOUT
from winback.settings import GlobalHoldout

BLOCK = 20
"""Customers of a stratum who follow each other and share a block: in each twentieth of [0, 1) lies one of them."""


def bucket(salt: str, key: str) -> float:
    """A number in [0, 1) for a customer: the first 8 bytes of sha256("salt:key"), big-endian, over 2^64."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{key}".encode()).digest()[:8], "big") / 2**64


def assign(salt: str, key: str, holdout: float, shares: Mapping[str, float]) -> str:
    """The arm of a customer: the holdout's share is cut off first, the rest is divided by the tactics' shares in their order.

    `shares` are parts of those written to and add up to 1. The same salt, key and shares give the same arm, always.
    """
    return arm_at(bucket(salt, key), holdout, shares)


def arm_at(place: float, holdout: float, shares: Mapping[str, float]) -> str:
    """The arm in which a place in [0, 1) lies."""
    if place < holdout:
        return HOLDOUT
    edge = holdout
    arm = HOLDOUT
    for arm, share in shares.items():  # noqa: B007  the last arm also takes what rounding leaves
        edge += share * (1 - holdout)
        if place < edge:
            break
    return arm


def within(salt: str, key: str, stratum: str, number: int) -> float:
    """The place of the customer who is the `number`th of a stratum, the first being 0: the one of their turn in the block of twenty.

    A block's twentieths are put in an order of its own, by the hash of "salt:stratum:block:twentieth". A customer's own hash says where
    inside their twentieth they lie, so that every share is kept, whatever it is.
    """
    block, turn = divmod(number, BLOCK)
    return (_order(salt, stratum, block)[turn] + bucket(salt, key)) / BLOCK


@lru_cache(maxsize=1024)
def _order(salt: str, stratum: str, block: int) -> tuple[int, ...]:
    """The twentieths of a block in the order in which they are given out."""
    return tuple(sorted(range(BLOCK), key=lambda twentieth: bucket(f"{salt}:{stratum}:{block}", str(twentieth))))


def layer_place(layer: Layer, key: str) -> float:
    """Where in a layer a customer lies, whatever campaign asks."""
    return bucket(f"layer-{layer.name}", key)


def is_in(layer: Layer, key: str) -> bool:
    """Whether a customer is in a campaign's part of its layer."""
    return layer.from_ <= layer_place(layer, key) < layer.below


def holdout_salt(rule: GlobalHoldout, day: date) -> str:
    """By which those are drawn whom no campaign writes to, the same for the whole period that the day is in."""
    return f"{rule.salt}-{rule.period_of(day)}"


def is_left_alone(rule: GlobalHoldout | None, key: str, day: date) -> bool:
    """Whether a customer is in the global holdout on a day of the shop's calendar."""
    return rule is not None and bucket(holdout_salt(rule, day), key) < rule.share

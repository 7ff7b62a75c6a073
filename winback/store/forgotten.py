"""Whom the shop's data must not bring back: hashes of the ids of those who were forgotten."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import forgotten


def key_hash(secret: bytes, key: str) -> bytes:
    """What a forgotten customer's id is known by: HMAC-SHA256 (RFC 2104) with the project's key, 32 bytes."""
    return hmac.digest(secret, f"customer:{key}".encode(), "sha256")


def record(connection: Connection, hashes: Iterable[bytes], now: datetime) -> None:
    """Keep hashes; those that are there stay."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [{"key_hash": each, "forgotten_at": now} for each in sorted(hashes)]
    connection.execute(dialect.insert(forgotten).on_conflict_do_nothing(index_elements=["key_hash"]), rows)


def readmit(connection: Connection, secret: bytes, key: str) -> bool:
    """Let the shop's data bring the customer of this id again; whether they were forgotten."""
    return connection.execute(delete(forgotten).where(forgotten.c.key_hash == key_hash(secret, key))).rowcount > 0


def since(connection: Connection, secret: bytes, key: str) -> datetime | None:
    """Since when the customer of this id is forgotten; None: they aren't."""
    return connection.execute(select(forgotten.c.forgotten_at).where(forgotten.c.key_hash == key_hash(secret, key))).scalar()


def asker(connection: Connection, secret: bytes) -> Callable[[str], bool] | None:
    """A function that says whether the customer of an id was forgotten; None while nobody was."""
    hashes = frozenset(connection.execute(select(forgotten.c.key_hash)).scalars())
    return (lambda key: key_hash(secret, key) in hashes) if hashes else None

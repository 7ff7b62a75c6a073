"""What proves that customers agreed, or took it back; and the letters that ask them to confirm it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Utc, metadata, row_id, to

consent_wordings = Table(
    "consent_wordings",
    metadata,
    row_id(),
    Column("text_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256: one wording is kept once
    Column("text", Text, nullable=False),  # what was agreed to, word for word
    Column("first_seen_at", Utc, nullable=False),
)

consent_proofs = Table(
    "consent_proofs",
    metadata,
    row_id(),
    to("customers.id", "customer_id", nullable=False),
    Column("channel", String(20), nullable=False),
    Column("purpose", String(40), nullable=False),  # "marketing", "open-tracking"
    Column("deed", String(20), nullable=False),  # audience.consents.ConsentDeed
    Column("happened_at", Utc),  # None: said to have been given, but nobody knows when
    Column("recorded_at", Utc, nullable=False),
    Column("way", String(20), nullable=False),  # audience.consents.ConsentWay
    Column("source", Text, nullable=False, server_default=""),  # where it was given
    to("consent_wordings.id", "wording_id"),  # None: not known
    Column("evidence", JSON, nullable=False),  # what else shows it: order, form, network address, delivery
    Index(None, "customer_id", "channel", "purpose"),
)
"""Rows are only ever added, and triggers see to it (migration 0015); `consents` says what follows from the newest.

A merge moves them to the record that stays, retention empties `evidence`, and they go when their person is forgotten.
"""

consent_requests = Table(
    "consent_requests",
    metadata,
    row_id(),
    to("customers.id", "customer_id", nullable=False),
    Column("channel", String(20), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("number", Integer, nullable=False),  # the first is 1: two who ask at once get the same number, and one of them nothing
    Column("address_hash", LargeBinary(32), nullable=False),  # of the address that was asked: a later one confirms nothing
    to("consent_wordings.id", "wording_id", nullable=False),  # what the letter asks
    Column("status", String(20), nullable=False),  # journey.notices.NoticeStatus
    Column("asked_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    UniqueConstraint("customer_id", "channel", "purpose", "number"),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)
"""Letters that ask to confirm: one row each, written before anything is sent."""

"""Who did what: rows that are only added, each chained to the one before."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from winback.store.tables.kinds import Utc, metadata

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3... without a gap
    Column("done_at", Utc, nullable=False),
    Column("who", String(100), nullable=False),  # an account of the machine, a name that was given, "studio"
    Column("deed", String(40), nullable=False),  # audit.Deed, or a word of the same kind
    Column("about", String(300), nullable=False),  # "campaign spring", "lane email"; of a customer only our own row's number
    Column("detail", Text, nullable=False),  # JSON as it was hashed; no personal data
    Column("before", String(64), nullable=False),  # the hash of the row before; empty: the first
    Column("hash", String(64), nullable=False),
    Index(None, "about"),
)
"""Triggers of the database refuse to change or remove a row (migration 0013)."""

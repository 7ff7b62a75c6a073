"""What the bot is talking about with whom."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Utc, metadata, row_id, to

talks = Table(
    "talks",
    metadata,
    row_id(),
    to("customers.id", "customer_id", nullable=False),
    to("deliveries.id", "delivery_id", nullable=False),  # the message that it began with
    Column("about", String(20), nullable=False),  # store.talks.About
    Column("question", Integer, nullable=False),  # that is asked now, 1 the first; 0: none, it is over
    Column("began_at", Utc, nullable=False),
    Column("asked_at", Utc, nullable=False),  # when that question was
    Column("said_in", JSON, nullable=False),  # by question, the number of the message that answered it in words
    UniqueConstraint("customer_id", "delivery_id", "about"),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)
"""No words: answers are where those of every survey are, reasons with all the others."""

"""Lanes: what came of the letters in each, and the fuses that stop them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Utc, metadata, row_id

lane_counts = Table(
    "lane_counts",
    metadata,
    Column("lane", String(100), primary_key=True),  # email, telegram, group:gmail...
    Column("counted_by", String(64), primary_key=True),  # a worker's token; of what came back later, the kind of it
    Column("number", BigInteger, primary_key=True),  # of a worker's rows; of what came back later, the delivery
    Column("counted_at", Utc, nullable=False),  # of the last answer; of what came back later, when its letter was accepted
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),  # for good
    Column("errors", Integer, nullable=False),
    Column("refused_at_end", Integer, nullable=False),  # of the errors: so many last answers refuse us, one after another
    Column("bounced", Integer, nullable=False),
    Column("complained", Integer, nullable=False),
    Index(None, "lane", "counted_at"),
)

fuses = Table(
    "fuses",
    metadata,
    row_id(),
    Column("lane", String(100), nullable=False),
    Column("cause", String(20), nullable=False),  # limits.FuseCause
    Column("blown_at", Utc, nullable=False),
    Column("counts", JSON, nullable=False),  # the figures that were too many
    Column("detail", Text, nullable=False, server_default=""),  # the last that the other side said, or a person's note
    Column("stopped_by", String(100), nullable=False, server_default=""),  # a person; empty: it blew
    Column("alarmed_at", Utc),  # when somebody took it on to raise the alarm
    Column("resumed_at", Utc),  # None: the lane stands
    Column("resumed_by", String(100), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),  # what was done about it
    Index(None, "lane", "resumed_at"),
)

_blown = fuses.c.resumed_at.is_(None)
Index("uq_fuses_blown", fuses.c.lane, unique=True, postgresql_where=_blown, sqlite_where=_blown)
"""A lane stops once, however many see it at one moment."""

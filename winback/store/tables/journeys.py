"""What campaigns promise and ask of people: approvals, changes while they run, codes, tasks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Day, Utc, metadata, row_id, to

approvals = Table(
    "approvals",
    metadata,
    row_id(),
    Column("campaign", String(100), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of everything that the approved letters are made of
    Column("asked_at", Utc, nullable=False),
    Column("summary", JSON, nullable=False),  # what was shown: counts, languages, cost, power
    Column("made_of", JSON, nullable=False),  # what the fingerprint was made of: the hash of each file, and what YAML files said
    Column("approved_at", Utc),
    Column("approved_by", String(100), nullable=False, server_default=""),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", String(100), nullable=False, server_default=""),
    Column("history", JSON, nullable=False),  # everything that became of it, oldest first: asked, approved, withdrawn, by whom and when
    UniqueConstraint("campaign", "fingerprint"),
)

run_changes = Table(
    "run_changes",
    metadata,
    row_id(),
    to("campaign_runs.id", "run_id", nullable=False),
    Column("changed_at", Utc, nullable=False),  # when a run first went on with the changed files
    Column("fingerprint", String(64), nullable=False),
    Column("changed", JSON, nullable=False),  # the files that are others now, and what of the campaign's own
    Index(None, "run_id"),
)

editions = Table(
    "editions",
    metadata,
    row_id(),
    to("campaign_runs.id", "run_id", nullable=False),
    Column("began_at", Utc, nullable=False),  # the run's letters were written from it from then on, until the next one began
    Column("files", JSON, nullable=False),  # name -> content_hash
    Index(None, "run_id"),
)

edition_files = Table(
    "edition_files",
    metadata,
    Column("content_hash", String(64), primary_key=True),  # sha256 of what the file says: one that many editions share is kept once
    Column("content", LargeBinary, nullable=False),  # compressed, by zlib
)

codes = Table(
    "codes",
    metadata,
    row_id(),
    Column("code", String(100), nullable=False),  # as it is written in letters
    Column("matched", String(100), nullable=False),  # the same as orders are compared with: in capitals, without blanks
    Column("source", String(10), nullable=False),  # model.CodeSource; of a shared one there is a row for each customer who has it
    Column("campaign", String(100), nullable=False),  # whose pool it is of
    Column("offer", String(100), nullable=False),
    Column("status", String(20), nullable=False),  # model.CodeStatus
    to("campaign_runs.id", "run_id"),
    to("customers.id", "customer_id"),  # None: still in the pool
    Column("reserved_at", Utc),
    Column("expires_at", Utc),  # the end of its last day, in the customer's zone
    to("deliveries.id", "delivery_id"),  # the first letter that carried it
    Column("order_key", String(200), nullable=False, server_default=""),  # the order that it was redeemed with
    Column("redeemed_at", Utc),
    Column("promised_minor", BigInteger, nullable=False, server_default="0"),  # what it may cost at the most, in the project's currency
    Column("fixed_minor", BigInteger, nullable=False, server_default="0"),  # what it costs when redeemed, whatever is ordered
    Column("discount", Float, nullable=False, server_default="0"),  # and as a share of that order
    Column("cost_minor", BigInteger, nullable=False, server_default="0"),  # what it cost when it was redeemed
    UniqueConstraint("run_id", "customer_id", "offer"),
    Index(None, "campaign", "offer", "status"),
    Index(None, "customer_id"),
)

_own, _live, _used = codes.c.source != "shared", codes.c.status.in_(["reserved", "given"]), codes.c.order_key != ""
Index("uq_codes_matched", codes.c.matched, unique=True, postgresql_where=_own, sqlite_where=_own)
"""No two customers get one code."""
Index("uq_codes_live", codes.c.customer_id, unique=True, postgresql_where=_live, sqlite_where=_live)
"""Nobody holds two codes at once, whatever campaigns they are of."""
Index("ix_codes_order_key", codes.c.order_key, postgresql_where=_used, sqlite_where=_used)

tasks = Table(
    "tasks",
    metadata,
    to("deliveries.id", "delivery_id", primary_key=True),
    to("customers.id", "customer_id", nullable=False),
    Column("kind", String(20), nullable=False),  # model.TaskKind
    Column("manager", String(100), nullable=False, server_default=""),  # key in config/senders.yaml
    Column("text", Text, nullable=False, server_default=""),  # what to say
    Column("status", String(20), nullable=False),  # model.TaskStatus
    Column("asked_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("done_by", String(100), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "status", "manager"),
    Index(None, "customer_id"),
)

reminders = Table(
    "reminders",
    metadata,
    row_id(),
    Column("manager", String(100), nullable=False),  # key in config/senders.yaml
    Column("day", Day, nullable=False),  # of the shop's calendar
    Column("status", String(20), nullable=False),  # journey.notices.NoticeStatus
    Column("tasks", Integer, nullable=False),  # how many it speaks of
    Column("handed_over_at", Utc, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    UniqueConstraint("manager", "day"),  # once a day at the most
)

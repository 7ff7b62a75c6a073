"""What campaigns promise and ask of people: approvals, changes while they run, codes, tasks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Utc, metadata, row_id, to

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

codes = Table(
    "codes",
    metadata,
    row_id(),
    Column("code", String(100), nullable=False, unique=True),
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
    Column("cost_minor", BigInteger, nullable=False, server_default="0"),  # what it cost when it was redeemed
    UniqueConstraint("run_id", "customer_id", "offer"),
    Index(None, "campaign", "offer", "status"),
    Index(None, "customer_id"),
)

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
    Column("reminded_at", Utc),
    Column("done_at", Utc),
    Column("done_by", String(100), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "manager", "status"),
    Index(None, "customer_id"),
)

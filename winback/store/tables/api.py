"""The HTTP API: tokens that programs come with, requests that were answered once, and messages to addresses of the shop's own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Id, Utc, metadata, row_id

api_tokens = Table(
    "api_tokens",
    metadata,
    row_id(),
    Column("name", String(80), nullable=False, unique=True),  # the program; a name is never given twice
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256 of 256 bits by chance
    Column("scopes", String(400), nullable=False),  # a blank between two
    Column("created_at", Utc, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("expires_at", Utc),  # None: it lasts until it is revoked
    Column("used_at", Utc),  # to the minute
    Column("revoked_at", Utc),
)

api_requests = Table(
    "api_requests",
    metadata,
    Column("key_hash", String(64), primary_key=True),  # SHA-256 of who asked and their Idempotency-Key; of a shop's webhook, of its body
    Column("body_hash", String(64), nullable=False),
    Column("counts", JSON, nullable=False),  # how many rows became what: no ids, no reasons
    Column("answered_at", Utc, nullable=False),
    Index(None, "answered_at"),
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    row_id(),
    Column("message_id", String(40), nullable=False, unique=True),  # the same at every try, and made of the endpoint and the fact
    Column("endpoint", String(80), nullable=False),  # its name in webhooks.yaml
    Column("kind", String(20), nullable=False),  # operations.webhook_file.Happening
    Column("customer_id", Id, nullable=False),
    Column("run_id", Id),
    Column("delivery_id", Id),
    Column("happened_at", Utc, nullable=False),
    Column("status", String(10), nullable=False),  # store.webhooks.Status
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Utc, nullable=False),  # of a waiting one: not before
    Column("asked_at", Utc, nullable=False),
    Column("ended_at", Utc),  # taken, or given up
    Column("answer", String(100), nullable=False, server_default=""),  # the last: an HTTP status, or what went wrong
    Index(None, "status", "next_at"),
    Index(None, "customer_id"),
)

webhook_marks = Table(
    "webhook_marks",
    metadata,
    Column("endpoint", String(80), primary_key=True),
    Column("looked_at", Utc, primary_key=True),
    Column("event_id", BigInteger, nullable=False),  # the newest event then
    Column("began_at", Utc, nullable=False),  # what happened before is not told
)
"""How far an endpoint is told of events: some rows, since what an earlier look may have missed is looked at again."""

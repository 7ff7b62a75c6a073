"""Who may open the studio: our own people, not the shop's customers."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from winback.store.tables.kinds import Utc, metadata, row_id, to

accounts = Table(
    "accounts",
    metadata,
    row_id(),
    Column("email", String(254), nullable=False, unique=True),  # in small letters: what they sign in with
    Column("name", String(100), nullable=False),  # as pages and the audit name them
    Column("roles", String(200), nullable=False),  # people.Role, a blank between two
    Column("password_hash", String(200), nullable=False, server_default=""),  # Argon2id with its salt; empty: none was chosen yet
    Column("language", String(10), nullable=False, server_default=""),  # of the pages; empty: as the browser asks
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column("invitation_hash", String(64), nullable=False, server_default=""),  # of the token in the link; empty: there is none
    Column("invited_until", Utc),
    Index(None, "invitation_hash"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    to("accounts.id", "account_id", nullable=False),
    Column("began_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),  # to the minute
    Column("ends_at", Utc, nullable=False),  # whatever is done with it
    Index(None, "account_id"),
)

failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("whose", String(64), primary_key=True),  # a keyed hash of an e-mail address, or of a network address
    Column("tries", Integer, nullable=False),  # that failed, one after another
    Column("last_at", Utc, nullable=False),
    Index(None, "last_at"),
)

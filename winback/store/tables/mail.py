"""Mail that came in: how far each mailbox is read, which mails were taken in, and which replies a person is shown."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from winback.store.tables.kinds import Utc, metadata, row_id, to

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", String(300), primary_key=True),  # user, server and folder
    Column("uid_validity", BigInteger, nullable=False),  # when it changes, the numbers of its mails mean others
    Column("last_uid", BigInteger, nullable=False),  # up to here every mail is taken in
    Column("read_at", Utc, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),  # a hash of Message-ID and sender: the same mail twice is one
    Column("meaning", String(20), nullable=False),  # tracking.replies.Meaning
    Column("status", String(20), nullable=False, server_default=""),  # RFC 3463
    Column("mailbox", String(300), nullable=False, server_default=""),
    Column("uid_validity", BigInteger),
    Column("uid", BigInteger),
    Column("read_at", Utc, nullable=False),
    UniqueConstraint("mailbox", "uid_validity", "uid"),
    Index(None, "read_at"),
)
"""No words and no addresses: only what keeps a mail from being taken in twice."""

forwards = Table(
    "forwards",
    metadata,
    row_id(),
    to("events.id", "event_id", nullable=False, unique=True),  # the reply
    Column("status", String(20), nullable=False),  # store.forwards.ForwardStatus
    Column("manager", String(100), nullable=False, server_default=""),  # who was told: key in config/senders.yaml
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("asked_at", Utc, nullable=False),
    Column("handed_over_at", Utc),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    Column("queued_at", Utc),  # when it came into a thread (store/threads.py); None: not yet
    Index(None, "status"),
)

_unqueued = forwards.c.queued_at.is_(None)
Index("ix_forwards_unqueued", forwards.c.id, postgresql_where=_unqueued, sqlite_where=_unqueued)

"""Conversations between customers and the shop's people: whose turn it is, and what was said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, and_, false

from winback.store.tables.kinds import Utc, metadata, row_id, to

threads = Table(
    "threads",
    metadata,
    row_id(),
    to("customers.id", "customer_id"),  # None: somebody the shop doesn't know, by their chat alone
    Column("chat_id", String(50), nullable=False, server_default=""),  # with the bot; empty: by mail only
    Column("name", String(200), nullable=False, server_default=""),  # of a stranger, as their app tells it
    Column("language", String(20), nullable=False, server_default=""),
    Column("channel", String(20), nullable=False),  # that their last words came by
    Column("status", String(20), nullable=False),  # journey.threads.ThreadStatus
    Column("why", String(30), nullable=False),  # journey.threads.Why
    Column("assignee", String(100), nullable=False, server_default=""),  # key in config/senders.yaml; empty: whoever comes first
    Column("opened_at", Utc, nullable=False),
    Column("waiting_since", Utc),  # their first words without an answer; None: we wait for them
    Column("due_at", Utc),  # by when these were promised one
    Column("first_due_at", Utc, nullable=False),
    Column("first_answer_at", Utc),
    Column("first_answer_by", String(100), nullable=False, server_default=""),
    Column("closed_at", Utc),
    Column("closed_by", String(100), nullable=False, server_default=""),
    Column("topic", BigInteger, nullable=False, server_default="0"),  # message_thread_id in the staff's group
    Column("topic_status", String(10), nullable=False, server_default=""),  # journey.threads.Topic
    Column("reminded_at", Utc),  # of the promise that is over
    Column("reminder", String(20), nullable=False, server_default=""),  # journey.notices.NoticeStatus
    Column("reminded", String(100), nullable=False, server_default=""),  # who was, by their key
    Index(None, "status", "due_at"),
    Index(None, "customer_id"),
    Index(None, "chat_id"),
    Index(None, "topic"),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)

_unfinished = threads.c.status != "closed"
_strangers = and_(_unfinished, threads.c.customer_id.is_(None), threads.c.chat_id != "")
Index("uq_threads_customer", threads.c.customer_id, unique=True, postgresql_where=_unfinished, sqlite_where=_unfinished)
"""Whatever a customer says, by whichever way, comes into one thread."""
Index("uq_threads_chat", threads.c.chat_id, unique=True, postgresql_where=_strangers, sqlite_where=_strangers)

thread_words = Table(
    "thread_words",
    metadata,
    row_id(),
    to("threads.id", "thread_id", nullable=False),
    Column("key", String(200), nullable=False, unique=True),  # the same words told twice, or sent twice by a browser, are there once
    Column("author", String(20), nullable=False),  # journey.threads.Author
    Column("by", String(100), nullable=False, server_default=""),  # which of the shop's people
    Column("channel", String(20), nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("has_media", Boolean, nullable=False, server_default=false()),  # a picture, a voice...: it stays in the messenger
    Column("happened_at", Utc, nullable=False),
    Column("due_at", Utc),  # of a customer's: by when they were promised an answer
    Column("changed_at", Utc),  # by their author
    Column("remote_id", String(200), nullable=False, server_default=""),  # the messenger's number of it
    to("events.id", "event_id"),  # the reply
    Column("status", String(20), nullable=False),  # journey.threads.WordStatus
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("try_at", Utc),  # not before
    Column("handed_over_at", Utc),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    Column("shown", String(20), nullable=False, server_default=""),  # in the staff's group: a WordStatus; empty: not meant to be
    Column("shown_at", Utc),
    Index(None, "thread_id"),
    Index(None, "event_id"),
)

_going = thread_words.c.status.in_(["planned", "handed_over"])
Index("ix_thread_words_going", thread_words.c.status, postgresql_where=_going, sqlite_where=_going)
_to_show = thread_words.c.shown == "planned"
Index("ix_thread_words_to_show", thread_words.c.id, postgresql_where=_to_show, sqlite_where=_to_show)

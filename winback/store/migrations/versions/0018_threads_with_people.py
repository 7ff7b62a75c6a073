"""Conversations between customers and the shop's people. Replies from before stay where they are: nobody waits for an answer to them here."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int, *, default: str | None = "") -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), server_default=default, nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("customer_id", _id, nullable=True),
        _text("chat_id", 50),
        _text("name", 200),
        _text("language", 20),
        _text("channel", 20, default=None),
        _text("status", 20, default=None),
        _text("why", 30, default=None),
        _text("assignee", 100),
        _moment("opened_at", nullable=False),
        _moment("waiting_since"),
        _moment("due_at"),
        _moment("first_due_at", nullable=False),
        _moment("first_answer_at"),
        _text("first_answer_by", 100),
        _moment("closed_at"),
        _text("closed_by", 100),
        sa.Column("topic", sa.BigInteger(), server_default="0", nullable=False),
        _text("topic_status", 10),
        _moment("reminded_at"),
        _text("reminder", 20),
        _text("reminded", 100),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_threads_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
    )
    op.create_index(op.f("ix_threads_status_due_at"), "threads", ["status", "due_at"])
    for column in ("customer_id", "chat_id", "topic"):
        op.create_index(op.f(f"ix_threads_{column}"), "threads", [column])
    unfinished = sa.text("status != 'closed'")
    strangers = sa.text("status != 'closed' AND customer_id IS NULL AND chat_id != ''")
    op.create_index("uq_threads_customer", "threads", ["customer_id"], unique=True, postgresql_where=unfinished, sqlite_where=unfinished)
    op.create_index("uq_threads_chat", "threads", ["chat_id"], unique=True, postgresql_where=strangers, sqlite_where=strangers)
    op.create_table(
        "thread_words",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("thread_id", _id, nullable=False),
        _text("key", 200, default=None),
        _text("author", 20, default=None),
        _text("by", 100),
        _text("channel", 20, default=None),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("has_media", sa.Boolean(), server_default=sa.false(), nullable=False),
        _moment("happened_at", nullable=False),
        _moment("due_at"),
        _moment("changed_at"),
        _text("remote_id", 200),
        sa.Column("event_id", _id, nullable=True),
        _text("status", 20, default=None),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _moment("try_at"),
        _moment("handed_over_at"),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        _text("shown", 20),
        _moment("shown_at"),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_thread_words_thread_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_thread_words_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_words")),
        sa.UniqueConstraint("key", name=op.f("uq_thread_words_key")),
    )
    for column in ("thread_id", "event_id"):
        op.create_index(op.f(f"ix_thread_words_{column}"), "thread_words", [column])
    going, to_show = sa.text("status IN ('planned', 'handed_over')"), sa.text("shown = 'planned'")
    op.create_index("ix_thread_words_going", "thread_words", ["status"], postgresql_where=going, sqlite_where=going)
    op.create_index("ix_thread_words_to_show", "thread_words", ["id"], postgresql_where=to_show, sqlite_where=to_show)
    op.add_column("forwards", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE forwards SET queued_at = asked_at")
    unqueued = sa.text("queued_at IS NULL")
    op.create_index("ix_forwards_unqueued", "forwards", ["id"], postgresql_where=unqueued, sqlite_where=unqueued)

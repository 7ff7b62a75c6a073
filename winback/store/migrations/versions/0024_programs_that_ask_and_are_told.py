"""Tokens of the HTTP API, requests that were answered once, and messages that leave by webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(400), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_api_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "api_requests",
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_api_requests")),
    )
    op.create_index(op.f("ix_api_requests_answered_at"), "api_requests", ["answered_at"])
    op.create_table(
        "webhook_messages",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("endpoint", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=True),
        sa.Column("delivery_id", _ID, nullable=True),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("answer", sa.String(100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_messages_message_id")),
    )
    op.create_index(op.f("ix_webhook_messages_status_next_at"), "webhook_messages", ["status", "next_at"])
    op.create_index(op.f("ix_webhook_messages_customer_id"), "webhook_messages", ["customer_id"])
    op.create_table(
        "webhook_marks",
        sa.Column("endpoint", sa.String(80), nullable=False),
        sa.Column("looked_at", _MOMENT, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "looked_at", name=op.f("pk_webhook_marks")),
    )

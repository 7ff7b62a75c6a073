"""Turns of messages that all workers share; pictures that a messenger knows already."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turn_seats",
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "number", name=op.f("pk_turn_seats")),
    )
    op.create_table(
        "turn_chats",
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("chat_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "chat_hash", name=op.f("pk_turn_chats")),
    )
    by_phone = sa.text("channel IN ('sms', 'viber', 'whatsapp')")
    op.create_index("ix_deliveries_remote_id", "deliveries", ["remote_id"], sqlite_where=by_phone, postgresql_where=by_phone)
    op.create_table(
        "sent_pictures",
        sa.Column("bot", sa.String(length=40), nullable=False),
        sa.Column("content_id", sa.String(length=200), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "content_id", name=op.f("pk_sent_pictures")),
    )

"""How far mailboxes are read, which mails were taken in, and which replies a person is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "mails",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("meaning", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), server_default="", nullable=False),
        sa.Column("mailbox", sa.String(300), server_default="", nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("key", name=op.f("uq_mails_key")),
        sa.UniqueConstraint("mailbox", "uid_validity", "uid", name=op.f("uq_mails_mailbox_uid_validity_uid")),
    )
    op.create_index(op.f("ix_mails_read_at"), "mails", ["read_at"])
    op.create_table(
        "forwards",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("event_id", _id, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("manager", sa.String(100), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_forwards_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forwards")),
        sa.UniqueConstraint("event_id", name=op.f("uq_forwards_event_id")),
    )
    op.create_index(op.f("ix_forwards_status"), "forwards", ["status"])

"""Updates of the bot that were taken in, and answers that it owes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "heard_updates",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_heard_updates")),
    )
    op.create_index(op.f("ix_heard_updates_heard_at"), "heard_updates", ["heard_at"])
    op.create_table(
        "owed_answers",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("customer_id", _id, nullable=True),
        sa.Column("chat_id", sa.String(40), nullable=False),
        sa.Column("utterance", sa.JSON(), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_owed_answers_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owed_answers")),
    )
    op.create_index(op.f("ix_owed_answers_customer_id"), "owed_answers", ["customer_id"])
    op.create_index(op.f("ix_owed_answers_due_at"), "owed_answers", ["due_at"])

"""What customers want to be written, and what they answer in surveys."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("channels_off", sa.String(100), server_default="", nullable=False),
        sa.Column("topics_off", sa.String(200), server_default="", nullable=False),
        sa.Column("most_letters", sa.Integer(), nullable=True),
        sa.Column("paused_until", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(35), server_default="", nullable=False),
        sa.Column("favourite_day", sa.String(5), server_default="", nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_preferences_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "answers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(40), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_answers_customer_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_answers_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("delivery_id", "turn", "question", name=op.f("uq_answers_delivery_id_turn_question")),
    )
    op.create_index(op.f("ix_answers_customer_id"), "answers", ["customer_id"])

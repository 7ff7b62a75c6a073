"""What the bot is talking about with whom."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "talks",
        sa.Column("id", _id, autoincrement=True, nullable=False),
        sa.Column("customer_id", _id, nullable=False),
        sa.Column("delivery_id", _id, nullable=False),
        sa.Column("about", sa.String(20), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_in", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_talks_customer_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_talks_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talks")),
        sa.UniqueConstraint("customer_id", "delivery_id", "about", name=op.f("uq_talks_customer_id_delivery_id_about")),
    )

"""When journeys were last looked at for what ends them, and whether anything came in since."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "stops_looked",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Column("newest_order", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("next_order_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops_looked")),
    )
    op.bulk_insert(made, [{"id": 1, "is_due": True}])

"""Which orders came in since facts were counted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("facts_due", sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))

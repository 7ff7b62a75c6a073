"""Through which relay a letter left, and since when it is tried."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("relay", sa.String(40), server_default="", nullable=False))

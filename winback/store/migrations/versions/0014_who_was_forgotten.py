"""Who was forgotten: anonymous rows, and what keeps the shop's data from bringing them back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "forgotten",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_forgotten")),
    )

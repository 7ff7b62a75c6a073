"""Whom the global holdout left alone is kept by itself, whatever is decided on them later."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "left_alone",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_left_alone_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "period", name=op.f("pk_left_alone")),
    )
    # no database knows the settings' period: each run's decision stands by itself, and the first between two moments counts
    op.execute(
        """
        INSERT INTO left_alone (customer_id, period, decided_at)
        SELECT coalesce(customers.merged_into, customers.id), 'run-' || recipients.run_id, min(recipients.assigned_at)
        FROM recipients JOIN customers ON customers.id = recipients.customer_id
        WHERE recipients.status = 'skipped' AND recipients.reason = 'global-holdout'
        GROUP BY coalesce(customers.merged_into, customers.id), recipients.run_id
        """
    )

"""What happened to a customer is found with its letter and verdict, without reading each row; so is who did what few do."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_events_customer_id_kind_happened_at"), "events")
    columns = ["customer_id", "kind", "happened_at", "delivery_id", "verdict"]
    op.create_index(op.f("ix_events_customer_id_kind_happened_at_delivery_id_verdict"), "events", columns)
    few = sa.text("(marks & 448) <> 0")
    op.create_index("ix_came_back_rare", "came_back", ["run_id", "customer_id"], sqlite_where=few, postgresql_where=few)

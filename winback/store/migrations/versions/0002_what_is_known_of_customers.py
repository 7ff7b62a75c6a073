"""What is known of customers, and what they are worth."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facts_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts_state")),
    )
    op.create_table(
        "scores_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scored_on", sa.Integer(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores_state")),
    )
    op.create_table(
        "facts",
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("purchase_days", sa.Integer(), nullable=False),
        sa.Column("first_order_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_order_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_order_on", sa.Integer(), nullable=True),
        sa.Column("last_order_on", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_orders", sa.Integer(), nullable=False),
        sa.Column("unpriced_orders", sa.Integer(), nullable=False),
        sa.Column("margin_minor", sa.BigInteger(), nullable=False),
        sa.Column("margin_known_minor", sa.BigInteger(), nullable=False),
        sa.Column("codes_used", sa.Integer(), nullable=False),
        sa.Column("median_gap", sa.Float(), nullable=True),
        sa.Column("long_gap", sa.Float(), nullable=True),
        sa.Column("inquiries", sa.Integer(), nullable=False),
        sa.Column("last_inquiry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inquiries_since_order", sa.Integer(), nullable=False),
        sa.Column("touches", sa.Integer(), nullable=False),
        sa.Column("last_touch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reaction_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touches_since_reaction", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("last_complaint_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scores", sa.Integer(), nullable=False),
        sa.Column("last_score", sa.Integer(), nullable=True),
        sa.Column("last_score_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_facts")),
    )
    unpriced = sa.text("unpriced_orders > 0")
    op.create_index("ix_facts_unpriced", "facts", ["customer_id"], postgresql_where=unpriced, sqlite_where=unpriced)
    op.create_table(
        "facts_due",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts_due")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("order_key", sa.String(length=200), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("mended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_feedback_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("key", name=op.f("uq_feedback_key")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_customer_id_said_at"), ["customer_id", "said_at"], unique=False)

    op.create_table(
        "leaving_reasons",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_leaving_reasons_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_reasons")),
        sa.UniqueConstraint("key", name=op.f("uq_leaving_reasons_key")),
    )
    with op.batch_alter_table("leaving_reasons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leaving_reasons_customer_id_recorded_at"), ["customer_id", "recorded_at"], unique=False)

    op.create_table(
        "scores",
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("value_class", sa.String(length=10), nullable=False),
        sa.Column("regularity", sa.String(length=10), nullable=False),
        sa.Column("recency", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.Column("money", sa.Integer(), nullable=False),
        sa.Column("profit_minor", sa.BigInteger(), nullable=False),
        sa.Column("lifetime_value_minor", sa.BigInteger(), nullable=True),
        sa.Column("chance_lost", sa.Float(), nullable=True),
        sa.Column("expected_value_minor", sa.BigInteger(), nullable=True),
        sa.Column("recommended", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_scores")),
    )
    op.create_table(
        "stage_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_stage_changes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_changes")),
        sa.UniqueConstraint("customer_id", "since", name=op.f("uq_stage_changes_customer_id_since")),
    )
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stage_changes_since"), ["since"], unique=False)

    op.create_table(
        "touches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=20), server_default="", nullable=False),
        sa.Column("reacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_touches_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sa.UniqueConstraint("key", name=op.f("uq_touches_key")),
    )
    with op.batch_alter_table("touches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touches_customer_id_touched_at"), ["customer_id", "touched_at"], unique=False)

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mistyped", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone", sa.String(length=20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("standing", sa.String(length=20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("recommended_by", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("tags", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("custom", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default="{}", nullable=False))
        batch_op.create_index(batch_op.f("ix_customers_recommended_by"), ["recommended_by"], unique=False)

    # a new foreign key would make the batch copy the whole table, which others refer to; SQLite takes it with the column
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE customers ADD COLUMN merged_into INTEGER CONSTRAINT fk_customers_merged_into REFERENCES customers (id)")
    else:
        op.add_column("customers", sa.Column("merged_into", sa.BigInteger(), nullable=True))
        op.create_foreign_key("fk_customers_merged_into", "customers", "customers", ["merged_into"], ["id"])
    op.create_index("ix_customers_merged_into", "customers", ["merged_into"])

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_sent_at"), ["sent_at"], unique=False)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ordered_on", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("margin_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("code", sa.String(length=100), server_default="", nullable=False))
    bought = sa.text("status = 'placed' AND amount_minor > 0")
    op.create_index("ix_orders_days", "orders", ["customer_id", "ordered_on"], postgresql_where=bought, sqlite_where=bought)

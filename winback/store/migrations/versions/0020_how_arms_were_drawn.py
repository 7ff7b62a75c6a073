"""How arms were drawn and what was known of people then; margins, second purchases, what changed since a run was measured, waves."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KNOWN_THEN = {"value_class": 10, "sign": 30, "silence": 20, "country": 2, "domain": 40, "manager": 100, "stratum": 200}


def upgrade() -> None:
    for name, length in _KNOWN_THEN.items():
        op.add_column("recipients", sa.Column(name, sa.String(length), server_default="", nullable=False))
    op.add_column("recipients", sa.Column("level_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("recipients", sa.Column("wave", sa.Integer(), server_default="0", nullable=False))
    op.add_column("recipients", sa.Column("place", sa.Integer(), nullable=True))
    for name in ("margin_minor", "margin_known_minor", "first_minor"):
        op.add_column("outcomes", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("outcomes", sa.Column("second_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "outcomes_due",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["campaign_runs.id"], name=op.f("fk_outcomes_due_run_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_outcomes_due_customer_id")),
        sa.PrimaryKeyConstraint("run_id", "customer_id", name=op.f("pk_outcomes_due")),
    )
    op.create_table(
        "measurings",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("window_seconds", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_from", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["campaign_runs.id"], name=op.f("fk_measurings_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_measurings")),
    )
    op.create_table(
        "waves",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["campaign_runs.id"], name=op.f("fk_waves_run_id")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_waves")),
    )

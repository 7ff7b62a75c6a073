"""Lanes: what came of the letters in each, and the fuses that stop them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lane_counts",
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("counted_by", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("refused_at_end", sa.Integer(), nullable=False),
        sa.Column("bounced", sa.Integer(), nullable=False),
        sa.Column("complained", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "counted_by", "number", name=op.f("pk_lane_counts")),
    )
    with op.batch_alter_table("lane_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lane_counts_lane_counted_at"), ["lane", "counted_at"], unique=False)

    op.create_table(
        "fuses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("blown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("stopped_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fuses")),
    )
    with op.batch_alter_table("fuses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fuses_lane_resumed_at"), ["lane", "resumed_at"], unique=False)
        batch_op.create_index(
            "uq_fuses_blown",
            ["lane"],
            unique=True,
            sqlite_where=sa.text("resumed_at IS NULL"),
            postgresql_where=sa.text("resumed_at IS NULL"),
        )

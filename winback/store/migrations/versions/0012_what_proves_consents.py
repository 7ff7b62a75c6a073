"""What proves consents: a row for each that was given, confirmed or taken back, and the letters that ask to confirm."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_through", sa.String(length=20), server_default="", nullable=False))
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("everywhere", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("source", sa.Text(), server_default="", nullable=False))

    op.create_table(
        "consent_wordings",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("text_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_wordings")),
        sa.UniqueConstraint("text_hash", name=op.f("uq_consent_wordings_text_hash")),
    )
    op.create_table(
        "consent_proofs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("wording_id", _ID, nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consent_proofs_customer_id")),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wordings.id"], name=op.f("fk_consent_proofs_wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_proofs")),
    )
    with op.batch_alter_table("consent_proofs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_proofs_customer_id_channel_purpose"), ["customer_id", "channel", "purpose"], unique=False)
    op.create_table(
        "consent_requests",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wording_id", _ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consent_requests_customer_id")),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wordings.id"], name=op.f("fk_consent_requests_wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_requests")),
        sa.UniqueConstraint("customer_id", "channel", "purpose", "number", name=op.f("uq_consent_requests_customer_id_channel_purpose_number")),
    )
    # What was known before proofs were kept: the present rows are the only ones there are.
    op.execute(
        "INSERT INTO consent_proofs (customer_id, channel, purpose, deed, happened_at, recorded_at, way, source, evidence) "
        "SELECT customer_id, channel, purpose, 'given', given_at, CURRENT_TIMESTAMP, "
        "CASE WHEN channel = 'telegram' THEN 'chat' ELSE 'import' END, source, '{}' FROM consents"
    )
    op.execute(
        "INSERT INTO consent_proofs (customer_id, channel, purpose, deed, happened_at, recorded_at, way, source, evidence) "
        "SELECT customer_id, channel, purpose, 'withdrawn', withdrawn_at, CURRENT_TIMESTAMP, 'import', '', '{}' FROM consents "
        "WHERE withdrawn_at IS NOT NULL"
    )

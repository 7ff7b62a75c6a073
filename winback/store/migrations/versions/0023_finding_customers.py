"""Customers are found by phone, by the beginning of a name and of the shop's id, without going through all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BEGINNINGS = ("key", "given_name", "patronymic", "family_name")


def upgrade() -> None:
    for name in _BEGINNINGS:
        op.create_index(f"ix_customers_{name}", "customers", [name], postgresql_ops={name: "text_pattern_ops"})
    given = sa.text("phone <> ''")
    op.create_index("ix_customers_phone", "customers", ["phone"], postgresql_where=given, sqlite_where=given)

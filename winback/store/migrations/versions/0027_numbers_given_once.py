"""On SQLite, numbers that leave the house are given once; runs know that a backup was restored while they took people in."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("customers", "deliveries", "links", "consent_requests", "threads", "talks", "owed_answers")


def upgrade() -> None:
    op.add_column("campaign_runs", sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return  # a sequence never goes back
    triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in triggers:  # those of other tables may speak of one that isn't there for a moment
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    for table in _TABLES:
        _make_anew(connection, table)
    for _, made in triggers:
        connection.exec_driver_sql(made)
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError(f"a row of {broken[0]} points to none of {broken[2]}")


def _make_anew(connection: sa.Connection, table: str) -> None:
    """The same table, with AUTOINCREMENT: sqlite.org/lang_altertable.html, section 7; store/database.py has put foreign keys off for it."""
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).scalar_one()
    indexes = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,))
    statements = [row.sql for row in indexes]
    text, keys = re.subn(r",\s*CONSTRAINT pk_\w+ PRIMARY KEY \(id\)", "", made)
    text, columns = re.subn(r"\bid INTEGER NOT NULL", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", text, count=1)
    text, names = re.subn(rf"^CREATE TABLE \"?{table}\"?", f"CREATE TABLE anew_{table}", text)
    if (keys, columns, names) != (1, 1, 1):
        raise RuntimeError(f"the table {table} isn't made as it was expected: {made}")
    for statement in (
        text,
        f"INSERT INTO anew_{table} SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE anew_{table} RENAME TO {table}",
        *statements,
    ):
        connection.exec_driver_sql(statement)

"""Alembic's entry: runs on the connection that database.open_engine hands over, inside its transaction."""

from typing import Any, Literal

from alembic import context

from winback.store.tables import Day, Utc, metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write plain types into migrations: they must go on working when our own types change."""
    if kind == "type" and isinstance(item, Utc | Day):
        return "sa.DateTime(timezone=True)" if isinstance(item, Utc) else "sa.Integer()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    transactional_ddl=True,
)
context.run_migrations()

"""How far each source of shop data was read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from winback.store.tables import source_states


def watermark(connection: Connection, source: str) -> str:
    """The encoded largest value seen in a source; empty when it was never read, or has no such column."""
    found = connection.execute(select(source_states.c.watermark).where(source_states.c.source == _row(source))).scalar()
    return found or ""


def remember(connection: Connection, source: str, watermark: str, now: datetime) -> None:
    """Note that a source was read to here."""
    connection.execute(delete(source_states).where(source_states.c.source == _row(source)))
    connection.execute(insert(source_states).values(source=_row(source), watermark=watermark, imported_at=now))


def _row(source: str) -> str:
    """Others keep their place in the same table (the bot its updates): a source may have any name without meeting them."""
    return f"import:{source}"

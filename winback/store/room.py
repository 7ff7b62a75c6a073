"""Room for PostgreSQL to work in, for statements over everybody: its usual 4 MB send a million customers to the disk, again and again."""

from __future__ import annotations

from sqlalchemy import Connection, text


def give(connection: Connection, memory: str = "64MB") -> None:
    """On PostgreSQL, until the transaction ends: so much for each sort and join, and statements that run once aren't compiled."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL work_mem = '{memory}'"))
        connection.execute(text("SET LOCAL jit = off"))

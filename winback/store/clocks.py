"""What time it is for the database, and what was written by clocks before."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from winback.store.tables import campaign_runs


def now(connection: Connection) -> datetime | None:
    """The database server's own time. None: it has no clock but this machine's."""
    if connection.dialect.name == "sqlite":
        return None
    moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def latest_work(connection: Connection) -> datetime | None:
    """The latest moment at which any run was worked at."""
    return connection.execute(select(func.max(campaign_runs.c.went_on_at, type_=campaign_runs.c.went_on_at.type))).scalar()


def version(connection: Connection) -> str:
    """The database's name and number."""
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.dialect.name]
    return f"{name} {'.'.join(str(part) for part in connection.dialect.server_version_info or ())}"

"""What a statement finds, put aside in a temporary table: counted once, in parallel where the database can, found again by customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, FromClause, MetaData, Select, Table, insert, text
from sqlalchemy.sql.ddl import CreateTableAs

from winback.store.tables import Id


def put(connection: Connection, name: str, found: Select[Any], *, key: str | None = "customer_id", analysed: bool = True) -> FromClause:
    """The rows of `found`, one for each `key` (None: any number), in a temporary table of that name. `drop` it after use.

    `analysed`: PostgreSQL looks at what is in it, and not at its size alone.
    """
    if connection.dialect.name == "postgresql":  # an INSERT would be planned without parallel workers
        made = CreateTableAs(found, name, temporary=True)
        connection.execute(made)
        if analysed:
            connection.execute(text(f"ANALYZE {name}"))
        return made.table
    columns = (Column(key, Id, primary_key=True) if each.name == key else Column(each.name, each.type) for each in found.selected_columns)
    table = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])
    table.create(connection)
    connection.execute(insert(table).from_select([column.name for column in found.selected_columns], found))
    return table


def drop(connection: Connection, *names: str) -> None:
    """Make room again."""
    for name in names:
        connection.execute(text(f"DROP TABLE {name}"))

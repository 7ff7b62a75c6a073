"""What letters may know of customers, read for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from winback.model import Person
from winback.store.persons import is_person
from winback.store.tables import customers

_FIELDS = ("key", "given_name", "patronymic", "family_name", "sex", "locale", "country", "city", "time_zone", "birthday", "manager")


def pages(connection: Connection, *, size: int = 2000) -> Iterator[Sequence[Person]]:
    """Every customer, `size` at a time in the order they came; no more than a page is held."""
    statement = select(customers.c.id, *(customers.c[name] for name in _FIELDS)).where(is_person()).order_by(customers.c.id).limit(size)
    last = 0
    while rows := connection.execute(statement.where(customers.c.id > last)).all():
        yield [Person(*row[1:]) for row in rows]
        last = rows[-1].id

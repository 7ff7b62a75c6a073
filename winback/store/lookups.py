"""Customers as somebody at a counter names them: by the beginning of the shop's id, by address, by phone, by the beginning of a name.

Each is looked up in an index.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import permutations
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, tuple_

from winback.model import ChannelName
from winback.store.persons import is_person
from winback.store.tables import contacts, customers

_LAST = "\U0010ffff"
"""No text goes on with a letter after this one."""
_NAMES = (customers.c.given_name, customers.c.patronymic, customers.c.family_name)
_COLUMNS: tuple[Any, ...] = (customers.c.key, *_NAMES, customers.c.city)


def by_key(connection: Connection, text: str, at_most: int) -> Sequence[Row[Any]]:
    """Records whose key begins with a text, as capitals are written: key, names, city; the key itself comes first."""
    own = connection.execute(select(*_COLUMNS).where(customers.c.key == text)).all()
    others = select(*_COLUMNS).where(_begins(connection, customers.c.key, text), customers.c.key != text)
    return [*own, *connection.execute(others.order_by(customers.c.key).limit(at_most - len(own))).all()]


def by_address(connection: Connection, places: Collection[tuple[ChannelName, bytes]], at_most: int) -> Sequence[Row[Any]]:
    """Customers who have one of these addresses now (channel, hash), in the order of their keys."""
    here = tuple_(contacts.c.channel, contacts.c.address_hash).in_(list(places))
    found = select(*_COLUMNS).where(customers.c.id.in_(select(contacts.c.customer_id).where(here)), is_person())
    return connection.execute(found.order_by(customers.c.key).limit(at_most)).all()


def by_phone(connection: Connection, phone: str, at_most: int) -> Sequence[Row[Any]]:
    """Customers with this phone (+380671234567)."""
    found = select(*_COLUMNS).where(customers.c.phone == phone, customers.c.phone != "", is_person())
    return connection.execute(found.order_by(customers.c.key).limit(at_most)).all()


def by_name(connection: Connection, words: Sequence[str], at_most: int) -> Sequence[Row[Any]]:
    """Customers of whose names a different one begins with each of one to three words, in whatever order; capitals as usual in names, or as typed."""
    each = [{name: _name_begins(connection, name, word) for name in _NAMES} for word in words]
    ways = [and_(*(begins[name] for begins, name in zip(each, order, strict=True))) for order in permutations(_NAMES, len(words))]
    found = select(*_COLUMNS).where(or_(*ways), is_person())
    return connection.execute(found.order_by(customers.c.family_name, customers.c.given_name, customers.c.key).limit(at_most)).all()


def _name_begins(connection: Connection, name: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """SQLite knows capitals of English only: the spellings are made here."""
    spelled = dict.fromkeys((word, word.capitalize(), word.upper(), word.lower(), word[:1].upper() + word[1:]))
    return or_(*(_begins(connection, name, each) for each in spelled))


def _begins(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """As each database can look it up in an index: SQLite sorts by code points, PostgreSQL knows LIKE (and minds capitals in it)."""
    if connection.dialect.name == "postgresql":
        return column.startswith(text, autoescape=True)
    return and_(column >= text, column < text + _LAST)

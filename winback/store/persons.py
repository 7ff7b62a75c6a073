"""Who counts: customers, without those who were merged into another one (store/merging.py) or are forgotten (store/forgetting.py)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from winback.store.tables import customers


def is_person() -> ColumnElement[bool]:
    """The customer wasn't merged into another one, and isn't forgotten."""
    return and_(customers.c.merged_into.is_(None), customers.c.forgotten_at.is_(None))


def person_id() -> ColumnElement[int]:
    """The customer who counts: of a merged record the one that it was merged into."""
    return func.coalesce(customers.c.merged_into, customers.c.id)


def is_made_of_several() -> ColumnElement[bool]:
    """Other records were merged into this customer."""
    merged = customers.alias("merged")
    return customers.c.id.in_(select(merged.c.merged_into).where(merged.c.merged_into.is_not(None)))


def any_merged(connection: Connection) -> bool:
    """Whether there is any merged record at all: where there is none, much needn't be asked."""
    return connection.execute(select(customers.c.id).where(customers.c.merged_into.is_not(None)).limit(1)).first() is not None


def keys(connection: Connection, customer_id: int) -> frozenset[str]:
    """Every id by which the shop knows this customer: their own, and those of the records merged into theirs."""
    theirs = or_(customers.c.id == customer_id, customers.c.merged_into == customer_id)
    return frozenset(connection.execute(select(customers.c.key).where(theirs)).scalars())


def own_key(connection: Connection, customer_id: int) -> str:
    """The shop's id of this customer."""
    key: str = connection.execute(select(customers.c.key).where(customers.c.id == customer_id)).scalar_one()
    return key


def keys_of(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The shop's ids of customers, by ours."""
    return dict(connection.execute(select(customers.c.id, customers.c.key).where(customers.c.id.in_(list(ids)))).all())


def find(connection: Connection, key: str) -> Row[Any] | None:
    """The record of this key, with the key of the one that it was merged into: `stays`, None for a person."""
    kept = customers.alias("kept")
    statement = select(customers, kept.c.key.label("stays")).outerjoin(kept, kept.c.id == customers.c.merged_into)
    return connection.execute(statement.where(customers.c.key == key)).one_or_none()

"""How many customers have an occasion: of each country, and by their own days. Those on the shop's black list count nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from winback import clock
from winback.store.persons import is_person
from winback.store.tables import customers, facts

_AT_ONCE = 10_000  # rows


def of_country(connection: Connection) -> Counter[tuple[str, str]]:
    """Customers by (country, sex); empty words are unknown."""
    columns = customers.c.country, customers.c.sex
    rows = connection.execute(select(*columns, func.count()).where(_are_greeted()).group_by(*columns))
    return Counter({(country, sex): count for country, sex, count in rows})


def birthdays(connection: Connection) -> Counter[tuple[str, int, int]]:
    """Customers by (country, month, day) of the birthday."""
    columns = customers.c.country, customers.c.birthday
    rows = connection.execute(select(*columns, func.count()).where(_are_greeted(), customers.c.birthday.is_not(None)).group_by(*columns))
    found: Counter[tuple[str, int, int]] = Counter()
    for country, born, count in rows:  # whole days are grouped much faster than their parts
        found[country, born.month, born.day] += count
    return found


def favourite_days(connection: Connection) -> Counter[tuple[str, str]]:
    """Customers by (country, MM-DD) of the favourite day."""
    column = customers.c.favourite_day
    rows = connection.execute(
        select(customers.c.country, column, func.count()).where(_are_greeted(), column != "").group_by(customers.c.country, column)
    )
    return Counter({(country, favourite): count for country, favourite, count in rows})


def first_order_at(connection: Connection) -> datetime | None:
    """The moment of the very first purchase; None before it."""
    return connection.execute(select(func.min(facts.c.first_order_at))).scalar()


def first_orders(connection: Connection, between: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> Counter[tuple[str, date]]:
    """Customers by (country, calendar day in `zone` of their first purchase), of those whose first purchase lies in one of these stretches.

    By the stored facts, which `refreshing.refresh` keeps true. A stretch begins with its first moment and ends before its second.
    """
    if not between:
        return Counter()
    at = facts.c.first_order_at
    rows = connection.execute(
        select(customers.c.country, at)
        .join(facts, facts.c.customer_id == customers.c.id)
        .where(_are_greeted(), or_(*(and_(at >= begins, at < ends) for begins, ends in between)))
        .execution_options(yield_per=_AT_ONCE)
    )
    return Counter((country, clock.local_day(at, zone)) for country, at in rows)


def _are_greeted() -> ColumnElement[bool]:
    return and_(customers.c.black_list == "", is_person())

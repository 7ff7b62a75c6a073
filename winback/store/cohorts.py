"""A cohort's rules as one SQL statement, on facts read from the orders as of any moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, cast, exists, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from winback import clock
from winback.audience.cohort import AmountAtLeast, AtLeast, Cohort, Days, Rule, bounds
from winback.model import ChannelName, Money, OrderStatus
from winback.store.persons import is_person
from winback.store.tables import consents, contacts, customers, orders


@dataclass(frozen=True, slots=True)
class AsOf:
    """What a statement takes from outside: the moment, and the shop's zone and currency."""

    now: datetime
    zone: str
    currency: str


def is_purchase() -> ColumnElement[bool]:
    """The one definition of a purchase: placed, and something was paid. A gift or a free replacement is none."""
    return and_(orders.c.status == OrderStatus.PLACED, orders.c.amount_minor > 0)


def order_facts(as_of: AsOf, ids: Sequence[int] | None = None) -> Subquery:
    """One row per customer (of `ids`, when given) with any order known at `as_of.now`.

    Columns: customer_id, orders (purchases), first_order_at, last_order_at (of purchases), revenue_minor (placed less returned, in
    the project's currency; other currencies are never added to it), paid_orders (purchases in that currency).
    """
    bought = is_purchase()
    ours = orders.c.currency == as_of.currency
    counts = or_(bought, orders.c.status == OrderStatus.RETURNED)
    return (
        select(
            orders.c.customer_id,
            func.count(case((bought, 1))).label("orders"),
            func.min(case((bought, orders.c.ordered_at))).label("first_order_at"),
            func.max(case((bought, orders.c.ordered_at))).label("last_order_at"),
            func.coalesce(func.sum(case((and_(counts, ours), orders.c.amount_minor))), 0).label("revenue_minor"),
            func.count(case((and_(bought, ours), 1))).label("paid_orders"),
        )
        .where(orders.c.ordered_at <= as_of.now, true() if ids is None else orders.c.customer_id.in_(ids))
        .group_by(orders.c.customer_id)
        .subquery("facts")
    )


def members(cohort: Cohort, as_of: AsOf, *, excluded: frozenset[str], dialect: str) -> Select[tuple[int]]:
    """The statement that finds the cohort: ids of customers, one column."""
    facts = order_facts(as_of)
    conditions = [is_person(), *(_condition(rule, facts, as_of) for rule in cohort.rules), *_not_on_lists(excluded, dialect)]
    return select(customers.c.id).outerjoin(facts, facts.c.customer_id == customers.c.id).where(*conditions)


def funnel(connection: Connection, cohort: Cohort, as_of: AsOf, *, excluded: frozenset[str]) -> list[int]:
    """How many customers there are, and are left after each rule and after the exclude lists; one pass over the data."""
    facts = order_facts(as_of)
    conditions: list[ColumnElement[bool]] = [true()]
    conditions += [_condition(rule, facts, as_of) for rule in cohort.rules]
    conditions += _not_on_lists(excluded, connection.dialect.name)
    counts = [func.count(case((and_(*conditions[: last + 1]), 1))) for last in range(len(conditions))]
    people = customers.outerjoin(facts, facts.c.customer_id == customers.c.id)
    row = connection.execute(select(*counts).select_from(people).where(is_person())).one()
    return [int(count) for count in row]


def is_empty(connection: Connection, cohort: Cohort, as_of: AsOf, *, excluded: frozenset[str]) -> bool:
    """Whether the cohort has no member at all."""
    found = members(cohort, as_of, excluded=excluded, dialect=connection.dialect.name).limit(1)
    return connection.execute(found).first() is None


def keys(connection: Connection, statement: Select[tuple[int]], *, limit: int | None = None) -> Sequence[str]:
    """The shop's ids of the members, in order."""
    wanted = select(customers.c.key).where(customers.c.id.in_(statement)).order_by(customers.c.key).limit(limit)
    return connection.execute(wanted).scalars().all()


def make_up(connection: Connection, statement: Select[tuple[int]]) -> dict[str, int]:
    """Members per stored language, the most first; the empty word is "unknown"."""
    rows = connection.execute(
        select(customers.c.locale, func.count())
        .where(customers.c.id.in_(statement))
        .group_by(customers.c.locale)
        .order_by(func.count().desc(), customers.c.locale)
    )
    return {locale or "unknown": count for locale, count in rows}


def holds(connection: Connection, cohort: Cohort, as_of: AsOf, customer_id: int) -> list[bool]:
    """For one customer, whether each rule holds by itself."""
    facts = order_facts(as_of)
    columns = [case((_condition(rule, facts, as_of), 1), else_=0) for rule in cohort.rules]
    row = connection.execute(
        select(*columns).select_from(customers.outerjoin(facts, facts.c.customer_id == customers.c.id)).where(customers.c.id == customer_id)
    ).one()
    return [bool(value) for value in row]


def average_order(connection: Connection, customer_id: int, as_of: AsOf) -> Money | None:
    """Average order of one customer in the project's currency, returns taken off; None without a purchase in it."""
    facts = order_facts(as_of, [customer_id])
    row = connection.execute(select(facts.c.revenue_minor, facts.c.paid_orders)).one_or_none()
    return Money.from_minor(round(row.revenue_minor / row.paid_orders), as_of.currency) if row is not None and row.paid_orders else None


def _condition(rule: Rule, facts: Subquery, as_of: AsOf) -> ColumnElement[bool]:
    word, value = rule.said
    match value:
        case Days():
            before, not_before = bounds(value, as_of.now, as_of.zone)
            last = facts.c.last_order_at
            return and_(last < before, true() if not_before is None else last >= not_before)
        case AtLeast():
            return func.coalesce(facts.c.orders, 0) >= value.at_least
        case AmountAtLeast():
            least = Money(value.at_least, as_of.currency).minor
            return and_(facts.c.paid_orders > 0, facts.c.revenue_minor >= literal(least) * facts.c.paid_orders)
        case Rule():
            return not_(func.coalesce(_condition(value, facts, as_of), False))
        case tuple():
            return _listed(word, value, facts, as_of)
    return _not_bought_since(value, facts, as_of)


def _listed(word: str, value: tuple[object, ...], facts: Subquery, as_of: AsOf) -> ColumnElement[bool]:
    if word in {"all", "any"}:
        parts = [_condition(part, facts, as_of) for part in value if isinstance(part, Rule)]
        return and_(*parts) if word == "all" else or_(*parts)
    if word == "reachable_by":
        return or_(*(_reachable_by(ChannelName(str(channel)), as_of.now) for channel in value))
    column = customers.c.country if word == "country" else customers.c.locale
    return column.in_([str(part) for part in value])


def _not_bought_since(value: object, facts: Subquery, as_of: AsOf) -> ColumnElement[bool]:
    assert isinstance(value, date)
    last = facts.c.last_order_at
    return or_(last.is_(None), last < clock.start_of_day(value, ZoneInfo(as_of.zone)))


def _reachable_by(channel: ChannelName, now: datetime) -> ColumnElement[bool]:
    """Has an address that works and a consent with its proof, not withdrawn."""
    return and_(
        exists().where(
            contacts.c.customer_id == customers.c.id, contacts.c.channel == channel, or_(contacts.c.blocked_at.is_(None), contacts.c.blocked_at > now)
        ),
        exists().where(
            consents.c.customer_id == customers.c.id,
            consents.c.channel == channel,
            consents.c.purpose == "marketing",
            consents.c.given_at <= now,
            consents.c.source != "",
            or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now),
        ),
    )


def _not_on_lists(excluded: frozenset[str], dialect: str) -> list[ColumnElement[bool]]:
    """Lists travel as one JSON value, so that ten thousand ids are still one statement with one parameter.

    Who is listed by the id of a record merged into theirs is listed too.
    """
    if not excluded:
        return []
    text = literal(json.dumps(sorted(excluded)))
    listed = (
        func.jsonb_array_elements_text(cast(text, JSONB)).table_valued("value")
        if dialect == "postgresql"
        else func.json_each(text).table_valued("value")
    )
    merged = customers.alias("merged")
    theirs = select(merged.c.merged_into).where(merged.c.merged_into.is_not(None), merged.c.key.in_(select(listed.c.value)))
    return [and_(customers.c.key.not_in(select(listed.c.value)), customers.c.id.not_in(theirs))]

"""Orders that came in, added to the stored facts of their customers: sums grow, the last becomes the newer one, and no older order is read.

Gaps between purchases can't be added to: they are counted anew, from an index that has nothing but customers and days.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, case, func, select, update

from winback.store import aside, counting, dealings, gaps
from winback.store.as_of import AsOf
from winback.store.tables import facts, inquiries, orders

_BOUGHT, _RETURNED = "arrived_purchases", "arrived_returns"
_SUMS = ("orders", "revenue_minor", "paid_orders", "unpriced_orders", "margin_minor", "margin_known_minor", "codes_used")
_GAPS_TELL = ("purchase_days", "median_gap", "long_gap")


def add(connection: Connection, ever: AsOf, ids: Select[Any]) -> datetime | None:
    """Add these orders, which no fact speaks of yet, to facts that are true otherwise; the latest moment that was added."""
    those = orders.c.id.in_(ids)
    bought = aside.put(connection, _BOUGHT, counting.straight_on(counting.orders_of(ever).where(those)))
    returned = aside.put(connection, _RETURNED, counting.straight_on(counting.returns_of(ever).where(those)))
    days = gaps.count(connection, among=_BOUGHT)
    connection.execute(
        update(facts)
        .where(facts.c.customer_id == bought.c.customer_id, days.c.customer_id == bought.c.customer_id)
        .values({name: _grown(facts.c[name], bought) for name in _SUMS} | _ends(bought) | {name: days.c[name] for name in _GAPS_TELL})
    )
    grown = {name: _grown(facts.c[name], returned) for name in _SUMS if name in returned.c}
    theirs = facts.c.customer_id.in_(select(returned.c.customer_id))  # SQLite would look through all facts for them otherwise
    connection.execute(update(facts).where(theirs, facts.c.customer_id == returned.c.customer_id).values(grown))
    gaps.drop(connection)
    aside.drop(connection, _BOUGHT, _RETURNED)
    latest = select(func.max(orders.c.ordered_at)).where(those, counting.moves_money())
    moment: datetime | None = connection.execute(counting.straight_on(latest)).scalar_one()
    return moment


def _grown(stored: Column[Any], added: FromClause) -> ColumnElement[Any]:
    return stored + added.c[stored.name]


def _ends(bought: FromClause) -> dict[str, ColumnElement[Any]]:
    """The first and the last purchase, the currency of all, and what happened after the last."""
    stored, last_at = facts.c, _later("last_order_at", bought)
    asked = select(func.count()).where(inquiries.c.customer_id == stored.customer_id, inquiries.c.inquired_at > last_at)
    since = case((stored.last_reaction_at > last_at, stored.last_reaction_at), else_=last_at)
    touched = [count.correlate(facts, bought).scalar_subquery() for count in dealings.touches_after(stored.customer_id, since)]
    return {
        "first_order_at": _sooner("first_order_at", bought),
        "first_order_on": _sooner("first_order_on", bought),
        "last_order_at": last_at,
        "last_order_on": _later("last_order_on", bought),
        "currency": case((stored.orders == 0, bought.c.currency), (stored.currency == bought.c.currency, stored.currency), else_=""),
        "inquiries_since_order": case((stored.last_inquiry_at > last_at, asked.correlate(facts, bought).scalar_subquery()), else_=0),
        "touches_since_reaction": case((stored.last_touch_at > since, sum(touched[1:], touched[0])), else_=0),
    }


def _sooner(name: str, bought: FromClause) -> ColumnElement[Any]:
    return case((facts.c[name] <= bought.c[name], facts.c[name]), else_=bought.c[name])


def _later(name: str, bought: FromClause) -> ColumnElement[Any]:
    return case((facts.c[name] >= bought.c[name], facts.c[name]), else_=bought.c[name])

"""Which signs of being lost customers show, and by what: kept with the decision on them, and told by explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, case, select

from winback import clock
from winback.audience.signs import Sign
from winback.model import Money
from winback.store import signs as shown_signs
from winback.store.among import among_these
from winback.store.ground import Ground

_COLUMNS: dict[Sign, tuple[str, ...]] = {
    Sign.NO_INQUIRIES: ("last_inquiry_at", "last_order_at"),
    Sign.INQUIRIES_WITHOUT_ORDERS: ("inquiries_since_order", "last_order_at"),
    Sign.NO_ANSWER: ("touches_since_reaction", "last_touch_at", "last_reaction_at"),
    Sign.VOLUME_DROPPED: (),
    Sign.DISSATISFIED: ("last_complaint_at", "last_score", "last_score_at"),
}
_VOLUMES = ("recent", "earlier", "recent_orders", "earlier_orders")

Evidence = dict[Sign, dict[str, Any]]
"""Of each sign that a customer shows, the facts by name: days as ISO text, amounts as text with their currency."""


def signs(connection: Connection, stand: Ground, ids: Sequence[int]) -> dict[int, Evidence]:
    """The signs of each customer with what shows them. `stand` is made for a cohort that asks for all signs, and for these customers."""
    facts, sold = stand.facts.c, shown_signs.volumes(stand).c
    shown = [case((shown_signs.sign(sign, stand), 1), else_=0).label(str(sign)) for sign in Sign]
    names = sorted({name for columns in _COLUMNS.values() for name in columns})
    columns: list[ColumnElement[Any]] = [*shown, *(facts[name] for name in names), *(sold[name].label(f"sold_{name}") for name in _VOLUMES)]
    statement = select(stand.customer_id, *columns).select_from(stand.source()).where(among_these(stand.customer_id, ids))
    return {
        row["customer_id"]: {sign: _told(sign, row, stand) for sign in Sign if row[str(sign)]} for row in connection.execute(statement).mappings()
    }


def _told(sign: Sign, row: Any, stand: Ground) -> dict[str, Any]:
    if sign is Sign.VOLUME_DROPPED:
        values = {name: row[f"sold_{name}"] for name in _VOLUMES}
        return values | {name: _amount(values[name], stand.as_of.currency) for name in ("recent", "earlier")}
    return {_called(name): _day(row[name], stand) for name in _COLUMNS[sign] if row[name] is not None}


def _called(name: str) -> str:
    """`last_order_at` is told as `last_order`; `last_score` is a score, and keeps its day beside it."""
    return name if name == "last_score_at" else name.removesuffix("_at")


def _day(value: Any, stand: Ground) -> Any:
    if isinstance(value, datetime):
        return clock.local_day(value, ZoneInfo(stand.as_of.zone)).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _amount(minor: int, currency: str) -> str:
    return f"{Money.from_minor(minor, currency).amount:f} {currency}"

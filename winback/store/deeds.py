"""What recipients did since they were assigned, for a batch of them, and which of them meet a stage's conditions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, select, union_all

from winback.audience.cohort import Rule
from winback.journey.condition import Deed
from winback.journey.last_check import Since
from winback.model import EventKind, FeedbackKind, Verdict
from winback.store import conditions
from winback.store.among import among_these
from winback.store.candidates import last_known_order
from winback.store.counting import is_purchase
from winback.store.ground import Ground
from winback.store.tables import events, feedback, links, orders

_BY_EVENT = {Deed.OPENED: EventKind.OPEN, Deed.CLICKED: EventKind.CLICK, Deed.REPLIED: EventKind.REPLY}


def done(
    connection: Connection, wanted: Collection[Deed], standing: Sequence[Row[Any]], since: Mapping[int, Since], now: datetime
) -> dict[Deed, frozenset[int]]:
    """Who of these recipients did each of the wanted deeds. `since` is what `candidates.since` found of them."""
    found: dict[Deed, Callable[[], Collection[int]]] = {
        Deed.ORDERED: lambda: [who for who, happened in since.items() if happened.purchases],
        Deed.ANSWERED: lambda: _answered(connection, standing, now),
        Deed.USED_CODE: lambda: _used_code(connection, standing, now),
        **{deed: _with_event(kind, since) for deed, kind in _BY_EVENT.items()},
    }
    return {deed: frozenset(found[deed]()) for deed in wanted}


def meeting(connection: Connection, ground: Ground, rules: Sequence[Rule], ids: Sequence[int]) -> dict[int, list[bool]]:
    """For each of these customers, whether each rule holds; what isn't known doesn't. Who isn't there any more is left out."""
    columns = [case((conditions.holds(rule, ground), 1), else_=0) for rule in rules]
    rows = connection.execute(select(ground.customer_id, *columns).select_from(ground.source()).where(among_these(ground.customer_id, ids)))
    return {row[0]: [bool(value) for value in row[1:]] for row in rows}


def _with_event(kind: EventKind, since: Mapping[int, Since]) -> Callable[[], Collection[int]]:
    return lambda: [who for who, happened in since.items() if kind in happened.events]


def _answered(connection: Connection, standing: Sequence[Row[Any]], now: datetime) -> list[int]:
    """A survey of ours that was filled in, a score that was imported, or a press on a number that leads to the shop's own page."""
    assigned = {row.customer_id: row.assigned_at for row in standing}
    rows = connection.execute(
        union_all(
            select(feedback.c.customer_id, feedback.c.said_at).where(
                feedback.c.customer_id.in_(assigned), feedback.c.kind == FeedbackKind.SURVEY, feedback.c.said_at <= now
            ),
            select(events.c.customer_id, events.c.happened_at).where(
                events.c.customer_id.in_(assigned), events.c.kind == EventKind.ANSWER, events.c.happened_at <= now
            ),
            select(events.c.customer_id, events.c.happened_at)
            .join(links, links.c.id == events.c.link_id)
            .where(
                events.c.customer_id.in_(assigned),
                events.c.kind == EventKind.CLICK,
                events.c.verdict == Verdict.HUMAN,
                events.c.happened_at <= now,
                links.c.url.like("%answer=%"),
            ),
        )
    )
    return [who for who, at in rows if at > assigned[who]]


def _used_code(connection: Connection, standing: Sequence[Row[Any]], now: datetime) -> list[int]:
    known = {row.customer_id: last_known_order(row) for row in standing}
    rows = connection.execute(
        select(orders.c.customer_id, orders.c.ordered_at).where(
            orders.c.customer_id.in_(known), orders.c.code != "", orders.c.ordered_at <= now, is_purchase()
        )
    )
    return [who for who, at in rows if at > known[who]]

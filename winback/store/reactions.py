"""When customers reacted before: what the hour is learnt from at which they are written to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from winback.model import EventKind, Verdict
from winback.store.among import among_these
from winback.store.counting import is_purchase
from winback.store.tables import events, orders

_BY_THEMSELVES = (EventKind.CLICK, EventKind.REPLY, EventKind.ANSWER, EventKind.LATER)


def moments(connection: Connection, ids: Sequence[int], until: datetime) -> dict[int, list[datetime]]:
    """By customer: when they clicked or answered (people, not machines); of those who never did, when they ordered.

    Orders at a whole hour are left out: most of them have a day and no time, which stands in the store as the day's first moment.
    """
    clicks_and_answers = select(events.c.customer_id, events.c.happened_at).where(
        among_these(events.c.customer_id, ids), events.c.kind.in_(_BY_THEMSELVES), events.c.verdict == Verdict.HUMAN, events.c.happened_at <= until
    )
    reacted = _by_customer(connection.execute(clicks_and_answers))
    purchases = select(orders.c.customer_id, orders.c.ordered_at).where(
        among_these(orders.c.customer_id, [who for who in ids if who not in reacted]), orders.c.ordered_at <= until, is_purchase()
    )
    ordered = _by_customer(row for row in connection.execute(purchases) if row.ordered_at.minute or row.ordered_at.second)
    return reacted | ordered


def _by_customer(rows: Iterable[Any]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    for who, moment in rows:
        found[who].append(moment)
    return found

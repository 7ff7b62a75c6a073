"""Hits looked at again: what was seen stays as it is, what is thought of it may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, or_, select, update

from winback.model import ChannelName, EventKind, Verdict
from winback.store import refreshing
from winback.store.tables import deliveries, events


@dataclass(frozen=True, slots=True)
class Kept:
    """A hit as it lies in the store, and the channel that its letter went over."""

    id: int
    customer_id: int
    kind: EventKind
    channel: ChannelName
    delivery_id: int
    link_id: int | None
    happened_at: datetime
    verdict: Verdict
    signals: Mapping[str, Any]


def set_verdicts(connection: Connection, verdicts: Mapping[str, tuple[Verdict, str]]) -> int:
    """Change the verdicts of hits by their dedupe key, and why. Returns how many there were."""
    if not verdicts:
        return 0
    rows = connection.execute(
        select(events.c.id, events.c.customer_id, events.c.dedupe_key, events.c.signals).where(events.c.dedupe_key.in_(list(verdicts)))
    ).all()
    return _change(connection, [(row.id, row.customer_id, row.signals, *verdicts[row.dedupe_key]) for row in rows])


def judge_again(connection: Connection, thought: Iterable[tuple[Kept, Verdict, str]]) -> int:
    """Change the verdicts of hits, and why. Returns how many."""
    return _change(connection, [(hit.id, hit.customer_id, hit.signals, verdict, why) for hit, verdict, why in thought])


def _change(connection: Connection, rows: Sequence[tuple[int, int, Mapping[str, Any], Verdict, str]]) -> int:
    """What was seen stays; the facts of those customers are due."""
    if not rows:
        return 0
    refreshing.due(connection, {customer for _, customer, *_ in rows})
    change = update(events).where(events.c.id == bindparam("which")).values(verdict=bindparam("now_verdict"), signals=bindparam("now_signals"))
    values = [{"which": which, "now_verdict": verdict, "now_signals": {**signals, "why": why}} for which, _, signals, verdict, why in rows]
    connection.execute(change, values)
    return len(rows)


def page(connection: Connection, *, since: datetime | None, after: Kept | None, limit: int) -> list[Kept]:
    """Hits in the order in which they happened, `limit` of them: the first from `since` on, or those after the last of the page before."""
    statement = (
        select(events, deliveries.c.channel)
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(events.c.kind.in_((EventKind.OPEN, EventKind.CLICK)), deliveries.c.channel != "")
    )
    if after is not None:
        moment = after.happened_at
        statement = statement.where(or_(events.c.happened_at > moment, and_(events.c.happened_at == moment, events.c.id > after.id)))
    elif since is not None:
        statement = statement.where(events.c.happened_at >= since)
    rows = connection.execute(statement.order_by(events.c.happened_at, events.c.id).limit(limit))
    return [_kept(row) for row in rows]


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        customer_id=row.customer_id,
        kind=EventKind(row.kind),
        channel=ChannelName(row.channel),
        delivery_id=row.delivery_id,
        link_id=row.link_id,
        happened_at=row.happened_at,
        verdict=Verdict(row.verdict),
        signals=row.signals,
    )

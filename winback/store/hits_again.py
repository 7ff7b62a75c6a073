"""Hits looked at again: what was seen stays as it is, what is thought of it may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, or_, select, update

from winback.model import EventKind, Verdict
from winback.store import refreshing
from winback.store.tables import events

_HITS = (EventKind.OPEN, EventKind.CLICK)


def set_verdicts(connection: Connection, verdicts: Mapping[str, tuple[Verdict, str]]) -> int:
    """Change the verdicts of hits by their dedupe key, and why; their customers' facts are due. Returns how many there were."""
    if not verdicts:
        return 0
    statement = select(events.c.id, events.c.customer_id, events.c.dedupe_key, events.c.signals).where(events.c.dedupe_key.in_(list(verdicts)))
    rows = connection.execute(statement).all()
    if not rows:
        return 0
    refreshing.due(connection, {row.customer_id for row in rows})
    values = [
        {"which": row.id, "now_verdict": verdicts[row.dedupe_key][0], "now_signals": {**row.signals, "why": verdicts[row.dedupe_key][1]}}
        for row in rows
    ]
    change = update(events).where(events.c.id == bindparam("which")).values(verdict=bindparam("now_verdict"), signals=bindparam("now_signals"))
    connection.execute(change, values)
    return len(rows)


def page(connection: Connection, *, since: datetime | None, after: tuple[datetime, int] | None, limit: int) -> Sequence[Row[Any]]:
    """Hits in the order in which they happened, `limit` of them: the first from `since` on, or those after the last of the page before."""
    statement = select(events).where(events.c.kind.in_(_HITS), events.c.delivery_id.is_not(None))
    if after is not None:
        moment, last = after
        statement = statement.where(or_(events.c.happened_at > moment, and_(events.c.happened_at == moment, events.c.id > last)))
    elif since is not None:
        statement = statement.where(events.c.happened_at >= since)
    return connection.execute(statement.order_by(events.c.happened_at, events.c.id).limit(limit)).all()

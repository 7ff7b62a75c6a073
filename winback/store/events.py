"""What came back, kept once each; and what follows from it: suppressions, journeys that end, links' targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import UNFINISHED, ChannelName, DeliveryStatus, EventKind, Reason, RecipientStatus
from winback.store import refreshing, suppressions
from winback.store.suppressions import Closed
from winback.store.tables import campaign_runs, deliveries, events, links, recipients
from winback.store.writable import writable


@dataclass(frozen=True, slots=True)
class Event:
    """One happening. `dedupe_key` (at most 200 characters) is the same for the same happening, however often it is reported."""

    dedupe_key: str
    kind: EventKind
    customer_id: int
    happened_at: datetime
    verdict: str  # model.Verdict; of a bounce, what it means: hard, soft, lane, greylisted
    delivery_id: int | None = None
    link_id: int | None = None
    signals: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


def record(connection: Connection, happened: Iterable[Event]) -> int:
    """Keep events; those already known stay as they are. Returns how many were new.

    Rows go in by key order, so that two writers with the same events wait for each other instead of locking each other out.
    """
    rows = [_row(event) for event in sorted(happened, key=lambda event: event.dedupe_key)]
    if not rows:
        return 0
    refreshing.due(connection, [row["customer_id"] for row in rows])
    statement = _insert(connection, events).on_conflict_do_nothing(index_elements=["dedupe_key"])
    return len(connection.execute(statement.returning(events.c.id), rows).all())


def number(connection: Connection, dedupe_key: str) -> int | None:
    """The number of an event by its key; None: there is none."""
    found: int | None = connection.execute(select(events.c.id).where(events.c.dedupe_key == dedupe_key)).scalar()
    return found


def _row(event: Event) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in _COLUMNS}  # asdict copies deeply, which took half of the time of storing a hit
    return {**row, "signals": dict(event.signals), "text": writable(event.text)}


_COLUMNS = tuple(each.name for each in fields(Event))


def suppress(
    connection: Connection, *, channel: ChannelName, address_hash: bytes, reason: Reason, since: datetime, delivery_id: int | None = None
) -> bool:
    """Never write to this address again. The first reason stays. Returns whether it is new."""
    return suppressions.close(connection, Closed(channel, address_hash, reason, delivery_id=delivery_id), since)


def lift(connection: Connection, *, channel: ChannelName, address_hash: bytes) -> None:
    """The person behind the address asked to be written to again, with a consent of its own."""
    suppressions.lift(connection, channel, address_hash)


def stop(connection: Connection, customer_id: int, reason: Reason, now: datetime) -> int:
    """End the customer's journeys in every run that may still send, and stop what is planned. Returns how many journeys.

    A reply ends only those whose campaign stops on replies (`stop_when`), an answer to a survey those that stop on either. The holdout and those already at an end stay as they are.
    """
    standing = connection.execute(_UNDER_WAY, {"who": customer_id})
    words = _STOPPED_ON_REQUEST.get(reason)
    concerned = [run_id for run_id, plan in standing if words is None or words & set(plan["stop_when"])]
    if not concerned:
        return 0
    which = {"who": customer_id, "runs": concerned, "because": reason}
    done = connection.execute(_STOP_JOURNEYS, {**which, "now": now})
    connection.execute(_STOP_LETTERS, which)
    return done.rowcount


# Put together once: whoever answers, presses or leaves comes by here.
_WHO = bindparam("who", type_=recipients.c.customer_id.type)
_RUNS = bindparam("runs", type_=recipients.c.run_id.type, expanding=True)
_BECAUSE = bindparam("because", type_=recipients.c.reason.type)
_UNDER_WAY = (
    select(recipients.c.run_id, campaign_runs.c.plan)
    .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
    .where(recipients.c.customer_id == _WHO, recipients.c.status == RecipientStatus.ACTIVE, campaign_runs.c.status.in_(UNFINISHED))
)
_STOP_JOURNEYS = (
    update(recipients)
    .where(recipients.c.customer_id == _WHO, recipients.c.run_id.in_(_RUNS), recipients.c.status == RecipientStatus.ACTIVE)
    .values(status=RecipientStatus.STOPPED, reason=_BECAUSE, ended_at=bindparam("now", type_=recipients.c.ended_at.type), next_due_at=None)
)
_STOP_LETTERS = (
    update(deliveries)
    .where(deliveries.c.customer_id == _WHO, deliveries.c.run_id.in_(_RUNS), deliveries.c.status == DeliveryStatus.PLANNED)
    .values(status=DeliveryStatus.STOPPED, reason=_BECAUSE)
)


_STOPPED_ON_REQUEST: Mapping[Reason, frozenset[str]] = {
    Reason.REPLIED: frozenset({Reason.REPLIED}),
    Reason.ANSWERED: frozenset({Reason.REPLIED, Reason.ANSWERED}),
}


def confirm(connection: Connection, delivery_ids: Iterable[int]) -> int:
    """Something came back that only the letter itself can have caused: those in doubt were sent after all. Returns how many were."""
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(sorted(set(delivery_ids))), deliveries.c.status == DeliveryStatus.UNCERTAIN)
        .values(status=DeliveryStatus.SENT, reason="", sent_at=func.coalesce(deliveries.c.sent_at, deliveries.c.handed_over_at))
    )
    return done.rowcount


def link_id(connection: Connection, url: str) -> int:
    """The id of a link's target, written down if it isn't yet."""
    connection.execute(_insert(connection, links).on_conflict_do_nothing(index_elements=["url"]), {"url": url})
    found: int = connection.execute(select(links.c.id).where(links.c.url == url)).scalar_one()
    return found


def link_url(connection: Connection, link: int) -> str | None:
    """Where a link leads; None when there is no such link."""
    return connection.execute(select(links.c.url).where(links.c.id == link)).scalar()


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)

"""One delivery with all that is known of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from winback.model import DeliveryStatus
from winback.store.tables import audit, campaign_runs, customers, deliveries, events, links, tasks

_EVENTS = 200
"""So many things that came back of a letter are shown, the first ones: a scanner may fetch a link for ever."""


@dataclass(frozen=True, slots=True)
class Story:
    """A delivery's row with its customer and run, what came back of it, the task beside it, and what people said of it."""

    delivery: Row[Any]
    events: Sequence[Row[Any]]
    more_events: bool
    task: Row[Any] | None
    deeds: Sequence[Row[Any]]


def read(connection: Connection, delivery_id: int) -> Story | None:
    """None: there is no such delivery."""
    row = connection.execute(
        select(
            deliveries,
            customers.c.key.label("customer"),
            customers.c.given_name,
            customers.c.family_name,
            campaign_runs.c.campaign,
            campaign_runs.c.number,
            campaign_runs.c.status.label("run_status"),
        )
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(deliveries.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    happened: Select[Any] = (
        select(events.c.kind, events.c.verdict, events.c.happened_at, events.c.signals, links.c.url)
        .outerjoin(links, links.c.id == events.c.link_id)
        .where(events.c.delivery_id == delivery_id)
        .order_by(events.c.happened_at, events.c.id)
    )
    found = connection.execute(happened.limit(_EVENTS + 1)).all()
    said: Select[Any] = select(audit.c.done_at, audit.c.who, audit.c.deed, audit.c.detail).where(audit.c.about == f"delivery {delivery_id}")
    return Story(
        row,
        found[:_EVENTS],
        len(found) > _EVENTS,
        connection.execute(select(tasks).where(tasks.c.delivery_id == delivery_id)).one_or_none(),
        connection.execute(said.order_by(audit.c.number).limit(50)).all(),
    )


def uncertain(connection: Connection, ids: Collection[int]) -> list[int]:
    """Those of these deliveries that are uncertain still, in order."""
    wanted = deliveries.c.id.in_(list(ids)), deliveries.c.status == DeliveryStatus.UNCERTAIN
    return list(connection.execute(select(deliveries.c.id).where(*wanted).order_by(deliveries.c.id)).scalars())

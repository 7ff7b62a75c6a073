"""What left and what came back within some days, by campaign."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, func, select

from winback.model import EventKind, Verdict
from winback.store.tables import campaign_runs, deliveries, events


def sent(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Letters that left from `since` to before `until`, by campaign."""
    rows = connection.execute(
        select(campaign_runs.c.campaign, func.count())
        .join(deliveries, deliveries.c.run_id == campaign_runs.c.id)
        .where(deliveries.c.sent_at.is_not(None), deliveries.c.sent_at >= since, deliveries.c.sent_at < until)
        .group_by(campaign_runs.c.campaign)
    )
    return {campaign: int(letters) for campaign, letters in rows}


def came_back(connection: Connection, since: datetime, until: datetime) -> dict[str, Counter[EventKind]]:
    """Letters to which something came back in that time, by campaign and kind; hits of machines aside, several of a letter once."""
    rows = connection.execute(
        select(campaign_runs.c.campaign, events.c.kind, func.count(events.c.delivery_id.distinct()))
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(events.c.happened_at >= since, events.c.happened_at < until, events.c.verdict != Verdict.MACHINE)
        .group_by(campaign_runs.c.campaign, events.c.kind)
    )
    found: dict[str, Counter[EventKind]] = {}
    for campaign, kind, count in rows:
        found.setdefault(campaign, Counter())[EventKind(kind)] = count
    return found

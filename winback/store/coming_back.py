"""What came back by mail, counted by cause; addresses that were closed by it; what was refused at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from winback.model import DeliveryStatus, Reason
from winback.store.tables import campaign_runs, customers, deliveries, mails, suppressions

_BY_LETTERS = (Reason.BOUNCED, Reason.SOFT_BOUNCED, Reason.COMPLAINED, Reason.BLOCKED)
_RUNS, _REFUSED = 12, 5_000


def by_cause(connection: Connection, since: datetime, meanings: Collection[str]) -> Sequence[Row[Any]]:
    """(meaning, status, mails, latest_at) of mails of these meanings that were read since then, the most first."""
    return connection.execute(
        select(mails.c.meaning, mails.c.status, func.count().label("mails"), func.max(mails.c.read_at, type_=mails.c.read_at.type).label("latest_at"))
        .where(mails.c.read_at >= since, mails.c.meaning.in_(list(meanings)))
        .group_by(mails.c.meaning, mails.c.status)
        .order_by(func.count().desc(), mails.c.meaning, mails.c.status)
    ).all()


def closed(connection: Connection, *, limit: int, before: int | None = None) -> Sequence[Row[Any]]:
    """The newest addresses that letters of ours closed, each with that letter and its customer; `before`: the number of the last one shown."""
    wanted: Select[Any] = (
        select(
            suppressions.c.id,
            suppressions.c.channel,
            suppressions.c.reason,
            suppressions.c.since,
            suppressions.c.delivery_id,
            customers.c.key.label("customer"),
            campaign_runs.c.campaign,
            deliveries.c.stage,
        )
        .join(deliveries, deliveries.c.id == suppressions.c.delivery_id)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(suppressions.c.reason.in_(_BY_LETTERS))
        .order_by(suppressions.c.id.desc())
        .limit(limit)
    )
    return connection.execute(wanted if before is None else wanted.where(suppressions.c.id < before)).all()


def refused(connection: Connection) -> tuple[dict[tuple[str, str], int], bool]:
    """Letters of the newest runs that failed, by (campaign, reason); and whether there are more than were counted: the latest 5,000 of each run."""
    counted: Counter[tuple[str, str]] = Counter()
    cut = False
    for run in connection.execute(select(campaign_runs.c.id, campaign_runs.c.campaign).order_by(campaign_runs.c.id.desc()).limit(_RUNS)).all():
        own = deliveries.c.run_id == run.id, deliveries.c.status == DeliveryStatus.FAILED
        latest = select(deliveries.c.reason).where(*own).order_by(deliveries.c.due_at.desc(), deliveries.c.id.desc()).limit(_REFUSED).subquery()
        found = connection.execute(select(latest.c.reason, func.count()).group_by(latest.c.reason)).all()
        for reason, count in found:
            counted[run.campaign, reason] += count
        cut = cut or sum(count for _, count in found) == _REFUSED
    return dict(counted.most_common()), cut

"""Deliveries by what is known of them, the latest due first, a page after another by the key of the last: no page costs more than the first.

Every page comes out of an index: a customer's rows, or the rows of a run in one status, which lie in the order in which they fall due. What
no index tells (stage, channel) is looked for among so many rows at a time; whoever asks is told up to where that was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, literal, select, tuple_, union_all

from winback.model import ChannelName, DeliveryStatus
from winback.store.persons import person_id
from winback.store.tables import Id, Utc, campaign_runs, contacts, customers, deliveries

RUNS = 12
"""So many of the newest runs are looked through where no campaign is named, and of one campaign."""
_LOOKED_THROUGH = 4_000
_LEAST = 10  # of each index's rows


@dataclass(frozen=True, slots=True)
class Looked:
    """What is asked for; what is empty or None is not asked."""

    customers: Collection[int] | None = None
    campaign: str = ""
    stage: str = ""
    status: DeliveryStatus | None = None
    channel: str = ""
    due_from: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A delivery's place in the order: what comes after it is due earlier, or as early and was planned before."""

    due_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Deliveries, and from where the next page goes on; None: there are no more."""

    rows: Sequence[Row[Any]]
    after: Key | None


def find(connection: Connection, looked: Looked, after: Key | None, *, limit: int, through: int = _LOOKED_THROUGH) -> Page:
    """Up to `limit` deliveries with their customers and runs; `through`: so many rows are looked through for what no index tells."""
    unindexed = [column == value for column, value in ((deliveries.c.stage, looked.stage), (deliveries.c.channel, looked.channel)) if value]
    if looked.customers is not None:
        return _page(connection, _of_customers(connection, looked, after), unindexed, limit)
    runs = _runs(connection, looked.campaign)
    pairs = [(run, status) for run in runs for status in ([looked.status] if looked.status else DeliveryStatus)]
    if not pairs:
        return Page((), None)
    if not unindexed:
        return _page(connection, [_branch(looked, after, run, status, limit + 1) for run, status in pairs], (), limit)
    each = max(_LEAST, through // len(pairs))
    branches = [_branch(looked, after, run, status, each) for run, status in pairs]
    return _page(connection, branches, unindexed, limit, through=each)


def _runs(connection: Connection, campaign: str) -> list[int]:
    wanted = select(campaign_runs.c.id).order_by(campaign_runs.c.id.desc()).limit(RUNS)
    return list(connection.execute(wanted.where(campaign_runs.c.campaign == campaign) if campaign else wanted).scalars())


def _of_customers(connection: Connection, looked: Looked, after: Key | None) -> list[Select[Any]]:
    """All that a few customers ever got is little."""
    wanted = select(deliveries.c.id, deliveries.c.due_at).where(deliveries.c.customer_id.in_(looked.customers or ()), *_when(looked, after))
    if looked.campaign:
        runs = select(campaign_runs.c.id).where(campaign_runs.c.campaign == looked.campaign)
        wanted = wanted.where(deliveries.c.run_id.in_(list(connection.execute(runs).scalars())))
    return [wanted.where(deliveries.c.status == looked.status) if looked.status else wanted]


def _branch(looked: Looked, after: Key | None, run: int, status: DeliveryStatus, most: int) -> Select[Any]:
    """A run's rows in one status, straight from their index."""
    own = (deliveries.c.run_id == run, deliveries.c.status == status, *_when(looked, after))
    return select(deliveries.c.id, deliveries.c.due_at).where(*own).order_by(deliveries.c.due_at.desc(), deliveries.c.id.desc()).limit(most)


def _when(looked: Looked, after: Key | None) -> list[ColumnElement[bool]]:
    said = []
    if looked.due_from is not None:
        said.append(deliveries.c.due_at >= looked.due_from)
    if looked.due_before is not None:
        said.append(deliveries.c.due_at < looked.due_before)
    if after is not None:
        said.append(deliveries.c.due_at <= after.due_at)
        said.append(tuple_(deliveries.c.due_at, deliveries.c.id) < tuple_(literal(after.due_at, Utc()), literal(after.id, Id)))
    return said


def _page(
    connection: Connection, branches: Sequence[Select[Any]], unindexed: Sequence[ColumnElement[bool]], limit: int, *, through: int | None = None
) -> Page:
    """The first of all branches; `through`: only so many rows are looked through for those that fit."""
    parts = [_wrapped(each) for each in branches]
    every = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("every")
    order = (every.c.due_at.desc(), every.c.id.desc())
    looked_at = select(every.c.id, every.c.due_at).order_by(*order)
    seen = (looked_at if through is None else looked_at.limit(through)).subquery("seen")
    rows = connection.execute(
        select(deliveries, customers.c.key.label("customer"), campaign_runs.c.campaign, campaign_runs.c.number)
        .join(seen, seen.c.id == deliveries.c.id)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(and_(True, *unindexed))
        .order_by(deliveries.c.due_at.desc(), deliveries.c.id.desc())
        .limit(limit + 1)
    ).all()
    if len(rows) > limit:
        return Page(rows[:limit], Key(rows[limit - 1].due_at, rows[limit - 1].id))
    last = connection.execute(looked_at.offset(through - 1).limit(1)).one_or_none() if through else None
    return Page(rows, None if last is None else Key(last.due_at, last.id))


def _wrapped(branch: Select[Any]) -> Select[Any]:
    """SQLite takes no LIMIT inside of a UNION."""
    inner = branch.subquery()
    return select(inner.c.id, inner.c.due_at)


def whose_key(connection: Connection, key: str) -> list[int]:
    """The customer whom the shop knows by `key`; of a merged one, the customer who goes on too, whose letters are both's."""
    row = connection.execute(select(customers.c.id, person_id().label("person")).where(customers.c.key == key)).one_or_none()
    return [] if row is None else sorted({row.id, row.person})


def whose_addresses(connection: Connection, hashes: Collection[tuple[ChannelName, bytes]]) -> list[int]:
    """Customers who have one of these addresses, by channel and keyed hash; a hundred at the most."""
    found: set[int] = set()
    for channel, hashed in hashes:
        own = contacts.c.channel == channel, contacts.c.address_hash == hashed
        found.update(connection.execute(select(contacts.c.customer_id).where(*own).limit(100)).scalars())
    return sorted(found)[:100]

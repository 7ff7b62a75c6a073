"""What came back, by cause: mails that returned, addresses closed by it, letters refused at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from winback.store import coming_back, database
from winback.tracking.replies import Meaning

DAYS = 30
AT_ONCE = 50
MEANINGS = (Meaning.HARD, Meaning.SOFT, Meaning.LANE, Meaning.GREYLISTED, Meaning.COMPLAINT)


@dataclass(frozen=True, slots=True)
class Cause:
    """Mails of the last month that say the same."""

    meaning: Meaning
    status: str  # RFC 3463, where one is said
    mails: int
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """An address that a letter of ours closed."""

    number: int
    customer: str
    channel: str
    reason: str
    since: datetime
    delivery: int
    campaign: str
    stage: str


@dataclass(frozen=True, slots=True)
class CameBack:
    """All of it; `refused` by (campaign, reason), of the newest runs; `after`: from where the list of closed addresses goes on."""

    causes: tuple[Cause, ...]
    refused: Mapping[tuple[str, str], int]
    refused_is_cut: bool
    closed: tuple[Closed, ...]
    after: int | None


def look(engine: Engine, *, now: datetime, before: int | None = None) -> CameBack:
    """What came back within the last month; `before` leads to older closed addresses."""
    with database.reading(engine) as connection:
        rows = coming_back.by_cause(connection, now - timedelta(days=DAYS), MEANINGS)
        refused, is_cut = coming_back.refused(connection)
        closed = coming_back.closed(connection, limit=AT_ONCE + 1, before=before)
    return CameBack(
        tuple(Cause(Meaning(row.meaning), row.status, row.mails, row.latest_at) for row in rows),
        refused,
        is_cut,
        tuple(Closed(row.id, row.customer, row.channel, row.reason, row.since, row.delivery_id, row.campaign, row.stage) for row in closed[:AT_ONCE]),
        closed[AT_ONCE - 1].id if len(closed) > AT_ONCE else None,
    )

"""One letter that left, with all that it was written from: to write it once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from winback.journey.eligibility import Candidate
from winback.model import ChannelName, DeliveryStatus
from winback.store import candidates, codes, runs
from winback.store.as_of import AsOf
from winback.store.codes import Held
from winback.store.deliveries import Claimed
from winback.store.persons import person_id
from winback.store.tables import campaign_runs, customers, deliveries

_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter that left, e-mail or message, and when."""

    claimed: Claimed
    campaign: str
    channel: ChannelName
    letter: str
    at: datetime
    written_at: datetime


def find(connection: Connection, delivery_id: int) -> SentLetter | None:
    """A letter that left, or may have; None for any other delivery, and for what a person was asked to do."""
    handed_over = deliveries.c.handed_over_at
    row = connection.execute(
        select(
            deliveries,
            campaign_runs.c.campaign,
            func.coalesce(deliveries.c.sent_at, handed_over).label("at"),
            func.coalesce(handed_over, deliveries.c.sent_at).label("written_at"),
        )
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .where(deliveries.c.id == delivery_id, deliveries.c.channel.in_(list(ChannelName)), deliveries.c.status.in_(_LEFT))
    ).one_or_none()
    if row is None or row.at is None:
        return None
    names = ("id", "run_id", "customer_id", "stage", "tactic", "locale", "attempts", "due_at", "occasion")
    claimed = Claimed(**{name: getattr(row, name) for name in names})
    return SentLetter(claimed, row.campaign, ChannelName(row.channel), row.letter, row.at, row.written_at)


def written_from(connection: Connection, sent: SentLetter, as_of: AsOf) -> tuple[Candidate, Row[Any], Held | None] | None:
    """Whom it went to, where they stood, and the code that they were given; None where they aren't there any more.

    Of a record that was merged since, what they bought lies with the person it was merged into: it is written from that one's facts.
    """
    who, run_id = sent.claimed.customer_id, sent.claimed.run_id
    person = connection.execute(select(person_id()).where(customers.c.id == who)).scalar_one()
    recipient = runs.get_recipients(connection, run_id, [who]).get(who)
    candidate = candidates.find(connection, [person], as_of, run_id=run_id).get(person)
    if recipient is None or candidate is None:
        return None
    held = codes.of(connection, run_id, [who, person])
    return candidate, recipient, held.get(who) or held.get(person)

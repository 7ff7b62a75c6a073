"""What whoever answers a letter's survey gets for it: the offer of their tactic, with the code that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from winback.shapes import read_duration
from winback.store import codes
from winback.store.tables import campaign_runs, customers, deliveries, recipients


@dataclass(frozen=True, slots=True)
class Gift:
    """The offer of a campaign to one of its recipients."""

    text: Mapping[str, str]  # by language
    ends_at: datetime  # on its last day
    time_zone: str  # of the recipient (journey/zones.py)
    country: str
    code: str = ""
    code_id: int | None = None


def gift(connection: Connection, delivery_id: int, now: datetime) -> Gift | None:
    """None where the campaign of the letter promises nothing, or what it promised is over or used."""
    row = connection.execute(
        select(
            campaign_runs.c.plan,
            deliveries.c.run_id,
            deliveries.c.tactic,
            recipients.c.customer_id,
            recipients.c.assigned_at,
            recipients.c.time_zone,
            customers.c.country,
        )
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .join(recipients, (recipients.c.run_id == deliveries.c.run_id) & (recipients.c.customer_id == deliveries.c.customer_id))
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(deliveries.c.id == delivery_id)
    ).one_or_none()
    name = row.plan.get("tactics", {}).get(row.tactic, {}).get("offer") if row else None
    if row is None or not name:
        return None
    offer = row.plan["offers"][name]
    held = codes.of(connection, row.run_id, [row.customer_id]).get(row.customer_id)
    if (offer.get("code") or offer.get("codes") is not None) and (held is None or held.status not in codes.LIVE):
        return None
    ends_at = held.expires_at if held else row.assigned_at + read_duration(offer["valid_for"])
    if ends_at < now:
        return None
    told = (held.code, held.id) if held else ("", None)
    return Gift(offer["text"], ends_at, row.time_zone, row.country, *told)


def give(connection: Connection, delivery_id: int, gift: Gift, now: datetime) -> bool:
    """The customer is told of it now. False: its code isn't theirs any more."""
    return gift.code_id is None or bool(codes.give(connection, {delivery_id: gift.code_id}, now))

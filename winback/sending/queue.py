"""Recipients whose next stage has fallen due get their delivery row; the holdout gets the row of what it would have been sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey import schedule, send_hour
from winback.journey.campaign import Campaign
from winback.journey.policy import Policy, Rules
from winback.model import DeliveryStatus, RecipientStatus
from winback.store import candidates, database, deliveries, runs
from winback.store.runs import Run


def queue_due(engine: Engine, run: Run, campaign: Campaign, policy: Policy, *, now: datetime, batch: int) -> int:
    """Queue everything that is due at `now`, `batch` recipients a transaction. Returns how many deliveries were written."""
    written = 0
    while True:
        with database.writing(engine) as connection:
            rows = runs.due(connection, run.id, now, batch)
            countries = candidates.countries(connection, [row.customer_id for row in rows])
            written += deliveries.plan(connection, [_delivery(row, campaign) for row in rows])
            runs.advance(connection, run.id, [_standing(row, campaign, policy.for_country(countries[row.customer_id])) for row in rows])
        if len(rows) < batch:
            return written


def _delivery(row: Row[Any], campaign: Campaign) -> dict[str, Any]:
    held_out = row.status == RecipientStatus.HELD_OUT
    return {
        "run_id": row.run_id,
        "stage": campaign.stages[row.next_stage].name,
        "customer_id": row.customer_id,
        "tactic": row.arm,
        "locale": row.locale,
        "status": DeliveryStatus.HELD_OUT if held_out else DeliveryStatus.PLANNED,
        "due_at": row.next_due_at,
    }


def _standing(row: Row[Any], campaign: Campaign, rules: Rules) -> dict[str, Any]:
    """A recipient waits for what becomes of the letter; somebody held out goes on by the calendar."""
    if row.status == RecipientStatus.ACTIVE:
        return {"customer_id": row.customer_id, "next_stage": row.next_stage, "next_due_at": None}
    return {"customer_id": row.customer_id, **following(campaign, row, row.next_due_at, rules)}


def following(campaign: Campaign, recipient: Row[Any], concluded_at: datetime, rules: Rules) -> dict[str, Any]:
    """The stage after a recipient's, which was concluded, and when it falls due; no due time after the last."""
    following = recipient.next_stage + 1
    if following >= len(campaign.stages):
        return {"next_stage": following, "next_due_at": None}
    due_at = schedule.due_at(campaign.stages[following], concluded_at, recipient.time_zone, rules, send_hour.of(recipient.facts))
    return {"next_stage": following, "next_due_at": due_at}

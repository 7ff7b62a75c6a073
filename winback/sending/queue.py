"""Recipients whose next stage has fallen due get their delivery row; the holdout gets the row of what it would have been sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey import send_hour, stage_times
from winback.journey.campaign import Campaign
from winback.journey.greetings import Calendar
from winback.journey.policy import Policy, Rules
from winback.journey.stage_times import Traveller
from winback.model import DeliveryStatus, RecipientStatus
from winback.store import candidates, database, deliveries, runs
from winback.store.runs import Run


def queue_due(
    engine: Engine, run: Run, campaign: Campaign, policy: Policy, *, now: datetime, batch: int, calendar: Calendar = stage_times.NO_OCCASIONS
) -> int:
    """Queue everything that is due at `now`, `batch` recipients a transaction. Returns how many deliveries were written."""
    written = 0
    while True:
        with database.writing(engine) as connection:
            rows = runs.due(connection, run.id, now, batch)
            countries = candidates.countries(connection, [row.customer_id for row in rows])
            written += deliveries.plan(connection, [_delivery(row, campaign) for row in rows])
            standing = [
                _standing(row, campaign, countries[row.customer_id], policy.for_country(countries[row.customer_id]), calendar) for row in rows
            ]
            runs.advance(connection, run.id, standing)
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


def _standing(row: Row[Any], campaign: Campaign, country: str, rules: Rules, calendar: Calendar) -> dict[str, Any]:
    """A recipient waits for what becomes of the letter; somebody held out goes on by the calendar."""
    if row.status == RecipientStatus.ACTIVE:
        return {"customer_id": row.customer_id, "next_stage": row.next_stage, "next_due_at": None}
    return {"customer_id": row.customer_id, **following(campaign, row, row.next_due_at, traveller(row, country, rules), calendar)}


def following(campaign: Campaign, recipient: Row[Any], concluded_at: datetime, who: Traveller, calendar: Calendar) -> dict[str, Any]:
    """The stage after a recipient's, which was concluded, and when it falls due; no due time after the last."""
    following = recipient.next_stage + 1
    if following >= len(campaign.stages):
        return {"next_stage": following, "next_due_at": None}
    return {"next_stage": following, "next_due_at": stage_times.due_at(campaign, campaign.stages[following], concluded_at, who, calendar)}


def traveller(row: Row[Any], country: str, rules: Rules) -> Traveller:
    """What a stage's time asks about a recipient."""
    return Traveller(country, row.time_zone, rules, row.assigned_at, send_hour.of(row.facts))

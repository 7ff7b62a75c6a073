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
from winback.store import candidates, database, runs, stages_due
from winback.store.runs import Run

BATCH = 10_000
"""Recipients a transaction: a second's work at the most, so that others who write needn't wait long."""


def queue_due(
    engine: Engine, run: Run, campaign: Campaign, policy: Policy, *, now: datetime, batch: int = BATCH, calendar: Calendar = stage_times.NO_OCCASIONS
) -> int:
    """Queue everything that is due at `now`, `batch` recipients a transaction. Returns how many deliveries were written."""
    stages, written = [stage.name for stage in campaign.stages], 0
    while True:
        with database.writing(engine) as connection:
            queued = stages_due.queue(connection, run.id, stages, now, batch)
            countries = candidates.countries(connection, [row.customer_id for row in queued.held_out])
            goes_on = [_goes_on(row, campaign, countries[row.customer_id], policy, calendar) for row in queued.held_out]
            runs.advance(connection, run.id, goes_on, now=now)
        written += queued.written
        if queued.taken < batch:
            return written


def _goes_on(row: Row[Any], campaign: Campaign, country: str, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """Somebody held out goes on by the calendar; a recipient waits for what becomes of the letter."""
    who = traveller(row, country, policy.for_country(country))
    return {"customer_id": row.customer_id, **following(campaign, row, row.next_due_at, who, calendar)}


def following(  # noqa: PLR0917  what a stage's time asks about
    campaign: Campaign, recipient: Row[Any], concluded_at: datetime, who: Traveller, calendar: Calendar, last: int | None = None
) -> dict[str, Any]:
    """The stage after a recipient's, which was concluded, and when it falls due; no due time after the last.

    `last` is the stage that theirs had led to before, where it was concluded for another time.
    """
    following = max(recipient.next_stage, -1 if last is None else last) + 1
    if following >= len(campaign.stages):
        return {"next_stage": following, "next_due_at": None}
    return {"next_stage": following, "next_due_at": stage_times.due_at(campaign, campaign.stages[following], concluded_at, who, calendar)}


def traveller(row: Row[Any], country: str, rules: Rules) -> Traveller:
    """What a stage's time asks about a recipient."""
    return Traveller(country, row.time_zone, rules, row.assigned_at, send_hour.of(row.facts))

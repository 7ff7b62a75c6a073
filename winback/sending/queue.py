"""Recipients whose next stage has fallen due get their delivery row; the holdout gets the row of what it would have been sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey import schedule
from winback.journey.campaign import Campaign
from winback.journey.policy import Policy, Rules
from winback.store import candidates, database, runs, stages_due
from winback.store.runs import Run

BATCH = 10_000
"""Recipients a transaction: a second's work at the most, so that others who write needn't wait long."""


def queue_due(engine: Engine, run: Run, campaign: Campaign, policy: Policy, *, now: datetime, batch: int = BATCH) -> int:
    """Queue everything that is due at `now`, `batch` recipients a transaction. Returns how many deliveries were written."""
    stages, written = [stage.name for stage in campaign.stages], 0
    while True:
        with database.writing(engine) as connection:
            queued = stages_due.queue(connection, run.id, stages, now, batch)
            countries = candidates.countries(connection, [row.customer_id for row in queued.held_out])
            goes_on = [_goes_on(row, campaign, policy.for_country(countries[row.customer_id])) for row in queued.held_out]
            runs.advance(connection, run.id, goes_on)
        written += queued.written
        if queued.taken < batch:
            return written


def _goes_on(row: Row[Any], campaign: Campaign, rules: Rules) -> dict[str, Any]:
    """Somebody held out goes on by the calendar; a recipient waits for what becomes of the letter."""
    return {"customer_id": row.customer_id, **following(campaign, row.next_stage, row.next_due_at, row.time_zone, rules)}


def following(campaign: Campaign, stage: int, concluded_at: datetime, zone: str, rules: Rules) -> dict[str, Any]:
    """The next stage after stage number `stage` was concluded, and when it falls due; no due time after the last."""
    if stage + 1 >= len(campaign.stages):
        return {"next_stage": stage + 1, "next_due_at": None}
    return {"next_stage": stage + 1, "next_due_at": schedule.due_at(campaign.stages[stage + 1], concluded_at, zone, rules)}

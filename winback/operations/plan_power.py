"""What a plan's numbers can show, and how long to collect where they can't."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from winback.model import HOLDOUT
from winback.operations import daily_plan
from winback.outcomes import power, statistics
from winback.outcomes.power import Planned
from winback.outcomes.statistics import ALPHA
from winback.sending.prepared import Prepared

ASSUMED_RETURN_RATE = 0.03
"""Share of lost customers who come back by themselves within the window, when nothing better is known; 1-5 % is usual."""


def detectable(prepared: Prepared, arms: Mapping[str, int]) -> dict[str, float | None]:
    """Per tactic, the smallest rise over those left alone that shows four times out of five; a verdict allows for their number."""
    tactics = prepared.campaign.tactics
    alpha = ALPHA / len(tactics)
    left_alone = arms.get(HOLDOUT, 0)
    return {tactic: statistics.detectable_difference(ASSUMED_RETURN_RATE, arms.get(tactic, 0), left_alone, alpha=alpha) for tactic in tactics}


def hoped(connection: Connection, prepared: Prepared, arms: Mapping[str, int], *, now: datetime) -> Planned | None:
    """Whether the lift that the campaign hopes for would show. None where it names none, or compares nothing.

    How many lapse in a week is asked only where today's customers are too few.
    """
    campaign = prepared.campaign
    if campaign.hoped_lift is None:
        return None
    shares, customers = campaign.shares(), sum(arms.values())
    found = power.planned(customers, shares, ASSUMED_RETURN_RATE, campaign.hoped_lift)
    if found is None or found.is_enough:
        return found
    newly = daily_plan.newly_a_day(connection, prepared, now)
    return power.planned(customers, shares, ASSUMED_RETURN_RATE, campaign.hoped_lift, per_week=None if newly is None else 7 * newly)

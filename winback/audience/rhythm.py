"""A customer's own rhythm: how far apart their purchase days lie, and how long the silence is beside that.

For people to look at ("usually every 34 days, silent for 410"). It chooses worse than plain silence, because three to ten gaps say
too little about the next one; docs/decisions/0021-who-is-lost.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real, Whole
from winback.audience.purchase_days import PurchaseDays

FEWEST_DAYS = 3
"""Purchase days that make a rhythm: once is chance, twice coincidence."""
LONG_GAP = 0.9
"""The quantile that is called a long gap."""


@dataclass(frozen=True, slots=True)
class Rhythms:
    """One row for each customer, in days; gaps are nan for those who bought on fewer than `FEWEST_DAYS` days."""

    customers: Whole
    silent: Whole  # since the last purchase day
    mean: Real
    median: Real
    long: Real  # nine gaps out of ten are shorter
    longest: Real

    @property
    def overdue(self) -> Real:
        """How many of the customer's own mean gaps the silence is long."""
        return self.silent / self.mean


def rhythms(days: PurchaseDays, cut: int) -> Rhythms:
    """As known at the end of the day `cut`.

    Quantiles lie between neighbouring gaps as in PostgreSQL's percentile_cont (Hyndman & Fan 1996, definition 7).
    """
    known = days.until(cut)
    starts = np.flatnonzero(known.is_first)
    counts = np.diff(np.append(starts, known.day.size))
    last = known.day[starts + counts - 1]
    follows = ~known.is_first
    gap, customer = np.diff(known.day)[follows[1:]], known.customer[follows]
    sorted_gaps = gap[np.lexsort((gap, customer))].astype(np.float64)
    gaps = counts - 1
    first_gap = np.cumsum(gaps) - gaps
    has_rhythm = counts >= FEWEST_DAYS

    def at(share: float) -> Real:
        values = np.full(starts.size, np.nan)
        values[has_rhythm] = _quantile(sorted_gaps, first_gap[has_rhythm], gaps[has_rhythm], share)
        return values

    mean = np.full(starts.size, np.nan)
    mean[has_rhythm] = ((last - known.day[starts]) / np.maximum(gaps, 1))[has_rhythm]
    return Rhythms(known.customer[starts], cut - last, mean, at(0.5), at(LONG_GAP), at(1.0))


def _quantile(values: Real, first: Whole, counts: Whole, share: float) -> Real:
    """Of each run of sorted `values`, given by where it begins and how long it is."""
    place = share * (counts - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, counts - 1)
    low, high = values[first + below], values[first + above]
    quantile: Real = low + (place - below) * (high - low)
    return quantile

"""Who was there at the end of which day, for everybody at once, from the days on which they bought.

There is who bought within the days after which a customer is lost, and isn't left out. A row is a day, a column a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from winback.audience import stages
from winback.audience.arrays import Flags, Whole, Words
from winback.audience.lifecycle import Lifecycle, Stage
from winback.audience.movements import Retention
from winback.audience.purchase_days import Purchases


@dataclass(frozen=True, slots=True)
class Presence:
    """Customers at the ends of some days, which are in order."""

    ends: tuple[int, ...]  # days as ordinals
    customers: Whole  # who ever bought, in order
    first_on: Whole
    there: Flags

    def retentions(self, number: int, group: Whole, groups: int) -> list[Retention]:
        """From the end of day `number` to that of the next, for each group 0 to `groups` - 1 of customers; below 0 is in none.

        As movements.retention has it: new is who bought for the first time ever and is still there at the end.
        """
        start, end = self.there[number], self.there[number + 1]
        is_new = end & (self.first_on > self.ends[number])
        counts = [np.bincount(group[who & (group >= 0)], minlength=groups).tolist() for who in (start, is_new, end, start & end)]
        return [Retention(*each) for each in zip(*counts, strict=True)]


def presence(bought: Purchases, ends: Sequence[int], lost_after_days: int, left_out: Whole) -> Presence:
    """At the end of each of the days `ends`; `left_out` are ids of customers who count nowhere, such as the black list."""
    days = bought.days
    customers, of = days.customers, _columns(days.is_first)
    there = np.zeros((len(ends), customers.size), dtype=bool)
    for row, end in zip(there, ends, strict=True):
        row[of[(days.day <= end) & (days.day > end - lost_after_days)]] = True
    there[:, np.isin(customers, left_out)] = False
    return Presence(tuple(ends), customers, days.day[days.is_first], there)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a stage is decided on beside purchases, aligned with `Presence.customers`: no history of it is kept, so it is today's."""

    recommended: Whole
    value: Words
    standing: Words  # "vip", "adherent" or neither


def stage_places(bought: Purchases, there: Presence, marks: Marks, thresholds: Lifecycle) -> list[Whole]:
    """For each time between two ends, every customer's stage as its place in `Stage`: of who was there at the first, then, else at the second."""
    place = {stage: number for number, stage in enumerate(Stage)}
    at = [np.array([place[word] for word in stages_at(bought, end, marks, thresholds)], dtype=np.int64) for end in there.ends]
    return [np.where(there.there[number], at[number], at[number + 1]) for number in range(len(at) - 1)]


def stages_at(bought: Purchases, end: int, marks: Marks, thresholds: Lifecycle) -> Words:
    """The `Stage` of each of `bought.days.customers` at the end of the day `end`, by the purchases known then."""
    days = bought.days
    of, known, size = _columns(days.is_first), days.day <= end, marks.recommended.size
    purchases = np.bincount(of[known], weights=bought.count[known], minlength=size).astype(np.int64)
    first, last = np.where(purchases > 0, days.day[days.is_first], 0), np.zeros(size, dtype=np.int64)
    last[of[known]] = days.day[known]  # in order of days: the last one stays
    nobody = np.zeros(size, dtype=np.int64)
    return stages.stages(stages.Columns(purchases, first, last, marks.recommended, marks.value, marks.standing, nobody), thresholds, end)


def _columns(is_first: Flags) -> Whole:
    """The customer of each row, as the place among all customers."""
    of: Whole = np.cumsum(is_first) - 1
    return of

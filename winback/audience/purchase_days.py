"""The days on which customers bought: what the chance, the rhythm and the backtest are counted from.

Days are whole numbers (`date.toordinal`, or anything else that counts days) in the shop's time zone; customers are numbers. Only
purchases belong here: no cancelled, returned or zero orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from winback.audience.arrays import Flags, Whole


@dataclass(frozen=True, slots=True)
class PurchaseDays:
    """One row for each customer and day, sorted by customer, then day."""

    customer: Whole
    day: Whole

    @property
    def is_first(self) -> Flags:
        """Whether a row is its customer's first."""
        return np.concatenate([np.ones(min(1, self.customer.size), dtype=bool), self.customer[1:] != self.customer[:-1]])

    @property
    def customers(self) -> Whole:
        """Every customer once, in order: what arrays made from these days are aligned with."""
        return self.customer[self.is_first]

    def of(self, customers: Whole) -> PurchaseDays:
        """Theirs alone."""
        theirs = np.isin(self.customer, customers)
        return PurchaseDays(self.customer[theirs], self.day[theirs])

    def until(self, cut: int) -> PurchaseDays:
        """What is known at the end of the day `cut`."""
        known = self.day <= cut
        return PurchaseDays(self.customer[known], self.day[known])

    def bought_within(self, customers: Whole, cut: int, days: int) -> Flags:
        """Whether each of `customers` bought on one of the `days` days after the day `cut`."""
        within = (self.day > cut) & (self.day <= cut + days)
        return np.isin(customers, self.customer[within])


@dataclass(frozen=True, slots=True)
class Purchases:
    """The days with the number of purchases of each."""

    days: PurchaseDays
    count: Whole


def distinct(customers: ArrayLike, days: ArrayLike) -> PurchaseDays:
    """From one pair for each purchase, in any order: two purchases on a day are one row."""
    return counted(customers, days).days


def counted(customers: ArrayLike, days: ArrayLike) -> Purchases:
    """The same with the purchases of each day."""
    customer, day = np.asarray(customers, dtype=np.int64), np.asarray(days, dtype=np.int64)
    if not day.size:
        return Purchases(PurchaseDays(customer, day), day)
    earliest = day.min()
    span = day.max() - earliest + 1
    pairs = np.sort(customer * span + day - earliest)  # one number for each pair: sorted several times as fast as two columns
    starts = np.flatnonzero(np.diff(pairs, prepend=pairs[0] - 1))
    customer, since = np.divmod(pairs[starts], span)
    return Purchases(PurchaseDays(customer, since + earliest), np.diff(starts, append=pairs.size))

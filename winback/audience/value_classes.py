"""ABC, XYZ and RFM: customers by what they bring, how regularly, and how lately, often and much.

Everything takes and gives columns of the same length, one row for each customer; amounts are whole minor units of one currency.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from winback.audience.arrays import Real, Whole, Words
from winback.audience.value import Regularity, RegularityLimits, ValueClass, ValueShares

FEWEST_PERIODS = 3
"""Periods that a customer's regularity needs."""


def profit(revenue_minor: Whole, margin_minor: Real, margin: float) -> Whole:
    """Profit in minor units: the margin known of a customer's orders, and revenue x `margin` where it is nan, rounded half to even."""
    known = np.where(np.isnan(margin_minor), revenue_minor * margin, margin_minor)
    return np.rint(known).astype(np.int64)


def abc(amounts_minor: Whole, keys: Words, shares: ValueShares) -> Words:
    """The `ValueClass` of each customer: gold brings `shares.gold` of the total, gold and silver together `shares.silver`.

    Counted from the largest amount down, equal amounts by key; who crosses a line stays in the class above it. Zero and negative
    amounts are copper and don't count into the total. Exact: shares are taken as the decimals they are written as.
    """
    classes: Words = np.empty(amounts_minor.size, dtype=object)
    classes[:] = ValueClass.COPPER
    order = np.lexsort((keys, -amounts_minor))
    order = order[amounts_minor[order] > 0]
    amounts = amounts_minor[order]
    before = np.cumsum(amounts) - amounts
    total = int(amounts.sum())
    for share, word in ((shares.silver, ValueClass.SILVER), (shares.gold, ValueClass.GOLD)):
        classes[order[before < _line(share, total)]] = word
    return classes


def _line(share: float, total: int) -> int:
    """The smallest whole amount at or above `share` of the total: what lies below it is what lies below the share."""
    return math.ceil(Fraction(str(share)) * total)


def variation(amounts_minor: Whole, since: Whole) -> Real:
    """Coefficient of variation of each customer's amounts over equal periods: population standard deviation / mean.

    A row of `amounts_minor` is a customer, a column a period, all of them whole ones, empty ones included; `since` is the column of
    a customer's first order, before which nothing is counted. nan under three periods, or where refunds ate everything.
    """
    lived = np.arange(amounts_minor.shape[1])[None, :] >= since[:, None]
    periods = lived.sum(axis=1)
    mean = np.where(lived, amounts_minor, 0).sum(axis=1) / np.maximum(periods, 1)
    squares = (np.where(lived, amounts_minor - mean[:, None], 0.0) ** 2).sum(axis=1)
    tells = (periods >= FEWEST_PERIODS) & (mean > 0)
    return np.where(tells, np.sqrt(squares / np.maximum(periods, 1)) / np.where(tells, mean, 1.0), np.nan)


def variation_of_sums(total: Real, squares: Real, periods: Whole) -> Real:
    """The same from each customer's sum over their periods, the sum of the squares of the periods, and how many periods there are.

    Nothing is divided before the root, so that amounts whose squares floats can hold (below 2^53) are exact at the limits of classes.
    """
    tells = (periods >= FEWEST_PERIODS) & (total > 0)
    spread = np.sqrt(np.maximum(periods * squares - total**2, 0.0))
    return np.where(tells, spread / np.where(tells, total, 1.0), np.nan)


def xyz(variation: Real, limits: RegularityLimits) -> Words:
    """The `Regularity` of each customer, a limit itself still belonging to the steadier class; None where nothing can be said."""
    classes = np.full(variation.size, None, dtype=object)
    classes[variation > limits.uneven] = Regularity.ERRATIC
    classes[variation <= limits.uneven] = Regularity.UNEVEN
    classes[variation <= limits.steady] = Regularity.STEADY
    return classes


@dataclass(frozen=True, slots=True)
class Rfm:
    """Fifths 1 to 5 of each customer; 5 bought most lately, most often, for most."""

    recency: Whole
    frequency: Whole
    money: Whole


def rfm(silent_days: Whole, purchases: Whole, revenue_minor: Whole) -> Rfm:
    """By days since the last purchase, purchases, and revenue."""
    return Rfm(fifths(-silent_days), fifths(purchases), fifths(revenue_minor))


def fifths(values: Whole) -> Whole:
    """1 to 5 by how many customers lie strictly below: the lowest fifth of them is 1.

    Equal values are never parted, so fifths differ in size: where seven of ten bought once, they are all 1 and the next are 4.
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return (1 + 5 * below // max(values.size, 1))[place]

"""What every customer is worth beside all others, how likely they are gone, and where they stand: columns in, columns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from winback.audience import chance, shrinkage, stages, value_classes, worth
from winback.audience.arrays import Real, Whole, Words
from winback.audience.chance import Fitted, History
from winback.audience.lifecycle import Lifecycle
from winback.audience.value import Value

FEWEST_CLOSED = 30
"""Lost customers from whom the length of a life is taken; below, value.yaml says it."""
_DAYS_A_YEAR = 365.25
_DAYS_A_MONTH = float(worth.DAYS_A_MONTH)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of customers, a row for each; amounts in minor units, days as ordinals and 0 for never."""

    customer: Whole  # sorted
    orders: Whole
    purchase_days: Whole
    first_on: Whole
    last_on: Whole
    revenue: Whole
    paid_orders: Whole
    margin: Whole  # where orders tell it
    margin_known: Whole  # the revenue that they tell it of
    period_sum: Real  # of revenue over equal periods up to today, and of its squares
    period_squares: Real
    recommended: Whole
    standing: Words  # "vip", "adherent", or neither
    black_listed: Whole


@dataclass(frozen=True, slots=True)
class Sample:
    """Some customers' orders, from whom the spread of orders is learnt: counts, sums and sums of squares, in minor units."""

    orders: Whole
    revenue: Real
    squares: Real


@dataclass(frozen=True, slots=True)
class Scores:
    """The columns of the table `scores`, aligned with `Known.customer`; nan where nothing can be said."""

    stage: Words
    value_class: Words  # None for who never bought
    regularity: Words
    recency: Whole
    frequency: Whole
    money: Whole
    profit: Whole
    lifetime_value: Real
    chance_lost: Real
    expected_value: Real
    basis: dict[str, Any]  # the figures of everybody that they rest on
    sentences: tuple[str, ...]  # about what could not be told, and why


@dataclass(frozen=True, slots=True)
class _Chances:
    lost: Real
    expected: Real
    basis: dict[str, Any]
    sentences: tuple[str, ...]


def score(known: Known, sample: Sample, value: Value, thresholds: Lifecycle, today: int) -> Scores:
    """Everybody's scores at the end of the day `today`."""
    bought = known.orders > 0
    profit = np.rint(known.margin + (known.revenue - known.margin_known) * value.margin).astype(np.int64)
    classes = _spread(value_classes.abc((profit if value.by == "profit" else known.revenue)[bought], known.customer[bought], value.shares), bought)
    fifths = value_classes.rfm((today - known.last_on)[bought], known.orders[bought], known.revenue[bought])
    months, whence = _months_of_life(known, value, thresholds, today)
    chances = _chances(known, sample, value, today)
    standing = stages.stages(
        stages.Columns(known.orders, known.first_on, known.last_on, known.recommended, classes, known.standing, known.black_listed),
        thresholds,
        today,
    )
    return Scores(
        standing,
        classes,
        _spread(_regularity(known, value, today)[bought], bought),
        _filled(fifths.recency, bought),
        _filled(fifths.frequency, bought),
        _filled(fifths.money, bought),
        np.where(bought, profit, 0),
        _lifetime_values(known, profit, months, today),
        chances.lost,
        chances.expected,
        {"months_of_life": round(months, 2), "months_of_life_from": whence, "by": value.by, **chances.basis},
        chances.sentences,
    )


def _regularity(known: Known, value: Value, today: int) -> Words:
    """By the coefficient of variation over equal periods from the first order to today, empty ones included."""
    periods = 1 + (today - known.first_on) // value.regularity.days
    return value_classes.xyz(value_classes.variation_of_sums(known.period_sum, known.period_squares, periods), value.regularity)


def _months_of_life(known: Known, value: Value, thresholds: Lifecycle, today: int) -> tuple[float, str]:
    """From closed customers only: who still buys has not lived their life to the end."""
    closed = (known.orders > 1) & (today - known.last_on >= thresholds.lost_after_days)
    count = int(closed.sum())
    if count < FEWEST_CLOSED:
        return value.months_of_life, "value.yaml"
    return float((known.last_on - known.first_on)[closed].mean()) / _DAYS_A_MONTH, f"{count} lost customers"


def _lifetime_values(known: Known, profit: Whole, months: float, today: int) -> Real:
    """Average check x purchases a month x margin x months, which is the customer's profit a month x months; nan without a purchase.

    A customer's months run from their first order to today and are at least one.
    """
    lived = np.maximum((today - known.first_on) / _DAYS_A_MONTH, 1.0)
    return np.where(known.paid_orders > 0, profit / lived * months, np.nan)


def _chances(known: Known, sample: Sample, value: Value, today: int) -> _Chances:
    bought, nothing = known.purchase_days > 0, np.full(known.orders.size, np.nan)
    gap = (known.last_on - known.first_on)[bought].astype(np.float64)
    past = History(known.purchase_days[bought] - 1, gap, (today - known.first_on)[bought].astype(np.float64))
    fitted = chance.fit(past)
    if not isinstance(fitted, Fitted):
        return _Chances(nothing, nothing, {}, (f"No chance is told, so no expected value either: {fitted.sentence}",))
    lost = _filled(chance.p_no_purchase(fitted, past, value.chance_for.days), bought, np.nan)
    basis: dict[str, Any] = {"days_ahead": value.chance_for.days, **{name: getattr(fitted, name) for name in ("r", "alpha", "a", "b")}}
    check = shrinkage.average_order(sample.orders, sample.revenue, sample.squares)
    rate = shrinkage.orders_a_year(np.maximum(known.purchase_days - 1, 0)[bought], _years(known)[bought])
    if check is None or rate is None:
        return _Chances(lost, nothing, basis, ("Nobody bought twice, so no expected value of a return can be told.",))
    paid = np.maximum(known.paid_orders, 1)
    order = check.shrunk(known.revenue / paid, known.paid_orders.astype(np.float64))
    years = _years(known)
    yearly = rate.shrunk((known.purchase_days - 1) / np.where(years > 0, years, 1.0), years)
    share = np.where(known.margin_known > 0, known.margin / np.maximum(known.margin_known, 1), value.margin)
    expected = (1 - lost) * np.maximum(yearly * order * share, 0.0)
    basis |= {"average_order_minor": round(check.mean), "orders_a_year": round(rate.mean, 4)}
    return _Chances(lost, np.where(known.paid_orders > 0, expected, np.nan), basis, ())


def _years(known: Known) -> Real:
    """Years from the first purchase to the last; a rate is the days with a purchase after the first, over these.

    What a customer who comes back buys in a year is what they bought while they did, not what a long silence averages it to.
    """
    years: Real = (known.last_on - known.first_on) / _DAYS_A_YEAR
    return years


def _spread(words: Words, where: Any) -> Words:
    spread: Words = np.full(where.size, None, dtype=object)
    spread[where] = words
    return spread


def _filled(column: Any, where: Any, nothing: float = 0) -> Any:
    filled = np.full(where.size, nothing, dtype=column.dtype)
    filled[where] = column
    return filled

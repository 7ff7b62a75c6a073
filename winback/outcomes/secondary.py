"""Measures beside the return rate and money per customer: each tactic against those left alone, and whether few customers decide the money.

Their p-values are adjusted together by Benjamini & Hochberg 1995: they point to where to look, and no verdict rests on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from winback.model import HOLDOUT, Money
from winback.outcomes import money, ratios, statistics
from winback.outcomes.curve import Point
from winback.outcomes.figures import ArmFigures, Figures, MoneyCell
from winback.outcomes.money import Amounts, Checked
from winback.outcomes.ratios import Joint
from winback.outcomes.statistics import Counted, Interval, MeansCompared, Moments, round_to_digits


class Measured(StrEnum):
    """What is measured."""

    ORDERS = "orders"  # per assigned customer
    MARGIN = "margin"  # per assigned customer
    CAPPED = "capped"  # revenue per assigned customer, each one's counted up to a cap declared beforehand
    AVERAGE_ORDER = "average-order"  # revenue for each purchase
    WON_BACK = "won-back"  # revenue for each unit that they used to spend in as long a time
    KEPT = "kept"  # share of those assigned who returned and bought once more
    HALF_DAY = "half-day"  # by which half of the returns had come


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one tactic; money in the currency's unit, shares as fractions. None: can't be told."""

    arm: str
    what: Measured
    ours: float | None
    left_alone: float | None
    difference: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    p_adjusted: float | None = None  # over all measures of the report

    def as_json(self) -> dict[str, object]:
        numbers = {name: round_to_digits(getattr(self, name)) for name in ("ours", "left_alone", "difference", "p_value", "p_adjusted")}
        low, high = (None, None) if self.interval is None else (self.interval.low, self.interval.high)
        return {"arm": self.arm, "measure": self.what, **numbers, "low": round_to_digits(low), "high": round_to_digits(high)}


@dataclass(frozen=True, slots=True)
class Secondary:
    """All measures, and the bootstrap's word on the money of each tactic."""

    measures: tuple[Measure, ...] = ()
    checks: tuple[tuple[str, Checked], ...] = ()  # intervals in the currency's unit


def of(figures: Figures, tactics: Sequence[str], curve: Mapping[str, Sequence[Point]], currency: str) -> Secondary:
    """Every measure that was counted; none without anybody left alone. `tactics` in their order."""
    by_arm = {arm.arm: arm for arm in figures.arms}
    holdout = by_arm.get(HOLDOUT)
    if holdout is None or not holdout.assigned:
        return Secondary()
    unit = float(Money.from_minor(1, currency).amount)
    arms = [by_arm[name] for name in tactics if name in by_arm and by_arm[name].assigned]
    knows = _Known(any(arm.margin.squares for arm in figures.arms), figures.cap_minor is not None)
    measures = [one for arm in arms for one in (*_measures(arm, holdout, unit, knows), *_half_days(arm.arm, curve))]
    return Secondary(tuple(_adjusted(measures)), tuple(_checks(arms, holdout, figures.money, unit)))


@dataclass(frozen=True, slots=True)
class _Known:
    margins: bool
    cap: bool


def _measures(arm: ArmFigures, holdout: ArmFigures, unit: float, knows: _Known) -> Iterator[Measure]:
    """Where few bought, means and ratios stand without their differences."""
    few = statistics.few_paid(*((one.returned, one.assigned) for one in (arm, holdout)))

    def mean(what: Measured, ours: Moments, theirs: Moments, unit: float) -> Measure:
        return _found(arm.arm, what, ours.mean, theirs.mean, None if few else statistics.welch(ours, theirs), unit=unit)

    def ratio(what: Measured, ours: Joint, theirs: Joint, unit: float) -> Measure:
        return _found(arm.arm, what, ours.ratio, theirs.ratio, None if few else ratios.compare(ours, theirs), unit=unit)

    if arm.ordered.squares or holdout.ordered.squares:
        yield mean(Measured.ORDERS, arm.ordered, holdout.ordered, 1.0)
    if knows.margins:
        yield mean(Measured.MARGIN, arm.margin, holdout.margin, unit)
    if knows.cap:
        yield mean(Measured.CAPPED, arm.capped, holdout.capped, unit)
    if arm.ordered.squares and holdout.ordered.squares:
        yield ratio(Measured.AVERAGE_ORDER, _orders(arm), _orders(holdout), unit)
    if arm.level.squares and holdout.level.squares:
        yield ratio(Measured.WON_BACK, _level(arm), _level(holdout), 1.0)
    if arm.kept or holdout.kept:
        yield _kept(arm, holdout)


def _found(arm: str, what: Measured, ours: float | None, theirs: float | None, found: MeansCompared | None, *, unit: float) -> Measure:
    ours, theirs = (None if value is None else value * unit for value in (ours, theirs))
    if found is None:
        return Measure(arm, what, ours, theirs)
    return Measure(arm, what, ours, theirs, found.difference * unit, Interval(found.interval.low * unit, found.interval.high * unit), found.p_value)


def _kept(arm: ArmFigures, holdout: ArmFigures) -> Measure:
    ours, theirs = Counted(arm.kept, arm.assigned), Counted(holdout.kept, holdout.assigned)
    assert ours.rate is not None
    assert theirs.rate is not None
    found = statistics.newcombe(ours, theirs)
    return Measure(arm.arm, Measured.KEPT, ours.rate, theirs.rate, ours.rate - theirs.rate, found, statistics.rates_differ(ours, theirs))


def _orders(arm: ArmFigures) -> Joint:
    return Joint(arm.assigned, arm.revenue.total, arm.ordered.total, arm.revenue.squares, arm.ordered.squares, arm.revenue_by_orders)


def _level(arm: ArmFigures) -> Joint:
    return Joint(arm.assigned, arm.revenue.total, arm.level.total, arm.revenue.squares, arm.level.squares, arm.revenue_by_level)


def _half_days(arm: str, curve: Mapping[str, Sequence[Point]]) -> Iterator[Measure]:
    ours, theirs = (_half_day(curve.get(name, ())) for name in (arm, HOLDOUT))
    if ours is not None:
        yield Measure(arm, Measured.HALF_DAY, ours, theirs, None if theirs is None else ours - theirs)


def _half_day(points: Sequence[Point]) -> float | None:
    """The day by which half of those had returned who did by the last day that anybody was followed."""
    if not points or not points[-1].rate:
        return None
    return float(next(point.day for point in points if point.rate >= points[-1].rate / 2))


def _adjusted(measures: Sequence[Measure]) -> Iterator[Measure]:
    found = iter(benjamini_hochberg([one.p_value for one in measures if one.p_value is not None]))
    for one in measures:
        adjusted = None if one.p_value is None else next(found)
        yield Measure(one.arm, one.what, one.ours, one.left_alone, one.difference, one.interval, one.p_value, adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values such that below a threshold about that share is false; in the order given (Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57)."""
    adjusted, running = [0.0] * len(p_values), 1.0
    for place, index in sorted(enumerate(sorted(range(len(p_values)), key=p_values.__getitem__), start=1), reverse=True):
        running = min(running, p_values[index] * len(p_values) / place)
        adjusted[index] = running
    return adjusted


def _checks(arms: Sequence[ArmFigures], holdout: ArmFigures, cells: Sequence[MoneyCell], unit: float) -> Iterator[tuple[str, Checked]]:
    theirs = _amounts(holdout, cells)
    for arm in arms:
        found = money.bootstrap(_amounts(arm, cells), theirs)
        if found is not None:
            yield arm.arm, replace(found, interval=Interval(found.interval.low * unit, found.interval.high * unit))


def _amounts(arm: ArmFigures, cells: Sequence[MoneyCell]) -> Amounts:
    """Customers of one cell have its mean: they are alike in their first two digits."""
    own = [cell for cell in cells if cell.arm == arm.arm and cell.customers]
    means = np.array([cell.total / cell.customers for cell in own], dtype=np.float64)
    return Amounts(arm.assigned, np.repeat(means, [cell.customers for cell in own]))

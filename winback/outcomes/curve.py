"""The share of an arm that has returned, by day after assignment (Kaplan & Meier 1958)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from winback.outcomes import statistics
from winback.outcomes.figures import CurveCell
from winback.outcomes.statistics import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """The share that returns by the end of a day, estimated from everybody as long as they were followed."""

    arm: str
    day: int  # 1 is the first 24 hours
    at_risk: int  # not returned before that day, and followed through it
    rate: float
    interval: Interval

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.arm,
            "day": self.day,
            "at_risk": self.at_risk,
            "rate": statistics.round_to_digits(self.rate),
            "low": statistics.round_to_digits(self.interval.low),
            "high": statistics.round_to_digits(self.interval.high),
        }


def draw(cells: Iterable[CurveCell], arms: Sequence[str]) -> dict[str, tuple[Point, ...]]:
    """The points of each arm, in the order of `arms`, from day 1 on, as far as anybody was followed.

    Where customers entered on different days, a day counts for those for whom it is over: a return on a day that isn't counts with the
    others of its day, among whom somebody may still return, else the curve would be too high. Where all were followed to the end, the
    curve is the plain share of those assigned, with its Wilson interval.
    """
    by_arm: dict[str, list[CurveCell]] = {}
    for cell in cells:
        by_arm.setdefault(cell.arm, []).append(cell)
    return {arm: _points(arm, by_arm[arm]) for arm in arms if arm in by_arm}


def _points(arm: str, cells: Sequence[CurveCell]) -> tuple[Point, ...]:
    points = []
    away, greenwood = 1.0, 0.0
    for day in range(1, max(cell.followed for cell in cells) + 1):
        through = [cell for cell in cells if cell.followed >= day]
        back = sum(cell.customers for cell in through if cell.day == day)
        at_risk = sum(cell.customers for cell in through if cell.day is None or cell.day >= day)
        if not at_risk:
            break
        away *= 1 - back / at_risk
        if back < at_risk:
            greenwood += back / (at_risk * (at_risk - back))
        points.append(Point(arm, day, at_risk, 1 - away, _interval(away, greenwood, at_risk)))
    return tuple(points)


def _interval(away: float, greenwood: float, at_risk: int) -> Interval:
    """Wilson's interval for as many customers as would give Greenwood's variance (Dorey & Korn 1987, Statistics in Medicine 6)."""
    back = 1 - away
    effective = back / (away * greenwood) if away and greenwood else at_risk
    return statistics.wilson(back * effective, effective)

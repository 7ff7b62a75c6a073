"""The report's charts of returns, differences and letters. Nothing here knows the page; the page's tables hold the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from winback.model import HOLDOUT
from winback.outcomes import drawing, wording
from winback.outcomes.curve import Point
from winback.outcomes.drawing import Scale
from winback.outcomes.figures import StageFigures
from winback.outcomes.report import Judged, Report
from winback.outcomes.sentences import Words
from winback.outcomes.table import rate_digits

_BARS = 380  # the funnel stands beside its table


def returns(report: Report) -> str:
    """Cumulative share returned, by day after assignment, a line and its band of intervals per arm; empty without any day."""
    curves = {arm: points for arm, points in report.curve.items() if points}
    if not curves:
        return ""
    days = max(points[-1].day for points in curves.values())
    step = drawing.nice_step(_highest(curves), 4)
    ceiling = step * math.ceil(_highest(curves) / step)
    left, top, right, bottom = 40, 8, drawing.WIDTH - 140, 250

    def x(day: float) -> float:
        return left + (right - left) * day / days

    def y(rate: float) -> float:
        return bottom - (bottom - top) * min(rate, ceiling) / ceiling

    parts = [*_grid(left, right, y, ceiling, step, words=report.words), *drawing.days(x, days, bottom, report.words)]
    colours = drawing.colour_classes(arm.name for arm in report.arms)
    ends: list[tuple[float, str, str]] = []
    for arm, points in curves.items():
        parts.append(_band(points, x, y, colours[arm]))
        parts.append(_line(points, x, y, colours[arm]))
        rate = points[-1].rate
        ends.append((y(rate), colours[arm], f"{wording.percent(rate, 1, report.words)} {wording.arm(arm, report.words)}"))
    parts += drawing.end_labels(ends, right + 6, top, bottom)
    return drawing.svg(bottom + 34, report.words["chart-curve"], parts)


def lifts(report: Report) -> str:
    """Each tactic's difference to the holdout as a dot with its interval, the truth as a diamond; empty when nothing was compared."""
    shown = [judged for judged in report.judged if judged.compared.difference is not None]
    if not shown:
        return ""
    values = [0.0, *(value for judged in shown for value in _values(judged))]
    step = drawing.nice_step(max(max(values) - min(values), 0.001), 4)
    lowest, highest = step * math.floor(min(values) / step), step * math.ceil(max(values) / step)
    left, right, top, row = 14, drawing.WIDTH - 14, 4, 46
    bottom = top + row * len(shown) + 4

    def x(value: float) -> float:
        return left + (right - left) * (value - lowest) / (highest - lowest)

    ticks = [lowest + place * step for place in range(round((highest - lowest) / step) + 1)]
    parts = [
        drawing.text(x(tick), bottom + drawing.LINE, wording.points(tick, 0 if step >= 0.01 else 1, report.words), anchor="middle") for tick in ticks
    ]
    colours = drawing.colour_classes(arm.name for arm in report.arms)
    for place, judged in enumerate(shown):
        middle = top + row * place + 32
        parts += [drawing.rule(x(tick), middle - 12, x(tick), middle + 12, "grid" if abs(tick) > step / 2 else "zero") for tick in ticks]
        parts += _whisker(report, judged, colours[judged.arm], x, middle)
    parts.append(drawing.text(drawing.WIDTH / 2, bottom + 2 * drawing.LINE + 3, report.words["axis-points"], anchor="middle", style="quiet"))
    return drawing.svg(bottom + 2 * drawing.LINE + 10, report.words["chart-lift"], parts)


def funnel(report: Report) -> str:
    """Per stage and tactic: letters sent, opened and clicked by people, as bars inside each other; empty before the first letter."""
    rows = [row for row in report.stages if row.arm != HOLDOUT and row.sent]
    if not rows:
        return ""
    most = max(row.sent for row in rows)
    parts: list[str] = []
    top = 0
    for stage, of_stage in groupby(rows, key=lambda row: row.stage):
        parts.append(drawing.text(0, top + 14, stage, style="strong"))
        top += 20
        for row in of_stage:
            parts += _bar(row, top, most, report.words)
            top += 31
    return drawing.svg(top + 4, report.words["chart-funnel"], parts, width=_BARS)


def _highest(curves: Mapping[str, Sequence[Point]]) -> float:
    """Where the scale may end: at the highest interval, but not far above the highest rate, when few were followed that long."""
    points = [point for own in curves.values() for point in own]
    return min(max(point.interval.high for point in points), max(0.005, 2 * max(point.rate for point in points)))


def _grid(left: float, right: float, y: Scale, ceiling: float, step: float, *, words: Words) -> list[str]:
    digits = 0 if step >= 0.01 else 1
    parts = []
    for place in range(round(ceiling / step) + 1):
        rate = place * step
        parts.append(drawing.rule(left, y(rate), right, y(rate), "grid"))
        parts.append(drawing.text(left - 6, y(rate) + 4, wording.percent(rate, digits, words), anchor="end"))
    return parts


def _band(points: Sequence[Point], x: Scale, y: Scale, colour: str) -> str:
    there = [f"{x(point.day):.1f},{y(point.interval.high):.1f}" for point in points]
    back = [f"{x(point.day):.1f},{y(point.interval.low):.1f}" for point in reversed(points)]
    return f'<polygon class="band {colour}" points="{x(0):.1f},{y(0):.1f} {" ".join(there + back)}"/>'


def _line(points: Sequence[Point], x: Scale, y: Scale, colour: str) -> str:
    places = [f"{x(point.day):.1f},{y(point.rate):.1f}" for point in points]
    return f'<polyline class="line {colour}" points="{x(0):.1f},{y(0):.1f} {" ".join(places)}"/>'


def _whisker(report: Report, judged: Judged, colour: str, x: Scale, middle: float) -> list[str]:
    compared, words, digits = judged.compared, report.words, rate_digits(report)
    assert compared.difference is not None
    interval = wording.span(compared.low, compared.high, times=100, digits=digits, words=words)
    said = f"{judged.arm} {wording.points(compared.difference, digits, words)} ({interval})"
    parts = [drawing.text(0, middle - 17, said, style=f"label {colour}")]
    if compared.low is not None and compared.high is not None:
        parts.append(drawing.rule(x(compared.low), middle, x(compared.high), middle, f"whisker {colour}"))
        parts += [drawing.rule(x(end), middle - 5, x(end), middle + 5, f"whisker {colour}") for end in (compared.low, compared.high)]
    parts.append(f'<circle class="dot {colour}" cx="{x(compared.difference):.1f}" cy="{middle}" r="5"/>')
    if judged.truth is not None:
        at = x(judged.truth)
        parts.append(f'<path class="truth" d="M{at:.1f} {middle - 9} l7 9 l-7 9 l-7 -9 z"/>')
    return parts


def _bar(row: StageFigures, top: float, most: int, words: Words) -> list[str]:
    shares = [f"{words[word]} {wording.percent(count / row.sent, 0, words)}" for word, count in (("opened", row.opened), ("clicked", row.clicked))]
    said = f"{row.arm}: {words['sent']} {wording.number(row.sent, 0, words)}, {', '.join(shares)}"
    bars = [
        f'<rect class="{style}" x="0" y="{top + 15}" width="{_BARS * count / most:.1f}" height="10"/>'
        for style, count in (("sent", row.sent), ("opened", row.opened), ("clicked", row.clicked))
    ]
    return [drawing.text(0, top + 11, said), *bars]


def _values(judged: Judged) -> list[float]:
    values = (judged.compared.difference, judged.compared.low, judged.compared.high, judged.truth)
    return [value for value in values if value is not None]

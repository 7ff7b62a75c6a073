"""Charts as inline SVG, coloured by the page's own style sheet (classes `arm-0`, `arm-1`... and `arm-holdout`).

Each is drawn about 460 units wide, so that its text stays readable on a phone, and carries its meaning in words for those who
can't see it. Nothing here knows the page; the page's tables hold the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import TypeAlias

from winback.model import HOLDOUT
from winback.outcomes import wording
from winback.outcomes.curve import Point
from winback.outcomes.figures import StageFigures
from winback.outcomes.report import Judged, Report
from winback.outcomes.sentences import Words

Scale: TypeAlias = Callable[[float], float]

WIDTH = 460
_LINE = 15  # height of a line of text
_BARS = 380  # the funnel stands beside its table
_COLOURS = 6


def returns(report: Report) -> str:
    """Cumulative share returned, by day after assignment, a line and its band of intervals per arm; empty without any day."""
    curves = {arm: points for arm, points in report.curve.items() if points}
    if not curves:
        return ""
    days = max(points[-1].day for points in curves.values())
    step = nice_step(_highest(curves), 4)
    ceiling = step * math.ceil(_highest(curves) / step)
    left, top, right, bottom = 40, 8, WIDTH - 140, 250

    def x(day: float) -> float:
        return left + (right - left) * day / days

    def y(rate: float) -> float:
        return bottom - (bottom - top) * min(rate, ceiling) / ceiling

    parts = [*_grid(left, right, y, ceiling, step, words=report.words), *_days(x, days, bottom, report.words)]
    colours = colour_classes(arm.name for arm in report.arms)
    ends: list[tuple[float, str, str]] = []
    for arm, points in curves.items():
        parts.append(_band(points, x, y, colours[arm]))
        parts.append(_line(points, x, y, colours[arm]))
        rate = points[-1].rate
        ends.append((y(rate), colours[arm], f"{wording.percent(rate, 1, report.words)} {wording.arm(arm, report.words)}"))
    parts += _end_labels(ends, right + 6, top, bottom)
    return _svg(bottom + 34, report.words["chart-curve"], parts)


def lifts(report: Report) -> str:
    """Each tactic's difference to the holdout as a dot with its interval, the truth as a diamond; empty when nothing was compared."""
    shown = [judged for judged in report.judged if judged.compared.difference is not None]
    if not shown:
        return ""
    values = [0.0, *(value for judged in shown for value in _values(judged))]
    step = nice_step(max(max(values) - min(values), 0.001), 4)
    lowest, highest = step * math.floor(min(values) / step), step * math.ceil(max(values) / step)
    left, right, top, row = 14, WIDTH - 14, 4, 46
    bottom = top + row * len(shown) + 4

    def x(value: float) -> float:
        return left + (right - left) * (value - lowest) / (highest - lowest)

    ticks = [lowest + place * step for place in range(round((highest - lowest) / step) + 1)]
    parts = [_text(x(tick), bottom + _LINE, wording.points(tick, 0 if step >= 0.01 else 1, report.words), anchor="middle") for tick in ticks]
    colours = colour_classes(arm.name for arm in report.arms)
    for place, judged in enumerate(shown):
        middle = top + row * place + 32
        parts += [_rule(x(tick), middle - 12, x(tick), middle + 12, "grid" if abs(tick) > step / 2 else "zero") for tick in ticks]
        parts += _whisker(judged, colours[judged.arm], x, middle, report.words)
    parts.append(_text(WIDTH / 2, bottom + 2 * _LINE + 3, report.words["axis-points"], anchor="middle", style="quiet"))
    return _svg(bottom + 2 * _LINE + 10, report.words["chart-lift"], parts)


def funnel(report: Report) -> str:
    """Per stage and tactic: letters sent, opened and clicked by people, as bars inside each other; empty before the first letter."""
    rows = [row for row in report.stages if row.arm != HOLDOUT and row.sent]
    if not rows:
        return ""
    most = max(row.sent for row in rows)
    parts: list[str] = []
    top = 0
    for stage, of_stage in groupby(rows, key=lambda row: row.stage):
        parts.append(_text(0, top + 14, stage, style="strong"))
        top += 20
        for row in of_stage:
            parts += _bar(row, top, most, report.words)
            top += 31
    return _svg(top + 4, report.words["chart-funnel"], parts, width=_BARS)


def colour_classes(arms: Iterable[str]) -> dict[str, str]:
    """The style class of each arm: the holdout's own, and the tactics' in turn."""
    tactics = [arm for arm in arms if arm != HOLDOUT]
    return {HOLDOUT: "arm-holdout", **{arm: f"arm-{place % _COLOURS}" for place, arm in enumerate(tactics)}}


def nice_step(highest: float, parts: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that divides what is up to `highest` into at most `parts` or so."""
    rough = highest / parts
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)


def _highest(curves: Mapping[str, Sequence[Point]]) -> float:
    """Where the scale may end: at the highest interval, but not far above the highest rate, when few were followed that long."""
    points = [point for own in curves.values() for point in own]
    return min(max(point.interval.high for point in points), max(0.005, 2 * max(point.rate for point in points)))


def _grid(left: float, right: float, y: Scale, ceiling: float, step: float, *, words: Words) -> list[str]:
    digits = 0 if step >= 0.01 else 1
    parts = []
    for place in range(round(ceiling / step) + 1):
        rate = place * step
        parts.append(_rule(left, y(rate), right, y(rate), "grid"))
        parts.append(_text(left - 6, y(rate) + 4, wording.percent(rate, digits, words), anchor="end"))
    return parts


def _days(x: Scale, days: int, bottom: float, words: Words) -> list[str]:
    step = max(1, round(nice_step(days, 6)))
    ticks = [_text(x(day), bottom + _LINE, str(day), anchor="middle") for day in range(0, days + 1, step)]
    return [*ticks, _text((x(0) + x(days)) / 2, bottom + 2 * _LINE, words["axis-days"], anchor="middle", style="quiet")]


def _band(points: Sequence[Point], x: Scale, y: Scale, colour: str) -> str:
    there = [f"{x(point.day):.1f},{y(point.interval.high):.1f}" for point in points]
    back = [f"{x(point.day):.1f},{y(point.interval.low):.1f}" for point in reversed(points)]
    return f'<polygon class="band {colour}" points="{x(0):.1f},{y(0):.1f} {" ".join(there + back)}"/>'


def _line(points: Sequence[Point], x: Scale, y: Scale, colour: str) -> str:
    places = [f"{x(point.day):.1f},{y(point.rate):.1f}" for point in points]
    return f'<polyline class="line {colour}" points="{x(0):.1f},{y(0):.1f} {" ".join(places)}"/>'


def _end_labels(ends: Iterable[tuple[float, str, str]], x: float, top: float, bottom: float) -> list[str]:
    """Rates and names beside the ends of their lines, from the lowest up, moved apart where they would overlap."""
    parts, lowest = [], bottom + _LINE
    for y, colour, text in sorted(ends, reverse=True):
        lowest = max(top + _LINE / 2, min(y + 4, lowest - _LINE))
        parts.append(_text(x, lowest, _short(text), style=f"label {colour}"))
    return parts


def _whisker(judged: Judged, colour: str, x: Scale, middle: float, words: Words) -> list[str]:
    compared = judged.compared
    assert compared.difference is not None
    said = f"{judged.arm} {wording.points(compared.difference, 1, words)} ({wording.span(compared.low, compared.high, times=100, words=words)})"
    parts = [_text(0, middle - 17, said, style=f"label {colour}")]
    if compared.low is not None and compared.high is not None:
        parts.append(_rule(x(compared.low), middle, x(compared.high), middle, f"whisker {colour}"))
        parts += [_rule(x(end), middle - 5, x(end), middle + 5, f"whisker {colour}") for end in (compared.low, compared.high)]
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
    return [_text(0, top + 11, said), *bars]


def _values(judged: Judged) -> list[float]:
    values = (judged.compared.difference, judged.compared.low, judged.compared.high, judged.truth)
    return [value for value in values if value is not None]


def _short(name: str, letters: int = 18) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _rule(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(text)}</text>'


def _svg(height: float, meaning: str, parts: Iterable[str], *, width: int = WIDTH) -> str:
    return f'<svg style="max-width: {width * 1.1:.0f}px" viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(meaning)}">{"".join(parts)}</svg>'

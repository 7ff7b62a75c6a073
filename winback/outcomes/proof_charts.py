"""Charts of what may be looked at on any day, and of what the trade promises."""

from __future__ import annotations

import math
from collections.abc import Sequence

from winback.model import HOLDOUT
from winback.outcomes import drawing, wording
from winback.outcomes.proofs import FollowedDay
from winback.outcomes.report import Arm, Report

PROMISED_INTEREST = 0.5
PROMISED_REGULAR = (0.15, 0.20)
"""Half of those written to show interest, 15 to 20 % become regular customers again: so say the trade's texts."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, drawing.WIDTH - 120.0, 8.0, 220.0


def followed(report: Report) -> str:
    """Each tactic's difference day by day inside a band that holds on all days at once; empty before the second day."""
    lines = {arm.name: report.proofs.followed_by(arm.name) for arm in report.tactics}
    lines = {arm: days for arm, days in lines.items() if len(days) > 1}
    if not lines:
        return ""
    last = max(days[-1].day for days in lines.values())
    low, high, step = _scale([each for days in lines.values() for each in days])

    def x(day: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * day / last

    def y(difference: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (min(max(difference, low), high) - low) / (high - low)

    parts = []
    for place in range(round((high - low) / step) + 1):
        tick = low + place * step
        parts.append(drawing.rule(_LEFT, y(tick), _RIGHT, y(tick), "grid" if abs(tick) > step / 2 else "zero"))
        parts.append(drawing.text(_LEFT - 6, y(tick) + 4, wording.points(tick, 0 if step >= 0.01 else 1, report.words), anchor="end"))
    parts += drawing.days(x, last, _BOTTOM, report.words)
    colours = drawing.colour_classes(arm.name for arm in report.arms)
    ends = []
    for arm, days in lines.items():
        there = [f"{x(each.day):.1f},{y(each.stood.interval.high):.1f}" for each in days]
        back = [f"{x(each.day):.1f},{y(each.stood.interval.low):.1f}" for each in reversed(days)]
        parts.append(f'<polygon class="band {colours[arm]}" points="{" ".join(there + back)}"/>')
        parts.append(
            f'<polyline class="line {colours[arm]}" points="{" ".join(f"{x(each.day):.1f},{y(each.stood.difference):.1f}" for each in days)}"/>'
        )
        end = days[-1].stood.difference
        ends.append((y(end), colours[arm], f"{wording.points(end, 1, report.words)} {arm}"))
    parts += drawing.end_labels(ends, _RIGHT + 6, _TOP, _BOTTOM)
    return drawing.svg(_BOTTOM + 34, report.words["chart-followed"], parts)


def promises(report: Report) -> str:
    """How many showed interest and how many bought twice, as bars beside the lines that the trade promises; empty before anybody did."""
    arms = [arm for arm in report.arms if arm.assigned]
    if not any(arm.figures.interested or arm.figures.kept for arm in arms):
        return ""
    colours = drawing.colour_classes(arm.name for arm in report.arms)
    words, parts, top = report.words, [], 0.0
    parts.append(drawing.text(0, top + 14, words["interested"], style="strong"))
    tactics = [arm for arm in arms if arm.name != HOLDOUT]
    top += 22
    begin = top
    for arm in tactics:
        parts += _bar(report, arm, arm.figures.interested / arm.assigned, 1.0, colour=colours[arm.name], top=top)
        top += 22
    parts += _reference(PROMISED_INTEREST, 1.0, begin, top, words["promise-interest"])
    top += 26
    parts.append(drawing.text(0, top + 14, words["kept"], style="strong"))
    top += 22
    begin, ceiling = top, max(0.3, *(arm.figures.kept / arm.assigned for arm in arms))
    for arm in arms:
        parts += _bar(report, arm, arm.figures.kept / arm.assigned, ceiling, colour=colours[arm.name], top=top)
        top += 22
    low, high = PROMISED_REGULAR
    band = f'<rect class="promised" x="{_at(low, ceiling):.1f}" y="{begin}" width="{_at(high, ceiling) - _at(low, ceiling):.1f}" height="{top - begin}"/>'
    parts.insert(0, band)
    parts += _reference(low, ceiling, begin, top, words["promise-regular"])
    return drawing.svg(top + 22, words["chart-promises"], parts)


_NAMES = 120.0


def _at(share: float, ceiling: float) -> float:
    return _NAMES + (drawing.WIDTH - _NAMES - 60) * share / ceiling


def _bar(report: Report, arm: Arm, share: float, ceiling: float, *, colour: str, top: float) -> list[str]:
    return [
        drawing.text(0, top + 14, drawing.short(wording.arm(arm.name, report.words))),
        f'<rect class="{colour}" x="{_NAMES}" y="{top + 4}" width="{max(0.5, _at(share, ceiling) - _NAMES):.1f}" height="12"/>',
        drawing.text(_at(share, ceiling) + 6, top + 14, wording.percent(share, 1, report.words)),
    ]


def _reference(share: float, ceiling: float, top: float, bottom: float, said: str) -> list[str]:
    x = _at(share, ceiling)
    return [drawing.rule(x, top, x, bottom + 4, "reference"), drawing.text(x, bottom + 17, said, anchor="middle", style="quiet")]


def _scale(days: Sequence[FollowedDay]) -> tuple[float, float, float]:
    """From where to where, and its step: what the last days of each line need, as first days know nothing and would take it all."""
    later = sorted(days, key=lambda each: each.stood.interval.high - each.stood.interval.low)
    seen = later[: max(1, len(later) * 3 // 4)]
    lowest, highest = min(0.0, *(each.stood.interval.low for each in seen)), max(0.0, *(each.stood.interval.high for each in seen))
    step = drawing.nice_step(max(highest - lowest, 0.001), 5)
    return step * math.floor(lowest / step), step * math.ceil(highest / step), step

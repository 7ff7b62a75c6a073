"""What charts are drawn of: inline SVG, coloured by the page's own style sheet (classes `arm-0`, `arm-1`... and `arm-holdout`).

A chart is about 460 units wide, so that its text stays readable on a phone, and carries its meaning in words for those who can't see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from typing import TypeAlias

from winback.model import HOLDOUT
from winback.outcomes.sentences import Words

Scale: TypeAlias = Callable[[float], float]

WIDTH = 460
LINE = 15
"""Height of a line of text."""
COLOURS = 6


def colour_classes(arms: Iterable[str]) -> dict[str, str]:
    """The style class of each arm: the holdout's own, and the tactics' in turn."""
    tactics = [arm for arm in arms if arm != HOLDOUT]
    return {HOLDOUT: "arm-holdout", **{arm: f"arm-{place % COLOURS}" for place, arm in enumerate(tactics)}}


def nice_step(highest: float, parts: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that divides what is up to `highest` into at most `parts` or so."""
    rough = highest / parts
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)


def days(x: Scale, last: int, bottom: float, words: Words) -> list[str]:
    step = max(1, round(nice_step(last, 6)))
    ticks = [text(x(day), bottom + LINE, str(day), anchor="middle") for day in range(0, last + 1, step)]
    return [*ticks, text((x(0) + x(last)) / 2, bottom + 2 * LINE, words["axis-days"], anchor="middle", style="quiet")]


def end_labels(ends: Iterable[tuple[float, str, str]], x: float, top: float, bottom: float) -> list[str]:
    """Rates and names beside the ends of their lines, from the lowest up, moved apart where they would overlap."""
    parts, lowest = [], bottom + LINE
    for y, colour, said in sorted(ends, reverse=True):
        lowest = max(top + LINE / 2, min(y + 4, lowest - LINE))
        parts.append(text(x, lowest, short(said), style=f"label {colour}"))
    return parts


def short(name: str, letters: int = 18) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def rule(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, said: str, *, anchor: str = "start", style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(said)}</text>'


def svg(height: float, meaning: str, parts: Iterable[str], *, width: int = WIDTH) -> str:
    return f'<svg width="{width * 1.1:.0f}" viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(meaning)}">{"".join(parts)}</svg>'

"""One measured figure, and how it is come by: rounds in which the reference and ours take turns, and their medians."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Unavailable(Exception):
    """An area can't be measured on this machine; says what is missing and where it should be."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A median over `n` rounds.

    `bar` is what may be reached at most: by the ratio to the reference where there is one, else by the figure itself. None: the figure
    is shown for information. `spread` is the range of the rounds' figures as a share of the median.
    """

    area: str
    name: str
    figure: float
    unit: str
    n: int
    spread: float
    reference: float | None = None
    bar: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.reference is None else self.figure / self.reference

    @property
    def is_ok(self) -> bool:
        measured = self.figure if self.ratio is None else self.ratio
        return self.bar is None or measured <= self.bar

    def as_json(self) -> dict[str, Any]:
        return {
            "area": self.area,
            "name": self.name,
            "figure": self.figure,
            "unit": self.unit,
            "reference": self.reference,
            "ratio": self.ratio,
            "bar": self.bar,
            "ok": self.is_ok,
            "n": self.n,
            "spread": self.spread,
        }


def compared(
    area: str, name: str, ours: Callable[[], float], *references: tuple[str, Callable[[], float], float | None], unit: str = "s", rounds: int = 7
) -> list[Figure]:
    """One figure for each reference (its name, what it measures, the bar for the ratio).

    The callables measure one round each and return its figure. They take turns, so that a machine that slows down slows all alike; the
    first round warms caches up and isn't counted.
    """
    measured: list[list[float]] = [[] for _ in (ours, *references)]
    for _ in range(rounds + 1):
        for taken, measure in zip(measured, (ours, *(reference for _, reference, _ in references)), strict=True):
            taken.append(measure())
    mine, *others = ([*taken[1:]] for taken in measured)
    return [
        Figure(area, f"{name} / {other_name}", statistics.median(mine), unit, rounds, _spread(mine), statistics.median(other), bar)
        for (other_name, _, bar), other in zip(references, others, strict=True)
    ]


def alone(area: str, name: str, ours: Callable[[], float], *, unit: str = "s", bar: float | None = None, rounds: int = 7) -> Figure:
    """A figure without a reference; the first round isn't counted."""
    mine = [ours() for _ in range(rounds + 1)][1:]
    return Figure(area, name, statistics.median(mine), unit, rounds, _spread(mine), bar=bar)


def _spread(figures: list[float]) -> float:
    return (max(figures) - min(figures)) / statistics.median(figures)

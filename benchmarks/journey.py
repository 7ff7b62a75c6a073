"""Journeys at size: stages that fall due for a million recipients, a go with nothing due, and a rehearsal of half a year."""

from __future__ import annotations

from benchmarks import enrolled_figures, rehearsal_figures
from benchmarks.figure import Figure


def figures(customers: int = 1_000_000) -> list[Figure]:
    return [*rehearsal_figures.figures(), *enrolled_figures.figures(customers)]

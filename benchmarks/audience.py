"""What is told about customers: for now the chance of no purchase."""

from __future__ import annotations

from benchmarks import chance_figures
from benchmarks.figure import Figure


def figures() -> list[Figure]:
    return chance_figures.figures()

"""What is known and told about customers: facts, cohorts, the chance of no purchase, value."""

from __future__ import annotations

from pathlib import Path

from benchmarks import chance_figures, shop_figures
from benchmarks.figure import Figure


def figures(customers: int = 1_000_000, keep: Path | None = None) -> list[Figure]:
    """Of a made-up shop of that many customers. `keep`: where its databases may stay, to be measured again."""
    return [*chance_figures.figures(), *shop_figures.figures(customers, keep)]

"""Sequential monitoring of ten tactics, and a table of a million customers: what reports ask of the statistics."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, alone
from winback.operations import experiment
from winback.outcomes import bayes, guardrails, sequence, statistics
from winback.outcomes.statistics import Counted

TACTICS, DAYS = 10, 90
MONITORING_BAR_MILLISECONDS = 20.0
TABLE_BAR_SECONDS = 5.0
ROWS = 1_000_000


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = _table(Path(folder) / "experiment.csv")
        return [
            alone(
                "outcomes",
                "monitoring 10 tactics for a day: sequences, Holm, chances, guard-rails",
                _milliseconds(_monitor),
                unit="ms",
                bar=MONITORING_BAR_MILLISECONDS,
            ),
            alone(
                "outcomes", "confidence sequences of 10 tactics over 90 days", _milliseconds(_sequences), unit="ms", bar=MONITORING_BAR_MILLISECONDS
            ),
            alone("outcomes", "a table of 1,000,000 customers, two outcomes and money", lambda: _analyse(path), bar=TABLE_BAR_SECONDS, rounds=3),
        ]


def _milliseconds(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return once


def _arms(day: int) -> tuple[dict[str, Counted], Counted]:
    """As many return by that day as if 5 % did in the end."""
    back = 1 - 0.96**day
    return {f"tactic-{n}": Counted(int(20_000 * (0.05 + n / 1000) * back), 20_000) for n in range(TACTICS)}, Counted(
        int(60_000 * 0.05 * back), 60_000
    )


def _monitor() -> None:
    tactics, left_alone = _arms(DAYS // 2)
    found = [sequence.rates(counted, left_alone) for counted in tactics.values()]
    statistics.holm([one.p_value for one in found if one is not None])
    bayes.best(tactics)
    for counted in tactics.values():
        guardrails.judge("complained", Counted(counted.successes // 20, counted.n), guardrails.COMPLAINTS)
        guardrails.judge("unsubscribed", counted, guardrails.UNSUBSCRIBED)


def _sequences() -> None:
    days = [_arms(day) for day in range(1, DAYS + 1)]
    for tactic in days[0][0]:
        sequence.rates_sequence((arms[tactic], left_alone) for arms, left_alone in days)


def _analyse(path: Path) -> float:
    began = time.perf_counter()
    experiment.analyse(path, arm="segment", control="none", outcomes=["visit", "conversion"], money=["spend"])
    return time.perf_counter() - began


def _table(path: Path) -> Path:
    dice = np.random.default_rng(1)
    arms = np.array(["mens", "womens", "none"])[dice.integers(0, 3, ROWS)].tolist()
    visit = dice.random(ROWS) < 0.15
    bought = visit & (dice.random(ROWS) < 0.06)
    spend = np.where(bought, np.round(dice.lognormal(4.5, 0.7, ROWS), 2), 0.0)
    with path.open("w", encoding="utf-8") as file:
        file.write("segment,visit,conversion,spend\n")
        file.writelines(f"{a},{v:d},{b:d},{s:g}\n" for a, v, b, s in zip(arms, visit.tolist(), bought.tolist(), spend.tolist(), strict=True))
    return path

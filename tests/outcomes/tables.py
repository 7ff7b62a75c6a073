"""Made-up experiments with a known truth, shaped like the randomised e-mail tests that have been published."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ARMS = ("Mens E-Mail", "Womens E-Mail", "No E-Mail")
VISIT = {"Mens E-Mail": 0.076, "Womens E-Mail": 0.045, "No E-Mail": 0.0}
"""What is added to a customer's own chance of a visit; to those who bought from the women's range the women's letter adds .06 more."""
SEGMENTS = ("1) $0 - $100", "2) $100 - $200", "3) $200 - $350", "4) $350 - $500", "5) $500+")


@dataclass(frozen=True)
class Experiment:
    """The columns, as they were drawn."""

    segment: np.ndarray
    recency: np.ndarray
    history: np.ndarray
    womens: np.ndarray
    visit: np.ndarray
    conversion: np.ndarray
    spend: np.ndarray
    orders: np.ndarray

    def write(self, path: Path, *, delimiter: str = ",") -> Path:
        lines = [delimiter.join(("recency", "history_segment", "womens", "segment", "visit", "conversion", "spend", "orders"))]
        lines += [
            delimiter.join((str(r), SEGMENTS[h], str(w), ARMS[a], str(v), str(c), f"{s:.2f}" if s else "0", str(o)))
            for r, h, w, a, v, c, s, o in zip(
                self.recency.tolist(), self.history.tolist(), self.womens.tolist(), self.segment.tolist(), self.visit.tolist(),
                self.conversion.tolist(), self.spend.tolist(), self.orders.tolist(), strict=True,
            )
        ]  # fmt: skip
        text = ("\r\n".join(lines) + "\r\n").encode()
        path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)
        return path


def draw(customers: int, seed: int) -> Experiment:
    """Three arms of a third each; about 15 % visit, 1 % buy, 116 apiece."""
    dice = np.random.default_rng(seed)
    segment, recency = dice.integers(0, 3, customers), dice.integers(1, 13, customers)
    history, womens = dice.choice(5, customers, p=[0.42, 0.22, 0.2, 0.1, 0.06]), dice.integers(0, 2, customers)
    added = np.array([VISIT[arm] for arm in ARMS])[segment] + np.where(segment == 1, (2 * womens - 1) * 0.03, 0.0)
    visit = (dice.random(customers) < 0.15 - 0.005 * recency + 0.012 * history + added).astype(int)
    conversion = visit * (dice.random(customers) < 0.06)
    orders = conversion * (1 + (dice.random(customers) < 0.2))
    spend = np.round(conversion * dice.lognormal(4.5, 0.7, customers) * orders, 2)
    return Experiment(segment, recency, history, womens, visit, conversion.astype(int), spend, orders.astype(int))

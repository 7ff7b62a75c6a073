"""Shares of tactics for the next wave of a campaign that recurs, by what is known after the last (Thompson 1933, Biometrika 25)."""

from __future__ import annotations

from collections.abc import Mapping

from winback.outcomes import bayes
from winback.outcomes.statistics import Counted

FLOOR = 0.1
"""What no tactic's share falls below: who is written to by nobody is learnt of no more."""


def thompson(tactics: Mapping[str, Counted], floor: float = FLOOR) -> dict[str, float]:
    """Parts of those written to, adding up to 1: the floor for each tactic, and the rest by its chance of being the best.

    Of windows that have closed only; the holdout's share is none of these and stays as it is. Raises ValueError where floors don't fit.
    """
    rest = 1 - floor * len(tactics)
    if floor < 0 or rest < -1e-9:
        raise ValueError(f"{len(tactics)} tactics can't have {floor:g} each")
    standing = bayes.best(tactics)
    return {name: floor + max(0.0, rest) * standing[name].best for name in tactics}

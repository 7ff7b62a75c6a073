"""How well a definition of "lost" would have told those who stayed away from those who were merely slow.

Everybody is judged by what was known on a past day, the cut, and held against what they did in the window after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Flags, Real, Whole


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition of "lost" at the cut: whom it picks, and how sure it is of each.

    `score` is the higher the more surely lost, nan where the definition can't say. A plain yes or no scores 1 or 0.
    """

    name: str
    picked: Flags
    score: Real

    def __post_init__(self) -> None:
        if self.picked.shape != self.score.shape:
            raise ValueError(f"{self.name}: one score for each customer")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one definition did. Shares are fractions; None where nobody is there to count."""

    name: str
    picked: int
    ordered_again: int  # of those picked, within the window: they were merely slow
    share_again: float | None
    share_again_of_others: float | None
    auc: float | None  # the chance that one who stayed away scores above one who came back: 1 tells all apart, 0.5 is guessing
    precision: float | None  # share that stayed away among the `equal_size` with the highest scores
    equal_size: int  # what the first definition picks

    @property
    def precision_of_picked(self) -> float | None:
        """Share that stayed away among those picked."""
        return None if self.share_again is None else 1 - self.share_again


def compare(definitions: Sequence[Definition], ordered_again: Flags) -> tuple[Standing, ...]:
    """One row for each definition, over the same customers in the same order.

    Definitions pick groups of different sizes, and a smaller one is easily more precise; so each is also judged on its highest scores,
    as many as the first definition picks.
    """
    size = int(definitions[0].picked.sum())
    return tuple(_standing(definition, ordered_again, size) for definition in definitions)


def _standing(definition: Definition, ordered_again: Flags, equal_size: int) -> Standing:
    picked, score = definition.picked, np.where(np.isnan(definition.score), -np.inf, definition.score)
    again = int((picked & ordered_again).sum())
    return Standing(
        definition.name,
        int(picked.sum()),
        again,
        _share(again, int(picked.sum())),
        _share(int((~picked & ordered_again).sum()), int((~picked).sum())),
        auc(score, ~ordered_again),
        precision(score, ~ordered_again, equal_size),
        equal_size,
    )


def highest(score: Real, size: int) -> Flags:
    """The `size` highest scores, fewer where fewer can be told (nan is never picked).

    Of equal scores at the border as many as fit, taken evenly from the first to the last of them: columns often stand in the order in
    which customers came, and neither the oldest nor the newest should be preferred.
    """
    told = ~np.isnan(score)
    size = min(size, int(told.sum()))
    if not size:
        return np.zeros(score.size, dtype=bool)
    border = np.sort(score[told])[-size]
    picked: Flags = told & (score > border)
    equal = np.flatnonzero(score == border)
    room = size - int(picked.sum())
    picked[equal[np.arange(room) * equal.size // room]] = True
    return picked


def auc(score: Real, is_positive: Flags) -> float | None:
    """Area under the ROC curve: Mann and Whitney's U over the number of pairs, an equal pair counting half (Hanley & McNeil 1982).

    None when there are only positives or only others.
    """
    positives = int(is_positive.sum())
    others = is_positive.size - positives
    if not positives or not others:
        return None
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of each value
    u = rank[place][is_positive].sum() - positives * (positives + 1) / 2
    return float(u / (positives * others))


def precision(score: Real, is_positive: Flags, size: int) -> float | None:
    """Share of positives among the `size` highest scores; of equal scores at the border as many as fit, on average. None for nobody."""
    size = min(size, score.size)
    if not size:
        return None
    values, place, counts = np.unique(-score, return_inverse=True, return_counts=True)
    positives = np.bincount(place, weights=is_positive, minlength=values.size)
    taken = _taken(counts, size)
    return float((positives * taken / counts).sum() / size)


def _taken(counts: Whole, size: int) -> Whole:
    """How many of each value are among the first `size`."""
    before = np.cumsum(counts) - counts
    taken: Whole = np.clip(size - before, 0, counts)
    return taken


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

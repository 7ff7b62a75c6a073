"""Who to write to next time: customers ranked by the effect that is believed of their kind, and the ranking judged on others.

A customer's score is the effect on all, and what each of their kinds (value class, language...) is believed to add to it after
shrinkage (segments.py). A ranking always looks well on the customers it was made from; so one half makes it, and the other half judges
it by its Qini curve (Radcliffe 2007, "Using control groups to target on predicted lift"): the extra returns, per customer written to,
from writing to the best-ranked share only, against writing to as many picked blindly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Flags, Real, Whole
from winback.outcomes import segments
from winback.outcomes.statistics import LEVEL, Counted, Interval, round_to_digits
from winback.outcomes.strata import Stratum

Kind = tuple[str, ...]
"""A customer's value in each of the columns that the ranking knows of."""
_STEPS = 100
_REPLICATES = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers of both arms who are alike in every column."""

    kind: Kind
    ours: Counted
    theirs: Counted


@dataclass(frozen=True, slots=True)
class Scored:
    """Customers of one kind, and what writing to one of them is believed to change: extra returns per customer."""

    kind: Kind
    customers: int
    believed: float


@dataclass(frozen=True, slots=True)
class Step:
    """Writing to this share of customers, the best-ranked first."""

    share: float
    gain: float  # extra returns per customer of the tactic's arm, whole arm
    blind: float  # the same from as many picked blindly

    def as_json(self) -> dict[str, object]:
        return {name: round_to_digits(getattr(self, name)) for name in ("share", "gain", "blind")}


@dataclass(frozen=True, slots=True)
class Qini:
    """How good a ranking is on customers that it wasn't made from."""

    curve: tuple[Step, ...]
    coefficient: float  # the area between the curve and the blind line
    interval: Interval

    @property
    def helps(self) -> bool:
        """Whether it is better than picking blindly, beyond chance."""
        return self.interval.low > 0

    def as_json(self) -> dict[str, object]:
        return {
            "qini": round_to_digits(self.coefficient),
            "low": round_to_digits(self.interval.low),
            "high": round_to_digits(self.interval.high),
            "helps": self.helps,
            "curve": [step.as_json() for step in self.curve],
        }


def is_held_out(first: int, count: int) -> Flags:
    """Which rows of a table, from the first on, judge and don't teach: one half by a hash of the row's number (SplitMix64), whatever its order."""
    bits = (np.arange(first, first + count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return ((bits ^ (bits >> np.uint64(31))) & np.uint64(1)).astype(np.bool_)


def scores(taught: Sequence[Cell], kinds: Sequence[Kind]) -> dict[Kind, float]:
    """A score for each kind, from the cells that teach; the higher, the more writing is believed to change."""
    if not kinds:
        return {}
    everybody = _difference(taught)
    added = [_added(taught, place, everybody) for place in range(len(kinds[0]))]
    return {kind: everybody + sum(column.get(value, 0.0) for column, value in zip(added, kind, strict=True)) for kind in kinds}


def best_first(cells: Sequence[Cell], scored: Mapping[Kind, float]) -> tuple[Scored, ...]:
    """Every kind with its customers of all cells, in the order in which to write to them."""
    customers: dict[Kind, int] = {}
    for cell in cells:
        customers[cell.kind] = customers.get(cell.kind, 0) + cell.ours.n + cell.theirs.n
    return tuple(Scored(kind, customers[kind], scored[kind]) for kind in sorted(customers, key=lambda kind: (-scored[kind], kind)))


def qini(judging: Sequence[Cell], scored: Mapping[Kind, float], *, level: float = LEVEL, seed: int = 0) -> Qini | None:
    """The ranking's curve and coefficient, its interval by resampling customers inside each arm. None where an arm is empty."""
    groups = _ranked(judging, scored)
    if not groups[:, 1].sum() or not groups[:, 3].sum():
        return None
    gains = _gains(groups[None, :, :])
    shares = _shares(groups)
    dice = np.random.default_rng(seed)
    drawn = np.concatenate([_resampled(groups[:, 0:2], dice), _resampled(groups[:, 2:4], dice)], axis=2)
    areas = _area(_gains(drawn), shares)
    low, high = (float(bound) for bound in np.quantile(areas, ((1 - level) / 2, (1 + level) / 2)))
    curve = (
        Step(0.0, 0.0, 0.0),
        *(Step(share, gain, share * float(gains[0, -1])) for share, gain in zip(shares.tolist(), gains[0].tolist(), strict=True)),
    )
    return Qini(curve, float(_area(gains, shares)[0]), Interval(low, high))


def _added(taught: Sequence[Cell], place: int, everybody: float) -> Mapping[str, float]:
    """What each value of a column is believed to add to everybody's effect."""
    table: dict[str, list[int]] = {}
    for cell in taught:
        sums = table.setdefault(cell.kind[place], [0, 0, 0, 0])
        for at, part in enumerate((cell.ours.successes, cell.ours.n, cell.theirs.successes, cell.theirs.n)):
            sums[at] += part
    found = segments.of_rates([Stratum(value, Counted(s[0], s[1]), Counted(s[2], s[3])) for value, s in table.items()])
    return {} if found is None else {row.value: row.believed.value - everybody for row in found.rows}


def _difference(cells: Sequence[Cell]) -> float:
    ours, theirs = sum(cell.ours.n for cell in cells), sum(cell.theirs.n for cell in cells)
    if not ours or not theirs:
        return 0.0
    return sum(cell.ours.successes for cell in cells) / ours - sum(cell.theirs.successes for cell in cells) / theirs


def _ranked(cells: Sequence[Cell], scored: Mapping[Kind, float]) -> Whole:
    """Rows of (our returns, our customers, their returns, their customers), best-ranked first, in at most `_STEPS` groups of equal scores or like size."""
    ordered = sorted(cells, key=lambda cell: (-scored[cell.kind], cell.kind))
    whole = sum(cell.ours.n + cell.theirs.n for cell in cells)
    rows: list[list[int]] = []
    full, before = 0.0, None
    for cell in ordered:
        size = cell.ours.n + cell.theirs.n
        score = scored[cell.kind]
        if before is None or (score != before and full * _STEPS >= whole):
            rows.append([0, 0, 0, 0])
            full = 0.0
        for at, part in enumerate((cell.ours.successes, cell.ours.n, cell.theirs.successes, cell.theirs.n)):
            rows[-1][at] += part
        full, before = full + size, score
    return np.array(rows or [[0, 0, 0, 0]], dtype=np.int64)


def _gains(groups: Whole) -> Real:
    """Radcliffe's curve: extra returns among those of the tactic so far, over its whole arm; of each replicate."""
    did, n, theirs_did, theirs_n = (np.cumsum(groups[:, :, at], axis=1).astype(np.float64) for at in range(4))
    expected = np.divide(theirs_did * n, theirs_n, out=np.zeros_like(n), where=theirs_n > 0)
    return np.asarray((did - expected) / n[:, -1:])


def _shares(groups: Whole) -> Real:
    sizes = np.cumsum(groups[:, 1] + groups[:, 3]).astype(np.float64)
    return np.asarray(sizes / sizes[-1])


def _area(gains: Real, shares: Real) -> Real:
    """Between each curve and the line from nothing to its end."""
    over = gains - gains[:, -1:] * shares
    steps = np.diff(shares, prepend=0.0)
    before = np.concatenate([np.zeros((gains.shape[0], 1)), over[:, :-1]], axis=1)
    return np.asarray(((over + before) / 2) @ steps)


def _resampled(groups: Whole, dice: np.random.Generator) -> Whole:
    """Returns and customers per group of arms drawn again with replacement."""
    did, n = groups[:, 0], groups[:, 1]
    weights = np.concatenate([did, n - did]).astype(np.float64)
    drawn = dice.multinomial(int(n.sum()), weights / weights.sum(), size=_REPLICATES)
    return np.stack([drawn[:, : did.size], drawn[:, : did.size] + drawn[:, did.size :]], axis=2)

"""What is added up of a table of customers: by arm and kind of customer, however the table is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from winback.outcomes.analysis import ArmTotals
from winback.outcomes.money import Amounts
from winback.outcomes.ratios import Joint
from winback.outcomes.statistics import Counted, Moments
from winback.outcomes.strata import MoneyStratum, Stratum
from winback.outcomes.uplift import Cell

MOST_ARMS = 50
"""More different values than this are no arms: the column is another one."""
MOST_KINDS = 200
"""The same of kinds of customers."""

YES_NO = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y"), True),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n"), False),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which columns of the table mean what."""

    arm: str
    outcomes: tuple[str, ...] = ()  # yes or no
    money: tuple[str, ...] = ()
    ratios: tuple[tuple[str, str], ...] = ()  # numerator / denominator, both columns of amounts
    kinds: tuple[str, ...] = ()  # columns of segments and strata
    is_halved: bool = False  # one half of the customers judges what the other half taught

    @property
    def amounts(self) -> tuple[str, ...]:
        """Every column that is read as a number."""
        return tuple(dict.fromkeys((*self.money, *(column for pair in self.ratios for column in pair))))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.arm, *self.outcomes, *self.amounts, *self.kinds)))


@dataclass(slots=True)
class Sums:
    """What has been read so far of customers of one arm and one kind."""

    n: int
    did: list[int]
    totals: list[float]
    squares: list[float]


Key = tuple[str, tuple[str, ...], bool]
"""Arm, kinds, held out."""


@dataclass(slots=True)
class Tally:
    """Everything that was read."""

    asked: Asked
    cells: dict[Key, Sums] = field(default_factory=dict)
    products: dict[tuple[str, int], list[float]] = field(default_factory=dict)  # (arm, ratio) -> yy, xx, xy and y, x
    paid: dict[tuple[str, int], list[Any]] = field(default_factory=dict)  # (arm, money column) -> pieces that aren't zero
    arms: dict[str, None] = field(default_factory=dict)  # in the order in which they came

    def cell(self, key: Key) -> Sums:
        self.arms.setdefault(key[0])
        found = self.cells.get(key)
        if found is None:
            columns = len(self.asked.money)
            found = self.cells[key] = Sums(0, [0] * len(self.asked.outcomes), [0.0] * columns, [0.0] * columns)
        return found

    def product(self, arm: str, ratio: int) -> list[float]:
        return self.products.setdefault((arm, ratio), [0.0] * 5)

    def totals(self) -> list[ArmTotals]:
        """Each arm with its rates, money and ratios."""
        return [self._totals(arm) for arm in self.arms]

    def amounts(self, arm: str, place: int) -> Amounts:
        """One arm's money of one column."""
        return Amounts.joined(self._assigned(arm), self.paid.get((arm, place), []))

    def strata(self, columns: Sequence[str], outcome: int, arm: str, control: str) -> list[Stratum]:
        """Both arms' counts of an outcome by kind; of several columns by all of them together."""
        sums = self._by_kind(columns)
        return [
            Stratum(", ".join(kind), _counted(by_arm.get(arm), outcome), _counted(by_arm.get(control), outcome)) for kind, by_arm in _sorted(sums)
        ]

    def money_strata(self, columns: Sequence[str], place: int, arm: str, control: str) -> list[MoneyStratum]:
        sums = self._by_kind(columns)
        return [
            MoneyStratum(", ".join(kind), _moments(by_arm.get(arm), place), _moments(by_arm.get(control), place)) for kind, by_arm in _sorted(sums)
        ]

    def uplift_cells(self, columns: Sequence[str], outcome: int, arm: str, control: str, *, held_out: bool) -> list[Cell]:
        sums = self._by_kind(columns, held_out=held_out)
        return [Cell(kind, _counted(by_arm.get(arm), outcome), _counted(by_arm.get(control), outcome)) for kind, by_arm in _sorted(sums)]

    def _by_kind(self, columns: Sequence[str], *, held_out: bool | None = None) -> dict[tuple[str, ...], dict[str, Sums]]:
        places = [self.asked.kinds.index(column) for column in columns]
        found: dict[tuple[str, ...], dict[str, Sums]] = {}
        for (arm, kinds, half), sums in self.cells.items():
            if held_out is None or half is held_out:
                by_arm = found.setdefault(tuple(kinds[place] for place in places), {})
                by_arm[arm] = _added(by_arm[arm], sums) if arm in by_arm else sums
        return found

    def _totals(self, arm: str) -> ArmTotals:
        whole: Sums | None = None
        for (name, _, _), sums in self.cells.items():
            if name == arm:
                whole = sums if whole is None else _added(whole, sums)
        assert whole is not None
        amounts = {column: self.amounts(arm, place) for place, column in enumerate(self.asked.money)}
        joints = {f"{y}/{x}": self._joint(arm, place, whole.n) for place, (y, x) in enumerate(self.asked.ratios)}
        return ArmTotals(
            arm, whole.n, {column: Counted(whole.did[place], whole.n) for place, column in enumerate(self.asked.outcomes)},
            {column: one.moments() for column, one in amounts.items()}, joints, {column: one.payers for column, one in amounts.items()},
        )  # fmt: skip

    def _joint(self, arm: str, place: int, n: int) -> Joint:
        yy, xx, xy, y, x = self.product(arm, place)
        return Joint(n, y, x, yy, xx, xy)

    def _assigned(self, arm: str) -> int:
        return sum(sums.n for (name, _, _), sums in self.cells.items() if name == arm)


def _sorted(sums: Mapping[tuple[str, ...], dict[str, Sums]]) -> Iterator[tuple[tuple[str, ...], dict[str, Sums]]]:
    """Kinds in their own order: numbers by size, words by the alphabet."""
    yield from sorted(sums.items(), key=lambda item: tuple(_rank(value) for value in item[0]))


def _rank(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return float("inf"), value


def _added(one: Sums, other: Sums) -> Sums:
    return Sums(
        one.n + other.n,
        [a + b for a, b in zip(one.did, other.did, strict=True)],
        [a + b for a, b in zip(one.totals, other.totals, strict=True)],
        [a + b for a, b in zip(one.squares, other.squares, strict=True)],
    )


def _counted(sums: Sums | None, outcome: int) -> Counted:
    return Counted(0, 0) if sums is None else Counted(sums.did[outcome], sums.n)


def _moments(sums: Sums | None, place: int) -> Moments:
    return Moments(0, 0.0, 0.0) if sums is None else Moments(sums.n, sums.totals[place], sums.squares[place])

"""What became of the shop's customers between two days: how many stayed, left, and came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from winback.audience.lifecycle import Stage
from winback.speech import N_, called, said

_BUYING = frozenset(Stage) - {Stage.POTENTIAL, Stage.BLACK_LIST, Stage.LOST}


@dataclass(frozen=True, slots=True)
class Retention:
    """How many of those who were there stayed, over a month or a quarter."""

    at_start: int  # S
    new: int  # N: their first purchase ever lies in the period
    at_end: int  # E
    stayed: int  # there at the start and at the end

    @property
    def left(self) -> int:
        """Were there, and are no more. S + new + came back - left = E."""
        return self.at_start - self.stayed

    @property
    def came_back(self) -> int:
        """Had bought before, were not there at the start, and are at the end."""
        return self.at_end - self.new - self.stayed

    @property
    def crr(self) -> float | None:
        """(E - N) / S x 100, the trade's figure, in per cent; None where nobody was there.

        Who came back sits in E but not in N, so it is too good by them, and can pass 100.
        """
        return (self.at_end - self.new) / self.at_start * 100 if self.at_start else None

    @property
    def strict(self) -> float | None:
        """The same counting only those who stayed: |S and E| / S x 100; None where nobody was there."""
        return self.stayed / self.at_start * 100 if self.at_start else None


def retention(at_start: AbstractSet[str], at_end: AbstractSet[str], new: AbstractSet[str]) -> Retention:
    """From the keys of the customers there at the start and the end, and of all first-ever buyers of the period.

    A first-ever buyer who is gone again by the end counts nowhere.
    """
    return Retention(len(at_start), len(new & at_end), len(at_end), len(at_start & at_end))


@dataclass(frozen=True, slots=True)
class Change:
    """A customer is in another stage than before."""

    since: date
    before: Stage | None  # None: not known before
    stage: Stage

    @property
    def told(self) -> str:
        """For people."""
        stage = called(str(self.stage), "stage")
        if not self.before:
            return said(N_("%(stage)s, first noted on %(day)s"), stage=stage, day=self.since)
        return said(N_("%(stage)s, since %(day)s; %(before)s before"), stage=stage, day=self.since, before=called(str(self.before), "stage"))


@dataclass(frozen=True, slots=True)
class Movements:
    """Customers by the stage they were in and the one they are in; None is "not known then" before, and "no more known" after."""

    counts: Mapping[tuple[Stage | None, Stage | None], int]

    @property
    def left(self) -> int:
        """Were buying, and are lost."""
        return sum(count for (before, after), count in self.counts.items() if before in _BUYING and after is Stage.LOST)

    @property
    def came_back(self) -> int:
        """Were lost, and are buying."""
        return sum(count for (before, after), count in self.counts.items() if before is Stage.LOST and after in _BUYING)


def movements(before: Mapping[str, Stage], after: Mapping[str, Stage]) -> Movements:
    """Between two snapshots of every customer's stage by key; who stayed in a stage is counted too, so that rows add up."""
    return Movements(Counter((before.get(key), after.get(key)) for key in before.keys() | after.keys()))

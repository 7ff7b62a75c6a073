"""A run whose shares changed from wave to wave: its arms as they stood in each, and all that a report tells of them, by the same weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from winback.model import HOLDOUT
from winback.outcomes import comparison, sequence, statistics, waves
from winback.outcomes.comparison import RETURNED, REVENUE, Comparison
from winback.outcomes.figures import CellFigures, Dimension, Figures
from winback.outcomes.statistics import LEVEL, Counted, Interval, Moments

Sums = Literal["revenue", "margin"]


@dataclass(frozen=True, slots=True)
class ByWave:
    """Every wave's cells by arm, and whether all windows are over. Money is in minor units."""

    waves: tuple[Mapping[str, CellFigures], ...]
    closed: bool

    @classmethod
    def of(cls, figures: Figures, *, closed: bool) -> ByWave | None:
        """None where shares never changed."""
        cells = [cell for cell in figures.strata if cell.dimension is Dimension.WAVE] if len(figures.waves) > 1 else []
        each = {value: {cell.arm: cell for cell in cells if cell.value == value} for value in dict.fromkeys(cell.value for cell in cells)}
        return cls(tuple(each.values()), closed) if each else None

    def rates(self, one: str, other: str) -> Comparison:
        """Return rates, wave by wave."""
        found = waves.rates if self.closed else waves.rates_so_far
        return comparison.of_means(RETURNED, one, other, found(self._returned(), one, other))

    def revenue(self, one: str, other: str, unit: float) -> Comparison:
        """Money per customer, in the currency's unit, wave by wave."""
        if self.closed:
            found = waves.money(self._sums("revenue", unit), one, other)
            if found is not None and self._few_paid([one], other):
                return Comparison(REVENUE, one, other, found.difference)
            return comparison.of_means(REVENUE, one, other, found)
        return comparison.of_means(REVENUE, one, other, sequence.money_by_wave(self._pairs("revenue", one, other, unit)))

    def counted(self, one: str, other: str) -> tuple[Counted, Counted]:
        """How many came back, with the rates whose difference `rates` is."""
        return waves.weighted(self._returned(), one, other, closed=self.closed)

    def detectable(self, one: str, other: str, alpha: float) -> float | None:
        """The rise that would probably show."""
        return waves.detectable(self._returned(), one, other, closed=self.closed, alpha=alpha)

    def brought(self, tactics: Mapping[str, int], of: Sums) -> tuple[float, Interval | None] | None:
        """What tactics of so many customers brought beyond what those left alone show, in minor units.

        Without an interval where too few paid. While windows are open each tactic's sequence is taken at a level at which all of them hold together, and they are added.
        """
        if self.closed:
            found = waves.total(self._sums(of), tactics, HOLDOUT)
            return (found[0], None) if found is not None and self._few_paid(tactics, HOLDOUT) else found
        level = 1 - (1 - LEVEL) / len(tactics)
        each = [(customers, sequence.money_by_wave(self._pairs(of, arm, HOLDOUT), level)) for arm, customers in tactics.items()]
        known = [(customers, found) for customers, found in each if found is not None]
        if not known:
            return None
        low, high = sum(n * one.interval.low for n, one in known), sum(n * one.interval.high for n, one in known)
        return sum(n * one.difference for n, one in known), Interval(low, high)

    def _few_paid(self, tactics: Iterable[str], against: str) -> bool:
        """Whether too few of all waves paid to compare money once they are over (`statistics.few_paid`)."""
        sides = ([cell for wave in self.waves for arm, cell in wave.items() if arm in names] for names in (set(tactics), {against}))
        return statistics.few_paid(*((sum(cell.returned for cell in side), sum(cell.assigned for cell in side)) for side in sides))

    def _returned(self) -> list[Mapping[str, Counted]]:
        return [{arm: Counted(cell.returned, cell.assigned) for arm, cell in wave.items()} for wave in self.waves]

    def _sums(self, of: Sums, unit: float = 1.0) -> list[Mapping[str, Moments]]:
        return [{arm: _in_units(cell, of, unit) for arm, cell in wave.items()} for wave in self.waves]

    def _pairs(self, of: Sums, one: str, other: str, unit: float = 1.0) -> Sequence[tuple[Moments, Moments, int]]:
        """With how many paid."""
        both = [(wave[one], wave[other]) for wave in self.waves if one in wave and other in wave]
        return [(_in_units(ours, of, unit), _in_units(theirs, of, unit), ours.returned + theirs.returned) for ours, theirs in both]


def _in_units(cell: CellFigures, of: Sums, unit: float) -> Moments:
    minor: Moments = getattr(cell, of)
    return Moments(minor.n, minor.total * unit, minor.squares * unit * unit)

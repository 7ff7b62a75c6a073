"""What so many customers can show, said before anything is sent; and what to do where it isn't enough."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from winback.model import HOLDOUT
from winback.outcomes import statistics
from winback.outcomes.statistics import ALPHA, POWER, round_to_digits
from winback.speech import N_, either, figure, numbered, said

_TACTICS = {1: N_("one tactic"), 2: N_("two tactics"), 3: N_("three tactics"), 4: N_("four tactics"), 5: N_("five tactics")}


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan's power. Rates and lifts are fractions; the smallest lift and the power are those of the smallest tactic."""

    customers: int  # of all arms
    tactics: int
    base: float  # the share that is assumed to return by itself
    detectable: float | None  # the lift over the base that shows four times out of five; None: none would
    hoped: float | None  # the lift that the campaign hopes for
    power: float | None  # the chance that the hoped lift shows
    needed: int | None  # customers of all arms with which it shows four times out of five
    weeks: int | None  # of collecting until there are that many; None: not needed, or nobody comes in
    tactics_enough: int | None  # with so many tactics (fewer than now) today's customers are enough; None: not needed, or not even with one

    @property
    def is_enough(self) -> bool:
        """Whether the hoped lift shows four times out of five; true where nothing was hoped for."""
        return self.hoped is None or (self.detectable is not None and self.detectable <= self.hoped)

    @property
    def sentence(self) -> str:
        """In words, with the way out where the customers aren't enough."""
        told: dict[str, str] = {"customers": figure(self.customers)}
        if self.detectable is None:
            can = said(N_("With %(customers)s customers no lift, however large, would probably show"), **told)
        else:
            told |= {"points": _points(self.detectable), "rate": figure(Decimal(f"{100 * self.base:g}"))}
            can = said(
                N_("With %(customers)s customers you can see a lift of %(points)s points over the %(rate)s %% who return by themselves"), **told
            )
        if self.hoped is None:
            return said(N_("%(can)s (80 %% power)."), can=can) if self.detectable is not None else said("%(can)s.", can=can)
        if self.is_enough:
            chance = math.floor(100 * (self.power or 0.0))
            sentence = N_("%(can)s; you hope for %(hoped)s: it would show with a chance of %(chance)s %%.")
            return said(sentence, can=can, hoped=_points(self.hoped), chance=chance)
        return said(N_("%(can)s; you hope for %(hoped)s: %(way)s."), can=can, hoped=_points(self.hoped), way=either(self._ways()))

    def _ways(self) -> Iterator[str]:
        """What helps where the customers aren't enough."""
        if self.weeks is not None:
            yield numbered("collect for %(num)s week", "collect for %(num)s weeks", self.weeks)
        if self.tactics_enough is not None:
            yield said(
                N_("drop to %(tactics)s"), tactics=said(_TACTICS.get(self.tactics_enough, N_("%(number)s tactics")), number=self.tactics_enough)
            )
        if self.weeks is None and self.tactics_enough is None:
            yield said(N_("gather %(customers)s customers, or don't count on a proof"), customers=figure(self.needed or 0))

    def as_json(self) -> dict[str, object]:
        return {
            "customers": self.customers,
            "tactics": self.tactics,
            "base_rate": self.base,
            "detectable_difference": round_to_digits(self.detectable),
            "hoped_lift": self.hoped,
            "power": round_to_digits(self.power),
            "customers_needed": self.needed,
            "weeks": self.weeks,
            "tactics_enough": self.tactics_enough,
            "sentence": self.sentence,
        }


def planned(customers: int, shares: Mapping[str, float], base: float, hoped: float | None = None, *, per_week: float | None = None) -> Planned | None:
    """What `customers` show, divided by `shares` (all arms, the holdout among them), when `base` return by themselves.

    `per_week` is how many join the cohort in a week. None where nobody is left alone or nobody written to: there is nothing to compare.
    A verdict uses Holm's p-values, so that each of k tactics is planned for at alpha / k.
    """
    tactics = {name: share for name, share in shares.items() if name != HOLDOUT and share > 0}
    left_alone = shares.get(HOLDOUT, 0.0)
    if not tactics or left_alone <= 0:
        return None
    smallest = min(tactics.values())
    detectable = _detectable(customers, smallest, left_alone, base, len(tactics))
    power = needed = weeks = enough = None
    if hoped is not None:
        chance = statistics.power_of(base, hoped, round(customers * smallest), round(customers * left_alone), alpha=ALPHA / len(tactics))
        power = 0.0 if chance is None else chance
        needed = _needed(smallest, left_alone, base, hoped, len(tactics))
        if power < POWER and needed is not None:
            weeks = math.ceil(max(0, needed - customers) / per_week) or 1 if per_week else None
            enough = _fewer(customers, left_alone, base, hoped, len(tactics))
    return Planned(customers, len(tactics), base, detectable, hoped, power, needed, weeks, enough)


def _detectable(customers: float, share: float, left_alone: float, base: float, tactics: int) -> float | None:
    return statistics.detectable_difference(base, round(customers * share), round(customers * left_alone), alpha=ALPHA / tactics)


def _needed(share: float, left_alone: float, base: float, hoped: float, tactics: int) -> int | None:
    """Customers of all arms; None where the base and the hope don't fit below 1."""
    if base + hoped >= 1:
        return None
    return math.ceil(statistics.n_per_arm(base, base + hoped, ratio=share / left_alone, alpha=ALPHA / tactics) / left_alone)


def _fewer(customers: int, left_alone: float, base: float, hoped: float, tactics: int) -> int | None:
    """The most tactics, of equal shares, with which the hope shows; None where one is too many."""
    for few in range(tactics - 1, 0, -1):
        seen = _detectable(customers, (1 - left_alone) / few, left_alone, base, few)
        if seen is not None and seen <= hoped:
            return few
    return None


def _points(fraction: float) -> str:
    return figure(Decimal(f"{100 * fraction:.1f}".removesuffix(".0")))

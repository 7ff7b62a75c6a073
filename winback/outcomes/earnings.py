"""Whether it was worth the money: what a tactic brought that would not have come by itself, less what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from winback.model import HOLDOUT, Money
from winback.outcomes import sequence, statistics
from winback.outcomes.by_wave import ByWave, Sums
from winback.outcomes.figures import ArmFigures, CostFigures
from winback.outcomes.statistics import Interval, MeansCompared, Moments, round_to_digits


@dataclass(frozen=True, slots=True)
class Extra:
    """Money beyond what the same customers would have brought, left alone: the difference of means times the customers assigned."""

    amount: float
    interval: Interval | None  # None: too few paid, or it doesn't vary enough to tell


@dataclass(frozen=True, slots=True)
class Earned:
    """One tactic's money in the currency's unit, over everybody assigned to it; of the whole campaign where `arm` is empty."""

    arm: str
    revenue: float  # all of it, whatever brought it
    margin: float | None  # what of it stays with the shop; None: nobody told
    cost: CostFigures
    extra_revenue: Extra | None  # None: nobody was left alone who would show what comes by itself
    extra_margin: Extra | None
    currency: str

    @property
    def spent(self) -> float:
        return _unit(self.cost.total_minor, self.currency)

    def spent_on(self, kind: str) -> float:
        """On one of `COSTS`."""
        return _unit(getattr(self.cost, f"{kind}_minor"), self.currency)

    @property
    def profit(self) -> Extra | None:
        """The extra margin less the cost; without margins nobody knows."""
        if self.extra_margin is None:
            return None
        interval = self.extra_margin.interval
        return Extra(
            self.extra_margin.amount - self.spent, None if interval is None else Interval(interval.low - self.spent, interval.high - self.spent)
        )

    @property
    def roi(self) -> float | None:
        """Profit for each unit spent; None where nothing was."""
        return None if self.profit is None or not self.spent else self.profit.amount / self.spent

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.arm,
            "currency": self.currency,
            "revenue": round_to_digits(self.revenue),
            "margin": round_to_digits(self.margin),
            **{f"cost_of_{kind}": self.spent_on(kind) for kind in COSTS},
            "cost": self.spent,
            **_extra_json("extra_revenue", self.extra_revenue),
            **_extra_json("extra_margin", self.extra_margin),
            **_extra_json("profit", self.profit),
            "roi": round_to_digits(self.roi),
        }


COSTS = ("messages", "discounts", "gifts", "calls")


def of(arms: Sequence[ArmFigures], currency: str, by_wave: ByWave | None = None, *, closed: bool = True) -> tuple[Earned, ...]:
    """Each tactic, and the campaign as a whole where there are several. Until the window closes by confidence sequences.

    `by_wave`: where shares changed, the arms as they stood in each wave.
    """
    holdout = next((arm for arm in arms if arm.arm == HOLDOUT and arm.assigned), None)
    knows_margins = any(arm.margin.squares for arm in arms)
    tactics = [arm for arm in arms if arm.arm != HOLDOUT]
    asked = _Asked(holdout, currency, knows_margins, closed)
    each = [_earned(arm, asked) for arm in tactics]
    if len(each) > 1:
        each.append(_earned(_together(tactics), asked))
    return tuple(each if by_wave is None else (_by_wave(one, tactics, by_wave) for one in each))


@dataclass(frozen=True, slots=True)
class _Asked:
    holdout: ArmFigures | None
    currency: str
    knows_margins: bool
    closed: bool


def _earned(arm: ArmFigures, asked: _Asked) -> Earned:
    currency, held = asked.currency, asked.holdout
    return Earned(
        arm=arm.arm,
        revenue=_unit(arm.revenue.total, currency),
        margin=_unit(arm.margin.total, currency) if asked.knows_margins else None,
        cost=arm.cost,
        extra_revenue=None if held is None else _extra(arm, held, arm.revenue, held.revenue, asked),
        extra_margin=_extra(arm, held, arm.margin, held.margin, asked) if held is not None and asked.knows_margins else None,
        currency=currency,
    )


def _extra(arm: ArmFigures, holdout: ArmFigures, ours: Moments, theirs: Moments, asked: _Asked) -> Extra | None:
    if ours.mean is None or theirs.mean is None:
        return None
    compared = _compared(arm, holdout, ours, theirs, closed=asked.closed)
    if compared is None:
        return Extra(_unit((ours.mean - theirs.mean) * ours.n, asked.currency), None)
    low, high = (_unit(end * ours.n, asked.currency) for end in (compared.interval.low, compared.interval.high))
    return Extra(_unit(compared.difference * ours.n, asked.currency), Interval(low, high))


def _compared(arm: ArmFigures, holdout: ArmFigures, ours: Moments, theirs: Moments, *, closed: bool) -> MeansCompared | None:
    if not closed:
        return sequence.money(ours, theirs, arm.returned + holdout.returned)
    few = statistics.few_paid((arm.returned, arm.assigned), (holdout.returned, holdout.assigned))
    return None if few else statistics.welch(ours, theirs)


def _by_wave(earned: Earned, tactics: Sequence[ArmFigures], by_wave: ByWave) -> Earned:
    """The same, its extra money from differences inside the waves."""
    customers = {arm.arm: arm.assigned for arm in tactics if earned.arm in {arm.arm, ""}}

    def extra(of: Sums) -> Extra | None:
        found = by_wave.brought(customers, of)
        if found is None:
            return None
        amount, interval = found
        ends = None if interval is None else Interval(_unit(interval.low, earned.currency), _unit(interval.high, earned.currency))
        return Extra(_unit(amount, earned.currency), ends)

    return replace(earned, extra_revenue=extra("revenue"), extra_margin=None if earned.margin is None else extra("margin"))


def _together(arms: Sequence[ArmFigures]) -> ArmFigures:
    """All tactics as one arm against the holdout: intervals of the tactics can't be added."""
    costs: Mapping[str, int] = {f"{name}_minor": sum(getattr(arm.cost, f"{name}_minor") for arm in arms) for name in COSTS}
    return ArmFigures(
        arm="",
        assigned=sum(arm.assigned for arm in arms),
        closed=sum(arm.closed for arm in arms),
        first_assigned_at=None,
        last_assigned_at=None,
        returned=sum(arm.returned for arm in arms),
        revenue=_added([arm.revenue for arm in arms]),
        margin=_added([arm.margin for arm in arms]),
        cost=CostFigures(**costs),
    )


def _added(moments: Sequence[Moments]) -> Moments:
    return Moments(sum(one.n for one in moments), sum(one.total for one in moments), sum(one.squares for one in moments))


def _unit(minor: float, currency: str) -> float:
    return minor * float(Money.from_minor(1, currency).amount)


def _extra_json(name: str, extra: Extra | None) -> dict[str, object]:
    interval = None if extra is None else extra.interval
    return {
        name: None if extra is None else round_to_digits(extra.amount),
        f"{name}_low": None if interval is None else round_to_digits(interval.low),
        f"{name}_high": None if interval is None else round_to_digits(interval.high),
    }

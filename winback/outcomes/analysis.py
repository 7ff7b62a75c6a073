"""Any table of customers with an arm and outcomes, compared by the same methods as a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winback.outcomes import comparison, statistics, wording
from winback.outcomes.comparison import Comparison
from winback.outcomes.report import SampleRatio
from winback.outcomes.sentences import ENGLISH
from winback.outcomes.statistics import LEVEL, Counted, Moments, round_to_digits
from winback.outcomes.table import Tabulated


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """One arm of the table: its customers, and per column who did and how much money."""

    name: str
    assigned: int
    rates: Mapping[str, Counted]
    money: Mapping[str, Moments]

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.name,
            "assigned": self.assigned,
            "rates": {outcome: _rate_as_json(counted) for outcome, counted in self.rates.items()},
            "money": {
                outcome: {"total": round_to_digits(moments.total), "mean": round_to_digits(moments.mean)} for outcome, moments in self.money.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every arm against the control, outcome by outcome."""

    control: str
    arms: tuple[ArmTotals, ...]  # by name, the control last
    comparisons: tuple[Comparison, ...]
    sample_ratio: SampleRatio
    equal_shares: bool  # no planned shares were given, so equal ones were assumed

    def as_json(self) -> dict[str, object]:
        """The shape of a report's JSON: differences of rates are fractions, those of money in the column's own unit."""
        return {
            "level": LEVEL,
            "control": self.control,
            "comparisons": [one.as_json() for one in self.comparisons],
            "arms": [arm.as_json() for arm in self.arms],
            "sample_ratio": {**self.sample_ratio.as_json(), "equal_shares_assumed": self.equal_shares},
        }

    def tables(self) -> list[Tabulated]:
        """The same as tables for the terminal, one of totals and one of differences per outcome."""
        rates = [table for outcome in self.arms[0].rates for table in self._rates_of(outcome)]
        money = [table for outcome in self.arms[0].money for table in self._money_of(outcome)]
        return [*rates, *money]

    def _rates_of(self, outcome: str) -> list[Tabulated]:
        counted = {arm.name: arm.rates[outcome] for arm in self.arms}
        digits = wording.digits_for(*counted.values())
        totals = [
            (name, wording.number(one.n), wording.number(one.successes), wording.percent(one.rate, digits),
             wording.percents(statistics.wilson(one.successes, one.n), digits))
            for name, one in counted.items()
        ]  # fmt: skip
        differences = [
            (one.arm, wording.points(one.difference, digits), wording.span(one.low, one.high, times=100, digits=digits), *_p_values(one))
            for one in self._compared(outcome)
        ]
        return [
            Tabulated(outcome, _columns("arm", "assigned", "people", "rate", "interval"), tuple(totals)),
            Tabulated(f"{outcome}, against {self.control}", _columns("arm", "difference", "interval", "p", "p-adjusted"), tuple(differences)),
        ]

    def _money_of(self, outcome: str) -> list[Tabulated]:
        totals = [
            (arm.name, wording.number(arm.assigned), wording.number(moments.total, 2),
             wording.NOTHING if moments.mean is None else wording.number(moments.mean, 4))
            for arm in self.arms
            for moments in [arm.money[outcome]]
        ]  # fmt: skip
        differences = [
            (one.arm, wording.NOTHING if one.difference is None else wording.signed(one.difference, 4),
             wording.span(one.low, one.high, digits=4), *_p_values(one))
            for one in self._compared(outcome)
        ]  # fmt: skip
        return [
            Tabulated(outcome, _columns("arm", "assigned", "total", "mean"), tuple(totals)),
            Tabulated(f"{outcome}, against {self.control}", _columns("arm", "mean-difference", "interval", "p", "p-adjusted"), tuple(differences)),
        ]

    def _compared(self, outcome: str) -> list[Comparison]:
        return [one for one in self.comparisons if one.outcome == outcome]


def analyse(arms: Sequence[ArmTotals], control: str, shares: Mapping[str, float] | None = None) -> Analysis:
    """Compare every arm with the control; p-values are also given Holm's way, over the arms. Without `shares` equal ones are assumed."""
    left_alone = next(arm for arm in arms if arm.name == control)
    tested = sorted((arm for arm in arms if arm.name != control), key=lambda arm: arm.name)
    compared: list[Comparison] = []
    for outcome, theirs in left_alone.rates.items():
        compared += comparison.adjust([comparison.of_rates(outcome, arm.name, arm.rates[outcome], control, theirs) for arm in tested])
    for outcome, their_money in left_alone.money.items():
        compared += comparison.adjust([comparison.of_money(outcome, arm.name, arm.money[outcome], control, their_money) for arm in tested])
    counts = {arm.name: arm.assigned for arm in arms}
    planned = shares or dict.fromkeys(counts, 1 / len(counts))
    chi2, p_value = statistics.sample_ratio(counts, planned)
    return Analysis(
        control=control,
        arms=(*tested, left_alone),
        comparisons=tuple(compared),
        sample_ratio=SampleRatio(chi2, p_value, wording.sizes(counts, planned, p_value, ENGLISH, equal_assumed=shares is None)),
        equal_shares=shares is None,
    )


def _rate_as_json(counted: Counted) -> dict[str, object]:
    interval = statistics.wilson(counted.successes, counted.n)
    return {
        "count": counted.successes,
        "rate": round_to_digits(counted.rate),
        "low": round_to_digits(interval.low),
        "high": round_to_digits(interval.high),
    }


def _columns(*names: str) -> tuple[str, ...]:
    return tuple(ENGLISH[name] for name in names)


def _p_values(one: Comparison) -> tuple[str, str]:
    return wording.p_value(one.p_value), wording.p_value(one.p_adjusted)

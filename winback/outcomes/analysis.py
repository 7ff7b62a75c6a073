"""Any table of customers with an arm and outcomes, compared by the same methods as a campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from winback.outcomes import analysis_words, bayes, comparison, ratios, statistics, wording
from winback.outcomes.comparison import Comparison, Finding
from winback.outcomes.money import Checked
from winback.outcomes.ratios import Joint
from winback.outcomes.report import SampleRatio
from winback.outcomes.segments import Segments
from winback.outcomes.sentences import ENGLISH
from winback.outcomes.statistics import ALPHA, LEVEL, Counted, Moments, round_to_digits
from winback.outcomes.uplift import Qini, Scored

if TYPE_CHECKING:
    from winback.outcomes.bayes import Standing


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """One arm of the table: its customers, and per column who did and how much money."""

    name: str
    assigned: int
    rates: Mapping[str, Counted]
    money: Mapping[str, Moments]
    ratios: Mapping[str, Joint] = field(default_factory=dict)
    paid: Mapping[str, int] = field(default_factory=dict)  # of each money column, whose amount isn't zero

    def few_paid(self, outcome: str) -> bool:
        """Whether Welch's test can't be believed for this arm's money."""
        return statistics.few_paid((self.paid[outcome], self.assigned))

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.name,
            "assigned": self.assigned,
            "rates": {outcome: _rate_as_json(counted) for outcome, counted in self.rates.items()},
            "money": {
                outcome: {"total": round_to_digits(moments.total), "mean": round_to_digits(moments.mean)} for outcome, moments in self.money.items()
            },
            "ratios": {outcome: round_to_digits(joint.ratio) for outcome, joint in self.ratios.items()},
        }


@dataclass(frozen=True, slots=True)
class Said:
    """The verdict on an arm in one outcome."""

    outcome: str
    finding: Finding
    compared: Comparison
    detectable: float | None  # the rise over the control that would be seen four times out of five
    sentence: str

    def as_json(self) -> dict[str, object]:
        where = {"outcome": self.outcome, "arm": self.compared.arm, "against": self.compared.against}
        detectable = round_to_digits(self.detectable)
        return {**where, "finding": self.finding, "detectable_difference": detectable, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class MoneyCheck:
    """Whether the bootstrap says the same as Welch's test."""

    outcome: str
    arm: str
    against: str
    found: Checked

    def as_json(self) -> dict[str, object]:
        low, high = round_to_digits(self.found.interval.low), round_to_digits(self.found.interval.high)
        return {"outcome": self.outcome, "arm": self.arm, "against": self.against, "low": low, "high": high, "agrees": self.found.agrees}


@dataclass(frozen=True, slots=True)
class BySegment:
    """An arm's effect on each kind of customer."""

    column: str
    outcome: str
    arm: str
    against: str
    found: Segments
    is_rate: bool

    def as_json(self) -> dict[str, object]:
        return {"column": self.column, "outcome": self.outcome, "arm": self.arm, "against": self.against, **self.found.as_json()}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who to write to first, by the columns named, judged on the half of the customers that it wasn't made from."""

    outcome: str
    arm: str
    against: str
    columns: tuple[str, ...]
    found: Qini
    kinds: tuple[Scored, ...] = ()  # best first

    def as_json(self) -> dict[str, object]:
        kinds = [
            {"kind": dict(zip(self.columns, one.kind, strict=True)), "customers": one.customers, "believed": round_to_digits(one.believed)}
            for one in self.kinds
        ]
        return {"outcome": self.outcome, "arm": self.arm, "against": self.against, "by": list(self.columns), **self.found.as_json(), "kinds": kinds}


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every arm against the control, outcome by outcome."""

    control: str
    arms: tuple[ArmTotals, ...]  # by name, the control last
    comparisons: tuple[Comparison, ...]
    sample_ratio: SampleRatio
    equal_shares: bool  # no planned shares were given, so equal ones were assumed
    said: tuple[Said, ...] = ()
    standing: Mapping[str, Mapping[str, Standing]] = field(default_factory=dict)  # outcome -> arm -> its chance to be the best of all
    checks: tuple[MoneyCheck, ...] = ()
    capped: tuple[Comparison, ...] = ()
    cap: float | None = None
    stratified: tuple[Comparison, ...] = ()
    strata: tuple[str, ...] = ()
    segments: tuple[BySegment, ...] = ()
    rankings: tuple[Ranking, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The shape of a report's JSON: differences of rates are fractions, those of money in the column's own unit."""
        return {
            "level": LEVEL,
            "control": self.control,
            "comparisons": [one.as_json() for one in self.comparisons],
            "arms": [arm.as_json() for arm in self.arms],
            "sample_ratio": {**self.sample_ratio.as_json(), "equal_shares_assumed": self.equal_shares},
            "verdicts": [one.as_json() for one in self.said],
            "best": [
                {"outcome": outcome, "arm": arm, "best": round_to_digits(one.best), "expected_loss": round_to_digits(one.expected_loss)}
                for outcome, arms in self.standing.items()
                for arm, one in arms.items()
            ],
            "bootstrap": [one.as_json() for one in self.checks],
            "capped": [{"cap": self.cap, **one.as_json()} for one in self.capped],
            "stratified": [{"strata": list(self.strata), **one.as_json()} for one in self.stratified],
            "segments": [one.as_json() for one in self.segments],
            "uplift": [one.as_json() for one in self.rankings],
        }

    def of(self, outcome: str) -> list[Comparison]:
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
    for outcome, joint in left_alone.ratios.items():
        found = [(arm.name, ratios.compare(arm.ratios[outcome], joint)) for arm in tested]
        plain = {arm.name: comparison.less(arm.ratios[outcome].ratio, joint.ratio) for arm in tested}
        compared += comparison.adjust([comparison.of_means(outcome, name, control, one, plain[name]) for name, one in found])
    counts = {arm.name: arm.assigned for arm in arms}
    planned = shares or dict.fromkeys(counts, 1 / len(counts))
    chi2, p_value = statistics.sample_ratio(counts, planned)
    everybody = (*tested, left_alone)
    return Analysis(
        control=control,
        arms=everybody,
        comparisons=tuple(compared),
        sample_ratio=SampleRatio(chi2, p_value, wording.sizes(counts, planned, p_value, ENGLISH, equal_assumed=shares is None)),
        equal_shares=shares is None,
        said=tuple(_said(compared, {arm.name: arm for arm in arms}, left_alone, len(tested))),
        standing={outcome: bayes.best({arm.name: arm.rates[outcome] for arm in everybody}) for outcome in left_alone.rates},
    )


def with_answers(
    plain: Analysis,
    *,
    checks: tuple[MoneyCheck, ...],
    capped: tuple[Comparison, ...],
    cap: float | None,
    stratified: tuple[Comparison, ...],
    strata: tuple[str, ...],
    segments: tuple[BySegment, ...],
    rankings: tuple[Ranking, ...],
) -> Analysis:
    """The same with what else was asked."""
    return replace(plain, checks=checks, capped=capped, cap=cap, stratified=stratified, strata=strata, segments=segments, rankings=rankings)


def _said(compared: Sequence[Comparison], arms: Mapping[str, ArmTotals], left_alone: ArmTotals, tested: int) -> Iterator[Said]:
    """Verdicts on rates and on money."""
    alpha = ALPHA / tested
    for one in compared:
        if one.outcome in left_alone.rates:
            ours, theirs = arms[one.arm].rates[one.outcome], left_alone.rates[one.outcome]
            rise = None if theirs.rate is None else statistics.detectable_difference(theirs.rate, ours.n, theirs.n, alpha=alpha)
            finding = comparison.find(one, theirs, rise)
            yield Said(one.outcome, finding, one, rise, analysis_words.of_rates(finding, one, ours, theirs, rise))
        elif one.outcome in left_alone.money:
            spent, spent_there = arms[one.arm].money[one.outcome], left_alone.money[one.outcome]
            rise = statistics.detectable_mean(spent, spent_there, alpha=alpha)
            few = arms[one.arm].few_paid(one.outcome) or left_alone.few_paid(one.outcome)
            finding = comparison.find_mean(one, spent_there.mean, rise)
            finding = Finding.TOO_FEW if few and finding is not Finding.NOT_COMPARABLE else finding
            yield Said(one.outcome, finding, one, rise, analysis_words.of_money(finding, one, spent, spent_there, rise, few_paid=few))


def _rate_as_json(counted: Counted) -> dict[str, object]:
    interval = statistics.wilson(counted.successes, counted.n)
    return {
        "count": counted.successes,
        "rate": round_to_digits(counted.rate),
        "low": round_to_digits(interval.low),
        "high": round_to_digits(interval.high),
    }

"""The report decided from what was counted. No database, no clock."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from winback.model import HOLDOUT, Money
from winback.outcomes import comparison, curve, earnings, expectations, proofs, secondary, sequence, sizes, statistics, wording
from winback.outcomes.backdrop import NOTHING_BEHIND, Backdrop
from winback.outcomes.backdrop import judge as judge_mailboxes
from winback.outcomes.by_wave import ByWave
from winback.outcomes.comparison import RETURNED, REVENUE, Comparison
from winback.outcomes.figures import ArmFigures, CodeFigures, EndFigures, Figures, StageFigures
from winback.outcomes.proofs import Proofs
from winback.outcomes.report import Arm, Codes, Judged, Report, SampleRatio
from winback.outcomes.secondary import Secondary
from winback.outcomes.sentences import ENGLISH, Words
from winback.outcomes.statistics import ALPHA, Counted, Moments


def compose(
    figures: Figures,
    *,
    run_id: int,
    campaign: str,
    shares: Mapping[str, float],
    window: timedelta,
    currency: str,
    now: datetime,
    truth: Mapping[str, float] | None = None,
    backdrop: Backdrop = NOTHING_BEHIND,
    words: Words = ENGLISH,
) -> Report:
    """The report, its sentences in the language of `words`. `shares` are the planned shares of all arms, the holdout among them."""
    counted = {arm.arm: arm for arm in figures.arms}
    names = _names(counted, shares)
    arms = tuple(_arm(name, shares.get(name, 0.0), counted.get(name), currency) for name in names)
    closes_at = max((arm.last_assigned_at + window for arm in figures.arms if arm.last_assigned_at), default=None)
    closed = closes_at is not None and closes_at <= now
    by_wave = ByWave.of(figures, closed=closed)
    against_holdout, among_tactics = _compare(arms, by_wave, currency, closed=closed)
    ordered = [counted[name] for name in names if name in counted]
    proved = proofs.of(ordered, figures.days, figures.strata) if by_wave is None else proofs.guarding(ordered)
    judged = _judge(arms, against_holdout, proved, truth or {}, by_wave, closed=closed, words=words)
    visible = {one.arm: one.detectable for one in judged}
    drawn = curve.draw(figures.curve, names) if by_wave is None else {}
    measured = secondary.of(figures, [arm.arm for arm in ordered if arm.arm != HOLDOUT], drawn, currency) if by_wave is None else Secondary()
    return Report(
        run_id=run_id,
        campaign=campaign,
        now=now,
        window=window,
        currency=currency,
        arms=arms,
        comparisons=(*against_holdout, *among_tactics),
        judged=judged,
        sample_ratio=_check_sizes(figures, arms, shares, words),
        closes_at=closes_at,
        closed=closed,
        stages=_in_order(figures.stages, names),
        curve=drawn,
        skips=figures.skips,
        locales=tuple(sorted(figures.locales, key=lambda row: (row.locale, names.index(row.arm)))),
        others=tuple((row.arm, row.orders, Money.from_minor(row.revenue_minor, row.currency)) for row in figures.others),
        codes=tuple(sorted((_codes(row, currency) for row in figures.codes), key=lambda row: names.index(row.arm))),
        ends=_in_arms(figures.ends, names),
        among_tactics=wording.among_tactics([one for one in among_tactics if one.outcome == RETURNED], closed=closed, words=words),
        note=wording.note(window, closes_at, now, words, by_wave=by_wave is not None),
        words=words,
        earned=earnings.of(ordered, currency, by_wave, closed=closed),
        proofs=proved,
        secondary=measured,
        mailboxes=judge_mailboxes(backdrop.mailboxes),
        reasons=backdrop.reasons,
        plan=expectations.hold(backdrop.expected, figures.arms, figures.stages, visible, currency),
        by_wave=by_wave is not None,
    )


def _names(counted: Mapping[str, ArmFigures], shares: Mapping[str, float]) -> list[str]:
    """Tactics as planned, then any that weren't planned; the holdout last, where there is one."""
    tactics = [name for name in dict.fromkeys((*shares, *sorted(counted))) if name != HOLDOUT]
    return [*tactics, HOLDOUT] if HOLDOUT in counted or shares.get(HOLDOUT) else tactics


def _arm(name: str, planned: float, figures: ArmFigures | None, currency: str) -> Arm:
    found = figures or ArmFigures(arm=name, assigned=0, closed=0, first_assigned_at=None, last_assigned_at=None)
    return Arm(
        name=name,
        planned=planned,
        figures=found,
        revenue=Money.from_minor(round(found.revenue.total), currency).amount,
        per_customer=_in_units(found.revenue, currency),
    )


def _in_units(minor: Moments, currency: str) -> Moments:
    unit = float(Money.from_minor(1, currency).amount)
    return Moments(minor.n, minor.total * unit, minor.squares * unit * unit)


def _codes(row: CodeFigures, currency: str) -> Codes:
    promised, cost = (Money.from_minor(minor, currency).amount for minor in (row.promised_minor, row.cost_minor))
    return Codes(row.arm, row.codes, promised, row.redeemed, cost)


def _compare(arms: Sequence[Arm], by_wave: ByWave | None, currency: str, *, closed: bool) -> tuple[list[Comparison], list[Comparison]]:
    """Every tactic against the holdout, and tactics against each other; rates before money. Four families for Holm's p-values."""
    tactics = [arm for arm in arms if arm.name != HOLDOUT]
    against = [(arm, holdout) for holdout in arms if holdout.name == HOLDOUT for arm in tactics]
    among = [(second, first) for first, second in itertools.combinations(tactics, 2)]
    if by_wave is not None:
        return _compare_by_wave(against, by_wave, currency), _compare_by_wave(among, by_wave, currency)
    return _compare_pairs(against, closed=closed), _compare_pairs(among, closed=closed)


def _compare_by_wave(pairs: Sequence[tuple[Arm, Arm]], by_wave: ByWave, currency: str) -> list[Comparison]:
    unit = float(Money.from_minor(1, currency).amount)
    rates = [by_wave.rates(one.name, other.name) for one, other in pairs]
    return [*comparison.adjust(rates), *comparison.adjust([by_wave.revenue(one.name, other.name, unit) for one, other in pairs])]


def _compare_pairs(pairs: Sequence[tuple[Arm, Arm]], *, closed: bool) -> list[Comparison]:
    """Until the window closes by confidence sequences, which may be looked at every day."""
    of_rates = comparison.of_rates if closed else comparison.of_rates_so_far
    rates = [of_rates(RETURNED, one.name, one.returned, other.name, other.returned) for one, other in pairs]
    return [*comparison.adjust(rates), *comparison.adjust([_compare_money(one, other, closed=closed) for one, other in pairs])]


def _compare_money(one: Arm, other: Arm, *, closed: bool) -> Comparison:
    paid = one.figures.returned + other.figures.returned
    if closed:
        few = statistics.few_paid((one.figures.returned, one.assigned), (other.figures.returned, other.assigned))
        return comparison.of_money(REVENUE, one.name, one.per_customer, other.name, other.per_customer, few_paid=few)
    return comparison.of_money_so_far(REVENUE, one.name, one.per_customer, other.name, other.per_customer, paid=paid)


def _judge(
    arms: Sequence[Arm],
    compared: Sequence[Comparison],
    proved: Proofs,
    truth: Mapping[str, float],
    by_wave: ByWave | None,
    *,
    closed: bool,
    words: Words,
) -> tuple[Judged, ...]:
    in_holdout = next((arm.returned for arm in arms if arm.name == HOLDOUT), Counted(0, 0))
    by_arm = {one.arm: one for one in compared if one.outcome == RETURNED}
    judged = []
    for arm in arms:
        if arm.name != HOLDOUT:
            one = by_arm.get(arm.name, Comparison(RETURNED, arm.name, HOLDOUT))
            if by_wave is None:
                ours, left_alone = arm.returned, in_holdout
                rise = _detectable(ours, left_alone, len(by_arm), closed=closed)
            else:
                ours, left_alone = by_wave.counted(arm.name, HOLDOUT)
                rise = by_wave.detectable(arm.name, HOLDOUT, ALPHA / max(1, len(by_arm)))
            guards = proved.guards_of(arm.name)
            finding = comparison.find(one, left_alone, rise, guards)
            sentence = wording.verdict(finding, one, ours=ours, left_alone=left_alone, detectable=rise, closed=closed, words=words, guards=guards)
            true = truth.get(arm.name)
            covered = one.covers(true) if closed and true is not None else None
            judged.append(Judged(arm.name, finding, one, rise, true, covered, sentence))
    return tuple(judged)


def _detectable(ours: Counted, left_alone: Counted, tactics: int, *, closed: bool) -> float | None:
    """Verdicts use Holm's p-values: the first of several tactics must stand out at alpha over their number."""
    if left_alone.rate is None:
        return None
    alpha = ALPHA / max(1, tactics)
    if closed:
        return statistics.detectable_difference(left_alone.rate, ours.n, left_alone.n, alpha=alpha)
    return sequence.detectable(ours.n, left_alone, alpha)


def _check_sizes(figures: Figures, arms: Sequence[Arm], shares: Mapping[str, float], words: Words) -> SampleRatio:
    """Against the plan's shares, or those of the waves."""
    counts, planned = {arm.name: arm.assigned for arm in arms}, sizes.planned(figures, shares)
    chi2, p_value = statistics.sample_ratio(counts, planned)
    causes = sizes.causes(figures, shares)
    said = [wording.sizes(counts, planned, p_value, words), *([wording.causes_of_sizes(causes, words)] if causes else [])]
    return SampleRatio(chi2, p_value, " ".join(said), causes)


def _in_arms(ends: Sequence[EndFigures], names: Sequence[str]) -> tuple[EndFigures, ...]:
    return tuple(sorted(ends, key=lambda row: names.index(row.arm)))


def _in_order(stages: Sequence[StageFigures], names: Sequence[str]) -> tuple[StageFigures, ...]:
    """Stages as they fall due; inside each, arms as the report lists them."""
    order = {stage: place for place, stage in enumerate(dict.fromkeys(row.stage for row in stages))}
    return tuple(sorted(stages, key=lambda row: (order[row.stage], names.index(row.arm))))

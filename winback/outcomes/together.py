"""All campaigns together against those to whom none writes: what the global holdout is kept for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from winback.money import minor_digits
from winback.outcomes import comparison, statistics, wording
from winback.outcomes.comparison import RETURNED, REVENUE, Comparison, Finding
from winback.outcomes.sentences import Words
from winback.outcomes.statistics import SAMPLE_RATIO_ALARM, Counted, Moments, round_to_digits
from winback.outcomes.table import Tabulated, Writing

MARGIN = "margin"
CAMPAIGNS, LEFT_ALONE = "campaigns", "left-alone"
"""The two groups: of those whom a campaign wanted to write to, whether any may."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group, counted from the day on which a campaign first wanted to write to each; money in the currency's unit, per customer."""

    returned: Counted
    revenue: Moments
    margin: Moments


@dataclass(frozen=True, slots=True)
class Together:
    """Both groups over a part of the global holdout's period, from the first day of which nobody had been treated by this draw."""

    since: datetime
    until: datetime  # what was bought later doesn't count
    share: float  # that is left alone, by the settings
    campaigns: Group
    left_alone: Group
    compared: tuple[Comparison, ...]  # returns, revenue, and margin where there is any
    sizes_p: float

    @property
    def finding(self) -> Finding:
        returns = next(one for one in self.compared if one.outcome == RETURNED)
        seen = statistics.detectable_difference(self.left_alone.returned.rate or 0.0, self.campaigns.returned.n, self.left_alone.returned.n)
        return comparison.find(returns, self.left_alone.returned, seen)

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "share_left_alone": self.share,
            "finding": self.finding,
            "sizes_p": round_to_digits(self.sizes_p),
            "groups": [_json(CAMPAIGNS, self.campaigns), _json(LEFT_ALONE, self.left_alone)],
            "comparisons": [one.as_json() for one in self.compared],
        }


def compare(campaigns: Group, left_alone: Group, *, since: datetime, until: datetime, share: float, closed: bool) -> Together | None:
    """None where one of the groups is empty. Until the span is over (`closed`) by confidence sequences, so that whoever looks daily may believe them."""
    if not campaigns.returned.n or not left_alone.returned.n:
        return None
    of_rates = comparison.of_rates if closed else comparison.of_rates_so_far
    compared = [of_rates(RETURNED, CAMPAIGNS, campaigns.returned, LEFT_ALONE, left_alone.returned)]
    money = [(REVENUE, campaigns.revenue, left_alone.revenue)]
    if campaigns.margin.squares or left_alone.margin.squares:
        money.append((MARGIN, campaigns.margin, left_alone.margin))
    paid = campaigns.returned.successes + left_alone.returned.successes
    few = statistics.few_paid(*((group.returned.successes, group.returned.n) for group in (campaigns, left_alone)))
    for outcome, ours, theirs in money:
        found = (
            comparison.of_money(outcome, CAMPAIGNS, ours, LEFT_ALONE, theirs, few_paid=few)
            if closed
            else comparison.of_money_so_far(outcome, CAMPAIGNS, ours, LEFT_ALONE, theirs, paid=paid)
        )
        compared.append(found)
    counts = {CAMPAIGNS: campaigns.returned.n, LEFT_ALONE: left_alone.returned.n}
    _, sizes_p = statistics.sample_ratio(counts, {CAMPAIGNS: 1 - share, LEFT_ALONE: share})
    verdict, *rest = compared
    return Together(since, until, share, campaigns, left_alone, (replace(verdict, p_adjusted=verdict.p_value), *rest), sizes_p)


def sentence(told: Together, words: Words, *, closed: bool) -> str:
    """The verdict on returns, with the numbers that prove it; and where the groups haven't the sizes they should have, that."""
    returns = told.compared[0]
    finding = told.finding if told.finding in {Finding.BETTER, Finding.WORSE} else "unclear"
    seen = returns.turned_round() if finding is Finding.WORSE else returns
    digits = wording.digits_for(told.campaigns.returned, told.left_alone.returned)
    said = words[f"together-{finding}"].format(
        rate=wording.percent(told.campaigns.returned.rate, digits, words),
        n=wording.number(told.campaigns.returned.n, 0, words),
        base=wording.percent(told.left_alone.returned.rate, digits, words),
        base_n=wording.number(told.left_alone.returned.n, 0, words),
        difference=wording.points(seen.difference, digits, words),
        interval=wording.span(seen.low, seen.high, times=100, digits=digits, words=words),
        p=wording.p_equals(seen.p_value, words),
    )
    said = said if closed else words["so-far"] + said
    if told.sizes_p >= SAMPLE_RATIO_ALARM:
        return said
    counts = {CAMPAIGNS: told.campaigns.returned.n, LEFT_ALONE: told.left_alone.returned.n}
    found = told.left_alone.returned.n / sum(counts.values())
    wrong = words["together-sizes"].format(found=wording.percent(found, 2, words), share=wording.percent(told.share, 2, words))
    return f"{said} {wrong}"


def table(told: Together, write: Writing) -> Tabulated:
    """Each measure of both groups, and its difference."""
    digits = minor_digits(write.currency)
    rows = [_rates(told, write), *(_money(told, one, write, digits) for one in told.compared[1:])]
    note = write.words["together-note"].format(first=wording.day(told.since, write.words), last=wording.day(told.until, write.words))
    counts = (write.words["customers"], write.number(told.campaigns.returned.n), write.number(told.left_alone.returned.n), "", "", "")
    return write.table("together", ("measure", "together-campaigns", "left-alone", "mean-difference", "interval", "p"), [counts, *rows], note=note)


def _rates(told: Together, write: Writing) -> tuple[str, ...]:
    one, digits = told.compared[0], wording.digits_for(told.campaigns.returned, told.left_alone.returned)
    shown = write.percent(told.campaigns.returned.rate, digits), write.percent(told.left_alone.returned.rate, digits)
    apart = write.points(one.difference, digits), write.span(one.low, one.high, times=100, digits=digits)
    return (write.words["together-bought"], *shown, *apart, write.p_value(one.p_value))


def _money(told: Together, one: Comparison, write: Writing, digits: int) -> tuple[str, ...]:
    ours, theirs = (group.revenue if one.outcome == REVENUE else group.margin for group in (told.campaigns, told.left_alone))
    shown = write.number(ours.mean, digits), write.number(theirs.mean, digits)
    apart = write.signed(one.difference, digits), write.span(one.low, one.high, digits=digits)
    title = write.words["together-revenue" if one.outcome == REVENUE else "measure-margin"]
    return (title.format(currency=write.currency), *shown, *apart, write.p_value(one.p_value))


def _json(name: str, group: Group) -> dict[str, object]:
    return {
        "group": name,
        "customers": group.returned.n,
        "returned": group.returned.successes,
        "revenue_per_customer": round_to_digits(group.revenue.mean),
        "margin_per_customer": round_to_digits(group.margin.mean),
    }

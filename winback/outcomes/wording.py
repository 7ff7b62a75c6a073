"""Numbers as people read them, and the sentences of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from winback.model import HOLDOUT
from winback.outcomes.comparison import Comparison, Finding
from winback.outcomes.guardrails import Guarded, Standing
from winback.outcomes.report import Judged, Report
from winback.outcomes.statistics import ALPHA, SAMPLE_RATIO_ALARM, Counted, Interval

NOTHING = "–"
"""Stands where there is no number."""


def number(value: float | Decimal, digits: int = 0) -> str:
    """With a comma between thousands and a real minus sign; what rounds to zero has no sign."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def signed(value: float | Decimal, digits: int = 0) -> str:
    """A number with its sign, also when it is above zero."""
    text = number(value, digits)
    return text if text.startswith("−") or not text.strip("0.,") else f"+{text}"


def percent(rate: float | None, digits: int = 1) -> str:
    return NOTHING if rate is None else f"{number(rate * 100, digits)}%"


def percents(interval: Interval, digits: int = 1) -> str:
    return f"{number(interval.low * 100, digits)} to {number(interval.high * 100, digits)}%"


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of rates in percentage points."""
    return NOTHING if difference is None else signed(difference * 100, digits)


def span(low: float | None, high: float | None, *, times: float = 1.0, digits: int = 1) -> str:
    """An interval of differences."""
    return NOTHING if low is None or high is None else f"{signed(low * times, digits)} to {signed(high * times, digits)}"


def p_value(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else number(value, 3 if value < 0.1 else 2)


def p_equals(value: float | None) -> str:
    """For a sentence: "p = 0.012", not broken over two lines."""
    shown = p_value(value)
    return f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}{shown[1:]}" if shown.startswith("<") else f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{shown}"


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def length(time: timedelta, words: Mapping[str, str]) -> str:
    days = time / timedelta(days=1)
    if days.is_integer():
        return words["days"].format(count=number(days))
    return words["hours"].format(count=number(time / timedelta(hours=1), 0 if (time / timedelta(hours=1)).is_integer() else 1))


def arm(name: str, words: Mapping[str, str]) -> str:
    return words["holdout"] if name == HOLDOUT else name


def digits_for(*rates: Counted) -> int:
    """Decimals of percentages: one, or two where every rate is below two per cent of a thousand customers or more."""
    counted = [one for one in rates if one.n]
    fine = all(one.n >= 1000 and one.successes < 0.02 * one.n for one in counted)
    return 2 if counted and fine else 1


def verdict(
    finding: Finding,
    compared: Comparison,
    *,
    ours: Counted,
    left_alone: Counted,
    detectable: float | None,
    closed: bool,
    words: Mapping[str, str],
    guards: Sequence[Guarded] = (),
) -> str:
    """The sentence about one tactic, with the numbers that prove it; until the window has closed it begins with "so far"."""
    if finding is Finding.NOT_COMPARABLE:
        sentence = words["not-comparable" if ours.n else "not-comparable-empty"]
        return sentence.format(arm=compared.arm, n=number(ours.n), rate=percent(ours.rate))
    digits = digits_for(ours, left_alone)
    decided = finding in {Finding.BETTER, Finding.WORSE}
    seen = compared.turned_round() if finding is Finding.WORSE else compared
    seldom = "never-visible" if detectable is None else "visible"
    least = NOTHING if detectable is None else number(detectable * 100, digits)
    sentence = words[finding] if closed else words["so-far"] + words[finding]
    return sentence.format(
        arm=compared.arm,
        n=number(ours.n),
        base_n=number(left_alone.n),
        rate=percent(ours.rate, digits),
        base=percent(left_alone.rate, digits),
        detectable=least,
        visible=words[seldom].format(detectable=least),
        guards="; ".join(guard(one, words) for one in guards if one.standing is Standing.STOP),
        extra=_times(seen.difference, ours.n),
        extra_low=_times(seen.low, ours.n),
        extra_high=_times(seen.high, ours.n),
        **_difference(seen, digits, sign=not decided),
    )


def guard(guarded: Guarded, words: Mapping[str, str]) -> str:
    """One guard-rail and the numbers that prove how it stands."""
    counted = guarded.counted
    return words[f"guard-{guarded.name}"].format(
        count=number(counted.successes), written_to=number(counted.n), share=percent(counted.rate, 2), limit=percent(guarded.limit, 2)
    )


def among_tactics(pairs: Sequence[Comparison], *, closed: bool, words: Mapping[str, str]) -> str:
    """What may be said of tactics against each other: of several pairs, only those where one is ahead are named."""
    compared = [one for one in pairs if one.difference is not None]
    if not compared:
        return ""
    if len(compared) > 1:
        compared = [one for one in compared if _is_apart(one)]
    said = " ".join(_pair(one, words) for one in compared) or words["all-alike"]
    return said if closed else words["so-far"] + said


def note(window: timedelta, closes_at: datetime | None, now: datetime, words: Mapping[str, str]) -> str:
    """Whether the numbers are final."""
    if closes_at is None:
        return words["nobody"]
    return words["closed" if closes_at <= now else "open"].format(day=day(closes_at), window=length(window, words))


def sizes(counts: Mapping[str, int], shares: Mapping[str, float], p: float, words: Mapping[str, str], *, equal_assumed: bool = False) -> str:
    """Whether the arms are as large as planned (or assumed); if not, which are how large, and why that may be."""
    right, wrong = ("sizes-equal", "sizes-unequal") if equal_assumed else ("sizes-right", "sizes-wrong")
    if p >= SAMPLE_RATIO_ALARM:
        return words[right].format(p=p_equals(p))
    total, planned = sum(counts.values()), sum(shares.values()) or 1.0
    each = (
        words["size"].format(arm=arm(name, words), count=number(count), planned=number(total * shares.get(name, 0.0) / planned))
        for name, count in counts.items()
    )
    return words[wrong].format(p=p_equals(p), counts="; ".join(each))


def as_of(report: Report) -> str:
    """When, how long, how many."""
    assigned = number(sum(arm.assigned for arm in report.arms))
    return report.words["as-of"].format(now=f"{day(report.now)}, {report.now:%H:%M}", window=length(report.window, report.words), assigned=assigned)


def truth(judged: Judged, words: Mapping[str, str]) -> str:
    """How the estimate stands to what is really there."""
    sentence = {True: "truth-covered", False: "truth-missed", None: "truth-unknown"}[judged.covered]
    return words[sentence].format(truth=points(judged.truth))


def _pair(one: Comparison, words: Mapping[str, str]) -> str:
    apart = _is_apart(one)
    ahead = one if one.difference is None or one.difference >= 0 else one.turned_round()
    sentence = words["ahead" if apart else "alike"]
    return sentence.format(arm=ahead.arm, against=ahead.against, **_difference(ahead, 1, sign=not apart))


def _is_apart(one: Comparison) -> bool:
    return one.p_adjusted is not None and one.p_adjusted < ALPHA and one.covers(0.0) is False


def _difference(compared: Comparison, digits: int, *, sign: bool) -> dict[str, str]:
    written = signed if sign else number
    bounds = {"difference": compared.difference, "low": compared.low, "high": compared.high}
    shown = {name: NOTHING if value is None else written(value * 100, digits) for name, value in bounds.items()}
    return {**shown, "p": p_equals(compared.p_adjusted)}


def _times(share: float | None, customers: int) -> str:
    return NOTHING if share is None else number(share * customers)

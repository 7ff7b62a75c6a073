"""Numbers as people read them, and the sentences of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from winback.model import HOLDOUT
from winback.outcomes.comparison import Comparison, Finding
from winback.outcomes.guardrails import Guarded, Standing
from winback.outcomes.report import Judged, Report
from winback.outcomes.sentences import ENGLISH, Words
from winback.outcomes.sizes import Cause
from winback.outcomes.statistics import ALPHA, SAMPLE_RATIO_ALARM, Counted, Interval

NOTHING = "–"
"""Stands where there is no number."""


def number(value: float | Decimal, digits: int = 0, words: Words = ENGLISH) -> str:
    """With a mark between thousands and a real minus sign, as the language writes it; what rounds to zero has no sign."""
    text = f"{value:,.{digits}f}"
    text = text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")
    return text.translate({ord(","): words["thousands"], ord("."): words["decimal"]})


def signed(value: float | Decimal, digits: int = 0, words: Words = ENGLISH) -> str:
    """A number with its sign, also when it is above zero."""
    text = number(value, digits, words)
    return text if text.startswith("−") or not any("1" <= letter <= "9" for letter in text) else f"+{text}"


def percent(rate: float | Decimal | None, digits: int = 1, words: Words = ENGLISH) -> str:
    return NOTHING if rate is None else words["percent"].format(number=number(rate * 100, digits, words))


def percents(interval: Interval, digits: int = 1, words: Words = ENGLISH) -> str:
    low, high = (number(end * 100, digits, words) for end in (interval.low, interval.high))
    return words["percent"].format(number=words["range"].format(low=low, high=high))


def points(difference: float | None, digits: int = 1, words: Words = ENGLISH) -> str:
    """A difference of rates in percentage points."""
    return NOTHING if difference is None else signed(difference * 100, digits, words)


def span(low: float | None, high: float | None, *, times: float = 1.0, digits: int = 1, words: Words = ENGLISH) -> str:
    """An interval of differences."""
    if low is None or high is None:
        return NOTHING
    return words["range"].format(low=signed(low * times, digits, words), high=signed(high * times, digits, words))


def p_value(value: float | None, words: Words = ENGLISH) -> str:
    if value is None:
        return NOTHING
    return f"<{number(0.001, 3, words)}" if value < 0.001 else number(value, 3 if value < 0.1 else 2, words)


def p_equals(value: float | None, words: Words = ENGLISH) -> str:
    """For a sentence: "p = 0.012", not broken over two lines."""
    shown = p_value(value, words)
    return f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}{shown[1:]}" if shown.startswith("<") else f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{shown}"


def day(moment: date, words: Words = ENGLISH) -> str:
    """As people write a day: 9 March 2026."""
    return words["date"].format(day=moment.day, month=words["months"].split()[moment.month - 1], year=moment.year)


def counted(count: float, what: str, words: Words = ENGLISH, digits: int = 0) -> str:
    """A number with its noun: the forms of `what` stand in the words, a bar between them, as the language counts."""
    forms = words[what].split("|")
    return f"{number(count, digits, words)} {forms[min(_form(count, words['plurals']), len(forms) - 1)]}"


def _form(count: float, rule: str) -> int:
    """Which form of a noun goes with a number (Unicode CLDR, plural rules): Slavic and Romanian nouns have three, the others two or one."""
    if count != int(count):
        return 1
    ones, tens = int(abs(count)) % 10, int(abs(count)) % 100
    if rule == "slavic":
        return 0 if ones == 1 and tens != 11 else 1 if 2 <= ones <= 4 and not 12 <= tens <= 14 else 2
    if rule == "romanian":
        return 0 if count == 1 else 1 if count == 0 or 1 <= tens <= 19 else 2
    return int(count != 1)


def length(time: timedelta, words: Words) -> str:
    days = time / timedelta(days=1)
    if days.is_integer():
        return counted(days, "days", words)
    hours = time / timedelta(hours=1)
    return counted(hours, "hours", words, 0 if hours.is_integer() else 1)


def arm(name: str, words: Words) -> str:
    return words["holdout"] if name == HOLDOUT else name


def skip(reason: str, words: Words) -> str:
    """Why somebody isn't written to, in the report's language; a word that it has no words for stands as it is stored."""
    return words.get(f"skip-{reason}", reason)


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
    words: Words,
    guards: Sequence[Guarded] = (),
) -> str:
    """The sentence about one tactic, with the numbers that prove it; until the window has closed it begins with "so far"."""
    if finding is Finding.NOT_COMPARABLE:
        sentence = words["not-comparable" if ours.n else "not-comparable-empty"]
        return sentence.format(arm=compared.arm, n=number(ours.n, 0, words), rate=percent(ours.rate, 1, words))
    digits = digits_for(ours, left_alone)
    decided = finding in {Finding.BETTER, Finding.WORSE}
    seen = compared.turned_round() if finding is Finding.WORSE else compared
    seldom = "never-visible" if detectable is None else "visible"
    least = NOTHING if detectable is None else number(detectable * 100, digits, words)
    sentence = words[finding] if closed else words["so-far"] + words[finding]
    return sentence.format(
        arm=compared.arm,
        n=number(ours.n, 0, words),
        base_n=number(left_alone.n, 0, words),
        rate=percent(ours.rate, digits, words),
        base=percent(left_alone.rate, digits, words),
        detectable=least,
        visible=words[seldom].format(detectable=least),
        guards="; ".join(guard(one, words) for one in guards if one.standing is Standing.STOP),
        extra=_times(seen.difference, ours.n, words),
        extra_low=_times(seen.low, ours.n, words),
        extra_high=_times(seen.high, ours.n, words),
        **_difference(seen, digits, words, sign=not decided),
    )


def guard(guarded: Guarded, words: Words) -> str:
    """One guard-rail and the numbers that prove how it stands."""
    counted = guarded.counted
    return words[f"guard-{guarded.name}"].format(
        count=number(counted.successes, 0, words),
        written_to=number(counted.n, 0, words),
        share=percent(counted.rate, 2, words),
        limit=percent(guarded.limit, 2, words),
    )


def among_tactics(pairs: Sequence[Comparison], *, closed: bool, words: Words) -> str:
    """What may be said of tactics against each other: of several pairs, only those where one is ahead are named."""
    compared = [one for one in pairs if one.difference is not None]
    if not compared:
        return ""
    if len(compared) > 1:
        compared = [one for one in compared if _is_apart(one)]
    said = " ".join(_pair(one, words) for one in compared) or words["all-alike"]
    return said if closed else words["so-far"] + said


def note(window: timedelta, closes_at: datetime | None, now: datetime, words: Words, *, by_wave: bool = False) -> str:
    """Whether the numbers are final; and where shares changed, how arms are compared and what is left out for it."""
    if closes_at is None:
        return words["nobody"]
    said = words["closed" if closes_at <= now else "open"].format(day=day(closes_at, words), window=length(window, words))
    return f"{said} {words['waves']} {words['waves-without']}" if by_wave else said


def sizes(counts: Mapping[str, int], shares: Mapping[str, float], p: float, words: Words, *, equal_assumed: bool = False) -> str:
    """Whether the arms are as large as planned (or assumed); if not, which are how large, and why that may be."""
    right, wrong = ("sizes-equal", "sizes-unequal") if equal_assumed else ("sizes-right", "sizes-wrong")
    if p >= SAMPLE_RATIO_ALARM:
        return words[right].format(p=p_equals(p, words))
    total, planned = sum(counts.values()), sum(shares.values()) or 1.0
    each = (
        words["size"].format(arm=arm(name, words), count=number(count, 0, words), planned=number(total * shares.get(name, 0.0) / planned, 0, words))
        for name, count in counts.items()
    )
    return words[wrong].format(p=p_equals(p, words), counts="; ".join(each))


def causes_of_sizes(causes: Sequence[Cause], words: Words) -> str:
    """What the figures point to where sizes can't be chance."""
    return words["sizes-causes"].format(causes="; ".join(words[f"sizes-cause-{each.kind}"].format(where=_where(each, words)) for each in causes))


def _where(cause: Cause, words: Words) -> str:
    if cause.dimension is None:
        return cause.where
    return f"{words[f'by-{cause.dimension}']} {words.get(f'{cause.dimension}-{cause.where}', cause.where) or NOTHING}"


def as_of(report: Report) -> str:
    """When, how long, how many."""
    words = report.words
    assigned = number(sum(arm.assigned for arm in report.arms), 0, words)
    return words["as-of"].format(now=f"{day(report.now, words)}, {report.now:%H:%M}", window=length(report.window, words), assigned=assigned)


def truth(judged: Judged, words: Words) -> str:
    """How the estimate stands to what is really there."""
    sentence = {True: "truth-covered", False: "truth-missed", None: "truth-unknown"}[judged.covered]
    return words[sentence].format(truth=points(judged.truth, 1, words))


def _pair(one: Comparison, words: Words) -> str:
    apart = _is_apart(one)
    ahead = one if one.difference is None or one.difference >= 0 else one.turned_round()
    sentence = words["ahead" if apart else "alike"]
    return sentence.format(arm=ahead.arm, against=ahead.against, **_difference(ahead, 1, words, sign=not apart))


def _is_apart(one: Comparison) -> bool:
    return one.p_adjusted is not None and one.p_adjusted < ALPHA and one.covers(0.0) is False


def _difference(compared: Comparison, digits: int, words: Words, *, sign: bool) -> dict[str, str]:
    written = signed if sign else number
    bounds = {"difference": compared.difference, "low": compared.low, "high": compared.high}
    shown = {name: NOTHING if value is None else written(value * 100, digits, words) for name, value in bounds.items()}
    p = p_equals(compared.p_adjusted, words)
    several = compared.p_value is not None and compared.p_adjusted is not None and compared.p_adjusted > compared.p_value
    return {**shown, "p": words["p-of-several"].format(p=p) if several else p}


def _times(share: float | None, customers: int, words: Words) -> str:
    return NOTHING if share is None else number(share * customers, 0, words)

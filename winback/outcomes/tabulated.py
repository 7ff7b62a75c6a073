"""The report's tables, their numbers already written: the terminal and the page show the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from winback.journey.ends import EndState
from winback.model import HOLDOUT, minor_digits
from winback.outcomes import wording
from winback.outcomes.comparison import REVENUE, Comparison
from winback.outcomes.report import Report


@dataclass(frozen=True, slots=True)
class Tabulated:
    """A table; its first `names` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1


def tables(report: Report) -> list[Tabulated]:
    """All that have anything to say, in reading order."""
    made = (
        who_returned(report),
        against_holdout(report),
        over_time(report),
        money_against_holdout(report),
        codes(report),
        among_tactics(report),
        letters(report),
        funnel(report),
        ends(report),
        skips(report),
        locales(report),
        others(report),
    )
    return [table for table in made if table.rows]


def who_returned(report: Report) -> Tabulated:
    digits = _rate_digits(report)
    money = minor_digits(report.currency)
    rows = (
        (
            _arm(report, arm.name),
            wording.number(arm.assigned),
            wording.number(arm.figures.returned),
            wording.percent(arm.returned.rate, digits),
            wording.percents(arm.interval, digits),
            wording.number(arm.figures.orders),
            wording.number(arm.revenue, money),
            wording.NOTHING if arm.per_customer.mean is None else wording.number(arm.per_customer.mean, money),
        )
        for arm in report.arms
    )
    return _table(report, "who-returned", ("arm", "assigned", "returned", "rate", "interval", "orders", "revenue", "per-customer"), rows)


def against_holdout(report: Report) -> Tabulated:
    """Return rates: a row per tactic that could be compared. Holm's p-value only among several, the truth only where it is known."""
    digits, several = _rate_digits(report), len(report.judged) > 1
    known = any(judged.truth is not None for judged in report.judged)
    rows = []
    for judged in report.judged:
        if judged.compared.difference is not None:
            extra = wording.signed(judged.compared.difference * report.arm(judged.arm).assigned)
            truth = (wording.points(judged.truth, digits),) if known else ()
            rows.append((judged.arm, *_rates(judged.compared, digits, adjusted=several), extra, *truth))
    columns = ("arm", "difference", "interval", "p", *(("p-adjusted",) if several else ()), "extra", *(("true",) if known else ()))
    return _table(report, "against-holdout", columns, rows)


def money_against_holdout(report: Report) -> Tabulated:
    """Money per assigned customer: a row per tactic that could be compared."""
    digits = minor_digits(report.currency)
    rows = (
        (one.arm, wording.signed(one.difference, digits), wording.span(one.low, one.high, digits=digits), wording.p_value(one.p_value))
        for one in report.comparisons
        if one.outcome == REVENUE and one.against == HOLDOUT and one.difference is not None
    )
    return _table(report, "money-against-holdout", ("arm", "money-difference", "interval", "p"), rows)


def among_tactics(report: Report) -> Tabulated:
    """Pairs of tactics, where there are several: a single pair has its sentence."""
    pairs = [one for one in report.pairs() if one.difference is not None]
    rows = [(one.arm, one.against, *_rates(one, _rate_digits(report), adjusted=True)) for one in pairs]
    columns = ("arm", "against", "difference", "interval", "p", "p-adjusted")
    return _table(report, "tactics-compared", columns, rows if len(rows) > 1 else (), names=2)


def over_time(report: Report) -> Tabulated:
    """The curves at a few days: the first week, the second, a month, and the last."""
    last = max((points[-1].day for points in report.curve.values() if points), default=0)
    days = sorted({day for day in (1, 3, 7, 14, 30, last) if 0 < day <= last})
    digits = _rate_digits(report)
    rows = (
        (_arm(report, arm), *(wording.percent(points[day - 1].rate, digits) if day <= len(points) else wording.NOTHING for day in days))
        for arm, points in report.curve.items()
    )
    columns = (report.words["arm"], *(report.words["by-day"].format(day=day) for day in days))
    return Tabulated(report.words["over-time"], columns, tuple(rows) if days else ())


def letters(report: Report) -> Tabulated:
    """What came of letters, per tactic; clicks in doubt and by machines have a column where there are any."""
    apart = [name for name in ("clicked_unverified", "clicked_machine") if any(getattr(arm.figures, name) for arm in report.tactics)]
    names = ("delivered", "opened_human", "opened_unverified", "opened_machine", "clicked", *apart, "replied", "unsubscribed", "failed", "uncertain")
    rows = ((_arm(report, arm.name), *(wording.number(getattr(arm.figures, name)) for name in names)) for arm in report.tactics)
    words = {"delivered": "reached", "opened_human": "opened"}
    return _table(report, "letters", ("arm", *(words.get(name, name.replace("_", "-")) for name in names)), rows)


def funnel(report: Report) -> Tabulated:
    """Letters per stage and tactic; ends that no letter came to have no column."""
    rows = [row for row in report.stages if row.arm != HOLDOUT]
    ends = [name for name in ("planned", "stopped", "skipped", "failed", "uncertain") if any(getattr(row, name) for row in rows)]
    names = ("sent", "opened", "clicked", *ends)
    shown = ((row.stage, row.arm, *(wording.number(getattr(row, name)) for name in names)) for row in rows)
    return _table(report, "funnel", ("stage", "arm", *names), shown, names=2)


def ends(report: Report) -> Tabulated:
    """How journeys ended, per tactic; what nobody came to has no column."""
    counts = {(row.arm, row.end): row.customers for row in report.ends}
    names = [end for end in EndState if any(found == end for _, found in counts)]
    arms = [arm.name for arm in report.tactics if any(of == arm.name for of, _ in counts)]
    rows = ((_arm(report, arm), *(wording.number(counts.get((arm, end), 0)) for end in names)) for arm in arms)
    return _table(report, "ends", ("arm", *(f"end-{end}" for end in names)), rows)


def skips(report: Report) -> Tabulated:
    return _table(report, "skips", ("reason", "customers"), ((reason, wording.number(customers)) for reason, customers in report.skips))


def locales(report: Report) -> Tabulated:
    """Only where letters went out in more than one language."""
    rows = (
        (row.locale or report.words["unknown"], _arm(report, row.arm), wording.number(row.assigned), wording.number(row.returned),
         wording.percent(row.returned / row.assigned))
        for row in report.locales
    )  # fmt: skip
    several = len({row.locale for row in report.locales}) > 1
    return _table(report, "locales", ("locale", "arm", "assigned", "returned", "rate"), rows if several else (), names=2)


def others(report: Report) -> Tabulated:
    rows = (
        (_arm(report, arm), money.currency, wording.number(orders), wording.number(money.amount, minor_digits(money.currency)))
        for arm, orders, money in report.others
    )
    return _table(report, "others", ("arm", "currency", "orders", "total"), rows, names=2)


def codes(report: Report) -> Tabulated:
    """What the offers' codes may cost and did."""
    money = minor_digits(report.currency)
    rows = (
        (
            _arm(report, row.arm),
            wording.number(row.codes),
            wording.number(row.promised, money),
            wording.number(row.redeemed),
            wording.percent(row.redeemed / row.codes if row.codes else None),
            wording.number(row.cost, money),
        )
        for row in report.codes
    )
    return _table(report, "codes", ("arm", "had-codes", "promised", "redeemed", "of-them", "codes-cost"), rows)


def _table(report: Report, title: str, columns: Iterable[str], rows: Iterable[Sequence[str]], *, names: int = 1) -> Tabulated:
    words = report.words
    shown = tuple(words[column].format(currency=report.currency) for column in columns)
    return Tabulated(words[title], shown, tuple(tuple(row) for row in rows), names)


def _rates(one: Comparison, digits: int, *, adjusted: bool) -> tuple[str, ...]:
    shown = (
        wording.points(one.difference, digits),
        wording.span(one.low, one.high, times=100, digits=digits),
        wording.p_value(one.p_value),
    )
    return (*shown, wording.p_value(one.p_adjusted)) if adjusted else shown


def _arm(report: Report, name: str) -> str:
    return wording.arm(name, report.words)


def _rate_digits(report: Report) -> int:
    return wording.digits_for(*(arm.returned for arm in report.arms))

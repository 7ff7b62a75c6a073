"""The report's tables, their numbers already written: the terminal and the page show the same ones."""

from __future__ import annotations

from winback.journey.ends import EndState
from winback.model import HOLDOUT, minor_digits
from winback.outcomes import backdrop_tables, proof_tables, wording
from winback.outcomes.comparison import REVENUE, Comparison
from winback.outcomes.report import Report
from winback.outcomes.table import Tabulated, Writing, rate_digits, writing


def tables(report: Report) -> list[Tabulated]:
    """All that have anything to say, in reading order."""
    made = (
        who_returned(report),
        against_holdout(report),
        over_time(report),
        money_against_holdout(report),
        proof_tables.measures(report),
        proof_tables.brought(report),
        proof_tables.costs(report),
        codes(report),
        among_tactics(report),
        proof_tables.followed(report),
        proof_tables.promises(report),
        proof_tables.guards(report),
        letters(report),
        funnel(report),
        ends(report),
        backdrop_tables.mailboxes(report),
        skips(report),
        backdrop_tables.reasons(report),
        *proof_tables.segments(report),
        locales(report),
        backdrop_tables.plan(report),
        others(report),
    )
    return [table for table in made if table.rows]


def who_returned(report: Report) -> Tabulated:
    w, digits, money = writing(report), rate_digits(report), minor_digits(report.currency)
    rows = (
        (
            w.arm(arm.name),
            w.number(arm.assigned),
            w.number(arm.figures.returned),
            w.percent(arm.returned.rate, digits),
            w.percents(arm.interval, digits),
            w.number(arm.figures.orders),
            w.number(arm.revenue, money),
            w.number(arm.per_customer.mean, money),
        )
        for arm in report.arms
    )
    columns = ("arm", "assigned", "returned", "rate", "interval", "orders", "revenue", "per-customer")
    return w.table("who-returned", columns, rows, note=report.words["waves-counts"] if report.by_wave else "")


def against_holdout(report: Report) -> Tabulated:
    """Return rates: a row per tactic that could be compared. Holm's p-value only among several, the truth only where it is known."""
    w, digits, several = writing(report), rate_digits(report), len(report.judged) > 1
    known = any(judged.truth is not None for judged in report.judged)
    rows = []
    for judged in report.judged:
        if judged.compared.difference is not None:
            extra = w.signed(judged.compared.difference * report.arm(judged.arm).assigned)
            truth = (w.points(judged.truth, digits),) if known else ()
            rows.append((judged.arm, *_rates(w, judged.compared, digits, adjusted=several), extra, *truth))
    columns = ("arm", "difference", "interval", "p", *(("p-adjusted",) if several else ()), "extra", *(("true",) if known else ()))
    return w.table("against-holdout", columns, rows)


def money_against_holdout(report: Report) -> Tabulated:
    """Money per assigned customer: a row per tactic that could be compared."""
    w, digits = writing(report), minor_digits(report.currency)
    rows = (
        (one.arm, w.signed(one.difference, digits), w.span(one.low, one.high, digits=digits), w.p_value(one.p_value))
        for one in report.comparisons
        if one.outcome == REVENUE and one.against == HOLDOUT and one.difference is not None
    )
    return w.table("money-against-holdout", ("arm", "money-difference", "interval", "p"), rows)


def among_tactics(report: Report) -> Tabulated:
    """Pairs of tactics, where there are several: a single pair has its sentence."""
    w = writing(report)
    pairs = [one for one in report.pairs() if one.difference is not None]
    rows = [(one.arm, one.against, *_rates(w, one, rate_digits(report), adjusted=True)) for one in pairs]
    columns = ("arm", "against", "difference", "interval", "p", "p-adjusted")
    return w.table("tactics-compared", columns, rows if len(rows) > 1 else (), names=2)


def over_time(report: Report) -> Tabulated:
    """The curves at a few days: the first week, the second, a month, and the last."""
    last = max((points[-1].day for points in report.curve.values() if points), default=0)
    days = sorted({day for day in (1, 3, 7, 14, 30, last) if 0 < day <= last})
    w, digits = writing(report), rate_digits(report)
    rows = (
        (w.arm(arm), *(w.percent(points[day - 1].rate, digits) if day <= len(points) else wording.NOTHING for day in days))
        for arm, points in report.curve.items()
    )
    columns = (report.words["arm"], *(report.words["by-day"].format(day=day) for day in days))
    return Tabulated(report.words["over-time"], columns, tuple(rows) if days else (), section="over-time")


def letters(report: Report) -> Tabulated:
    """What came of letters, per tactic; clicks in doubt and by machines have a column where there are any."""
    w = writing(report)
    apart = [name for name in ("clicked_unverified", "clicked_machine") if any(getattr(arm.figures, name) for arm in report.tactics)]
    names = ("delivered", "opened_human", "opened_unverified", "opened_machine", "clicked", *apart, "replied", "unsubscribed", "failed", "uncertain")
    rows = ((w.arm(arm.name), *(w.number(getattr(arm.figures, name)) for name in names)) for arm in report.tactics)
    words = {"delivered": "reached", "opened_human": "opened"}
    return w.table("letters", ("arm", *(words.get(name, name.replace("_", "-")) for name in names)), rows)


def funnel(report: Report) -> Tabulated:
    """Letters per stage and tactic; ends that no letter came to have no column."""
    w = writing(report)
    rows = [row for row in report.stages if row.arm != HOLDOUT]
    ends = [name for name in ("planned", "stopped", "skipped", "failed", "uncertain") if any(getattr(row, name) for row in rows)]
    names = ("sent", "opened", "clicked", *ends)
    shown = ((row.stage, row.arm, *(w.number(getattr(row, name)) for name in names)) for row in rows)
    return w.table("funnel", ("stage", "arm", *names), shown, names=2)


def ends(report: Report) -> Tabulated:
    """How journeys ended, per tactic; what nobody came to has no column."""
    w = writing(report)
    counts = {(row.arm, row.end): row.customers for row in report.ends}
    names = [end for end in EndState if any(found == end for _, found in counts)]
    arms = [arm.name for arm in report.tactics if any(of == arm.name for of, _ in counts)]
    rows = ((w.arm(arm), *(w.number(counts.get((arm, end), 0)) for end in names)) for arm in arms)
    return w.table("ends", ("arm", *(f"end-{end}" for end in names)), rows)


def skips(report: Report) -> Tabulated:
    w = writing(report)
    return w.table(
        "skips", ("reason", "customers"), ((wording.skip(reason, report.words), w.number(customers)) for reason, customers in report.skips)
    )


def locales(report: Report) -> Tabulated:
    """Only where letters went out in more than one language."""
    w = writing(report)
    rows = (
        (
            report.words.get(f"language-{row.locale}", row.locale) or report.words["unknown"],
            w.arm(row.arm),
            w.number(row.assigned),
            w.number(row.returned),
            w.percent(row.returned / row.assigned),
        )
        for row in report.locales
    )
    several = len({row.locale for row in report.locales}) > 1
    return w.table("locales", ("locale", "arm", "assigned", "returned", "rate"), rows if several else (), names=2)


def others(report: Report) -> Tabulated:
    w = writing(report)
    rows = (
        (w.arm(arm), money.currency, w.number(orders), w.number(money.amount, minor_digits(money.currency))) for arm, orders, money in report.others
    )
    return w.table("others", ("arm", "currency", "orders", "total"), rows, names=2)


def codes(report: Report) -> Tabulated:
    """What the offers' codes may cost and did."""
    w, money = writing(report), minor_digits(report.currency)
    rows = (
        (
            w.arm(row.arm),
            w.number(row.codes),
            w.number(row.promised, money),
            w.number(row.redeemed),
            w.percent(row.redeemed / row.codes if row.codes else None),
            w.number(row.cost, money),
        )
        for row in report.codes
    )
    return w.table("codes", ("arm", "had-codes", "promised", "redeemed", "of-them", "codes-cost"), rows)


def _rates(w: Writing, one: Comparison, digits: int, *, adjusted: bool) -> tuple[str, ...]:
    shown = (w.points(one.difference, digits), w.span(one.low, one.high, times=100, digits=digits), w.p_value(one.p_value))
    return (*shown, w.p_value(one.p_adjusted)) if adjusted else shown

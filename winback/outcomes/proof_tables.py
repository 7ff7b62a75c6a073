"""The report's tables of money and proof: what it brought and cost, whether it can be trusted while it runs, who responds."""

from __future__ import annotations

from winback.model import HOLDOUT, minor_digits
from winback.outcomes.earnings import COSTS, Extra
from winback.outcomes.guardrails import Guarded
from winback.outcomes.report import Report
from winback.outcomes.secondary import Measure, Measured
from winback.outcomes.table import Tabulated, Writing, rate_digits, writing

SEGMENTS_SHOWN = 12
"""Rows of a dimension with many values: those with the most customers, of which both sides have somebody."""


def brought(report: Report) -> Tabulated:
    """What came beyond what would have come by itself, and what of it stays after the cost; sums of many customers, in whole units."""
    w = writing(report)
    rows = [
        (
            one.arm or report.words["all-tactics"],
            w.number(one.revenue),
            *_extra(w, one.extra_revenue),
            w.number(one.spent),
            *_extra(w, one.profit),
            w.percent(one.roi, 0),
        )
        for one in report.earned
        if one.revenue or one.spent or one.extra_revenue
    ]
    columns = ("arm", "revenue", "extra-revenue", "interval", "spent", "profit", "interval", "roi")
    knows_nothing = rows and all(one.extra_margin is None for one in report.earned) and any(one.extra_revenue for one in report.earned)
    return w.table("brought", columns, rows, note=report.words["no-margins"] if knows_nothing else "")


def costs(report: Report) -> Tabulated:
    """What each tactic cost, by what it was spent on."""
    w, digits = writing(report), minor_digits(report.currency)
    kinds = [kind for kind in COSTS if any(one.spent_on(kind) for one in report.earned)]
    rows = (
        (one.arm or report.words["all-tactics"], *(w.number(one.spent_on(kind), digits) for kind in kinds), w.number(one.spent, digits))
        for one in report.earned
        if one.spent
    )
    return w.table("costs", ("arm", *(f"cost-{kind}" for kind in kinds), "spent"), rows)


def measures(report: Report) -> Tabulated:
    """Orders, margin, the average order and others against those left alone; they point to where to look."""
    w = writing(report)
    rows = (
        (report.words[f"measure-{one.what}"], one.arm, *_measured(w, one, minor_digits(report.currency)), w.p_value(one.p_adjusted))
        for one in report.secondary.measures
    )
    columns = ("measure", "arm", "its-own", "left-alone", "mean-difference", "interval", "p-bh")
    return w.table("measures", columns, rows, names=2, note=" ".join([report.words["measures-note"], *_doubts(report, w)]))


def _measured(w: Writing, one: Measure, digits: int) -> tuple[str, ...]:
    low, high = (None, None) if one.interval is None else (one.interval.low, one.interval.high)
    if one.what in {Measured.KEPT, Measured.WON_BACK}:
        return w.percent(one.ours, 2), w.percent(one.left_alone, 2), w.points(one.difference, 2), w.span(low, high, times=100, digits=2)
    places = {Measured.ORDERS: 3, Measured.HALF_DAY: 0}.get(one.what, digits)
    return w.number(one.ours, places), w.number(one.left_alone, places), w.signed(one.difference, places), w.span(low, high, digits=places)


def _doubts(report: Report, w: Writing) -> list[str]:
    """Where the bootstrap says another thing of the money than Welch's test."""
    digits = minor_digits(report.currency)
    return [
        report.words["money-doubt"].format(arm=arm, interval=w.span(one.interval.low, one.interval.high, digits=digits))
        for arm, one in report.secondary.checks
        if not one.agrees
    ]


def promises(report: Report) -> Tabulated:
    """The trade's two promises, and how far they were kept."""
    w = writing(report)
    rows = (
        (
            w.arm(arm.name),
            w.number(arm.assigned),
            w.number(None if arm.name == HOLDOUT else arm.figures.interested),
            w.percent(None if arm.name == HOLDOUT or not arm.assigned else arm.figures.interested / arm.assigned),
            w.number(arm.figures.kept),
            w.percent(arm.figures.kept / arm.assigned if arm.assigned else None),
        )
        for arm in report.arms
    )
    shown = any(arm.figures.interested or arm.figures.kept for arm in report.arms)
    columns = ("arm", "assigned", "interested", "rate", "kept", "rate")
    return w.table("promises", columns, rows if shown else (), note=report.words["promises-note"])


def followed(report: Report) -> Tabulated:
    """Where each tactic stands by an interval that may be looked at daily, and its chance of being the best."""
    w, digits = writing(report), rate_digits(report)
    rows = (
        (
            each.arm,
            w.number(each.day),
            w.points(each.stood.difference, digits),
            w.span(each.stood.interval.low, each.stood.interval.high, times=100, digits=digits),
            w.p_value(each.stood.p_value),
            w.percent(report.proofs.standings[each.arm].best, 0) if each.arm in report.proofs.standings else "",
            w.number(report.proofs.standings[each.arm].expected_loss * 100, 2) if each.arm in report.proofs.standings else "",
        )
        for each in report.proofs.latest
    )
    columns = ("arm", "day", "difference", "interval-always", "p", "chance-best", "expected-loss")
    return w.table("followed", columns, rows, note=report.words["followed-note"])


def guards(report: Report) -> Tabulated:
    """How many asked to stop or complained, against what the shop won't go beyond."""
    w = writing(report)
    rows = ((arm, report.words[f"guarded-{one.name}"], report.words[f"guard-{one.standing}"], *_guarded(w, one)) for arm, one in report.proofs.guards)
    return w.table("guards", ("arm", "guard", "standing", "count", "written-to", "rate", "limit"), rows, names=3)


def segments(report: Report) -> list[Tabulated]:
    """Effects by kind of customer, a table for each dimension; shrunken, so that a lucky handful doesn't lead."""
    w, digits = writing(report), rate_digits(report)
    made: list[Tabulated] = []
    for dimension in dict.fromkeys(one.dimension for one in report.proofs.responding):
        rows = []
        for one in (each for each in report.proofs.responding if each.dimension == dimension):
            compared = [row for row in one.found.rows if row.difference is not None]
            largest = sorted(compared, key=lambda row: -(row.n + row.against_n))[:SEGMENTS_SHOWN]
            rows += [
                (
                    report.words.get(f"{dimension}-{row.value}", row.value) or report.words["unknown"],
                    one.arm,
                    w.number(row.n),
                    w.number(row.against_n),
                    w.points(row.difference, digits),
                    w.points(row.believed.value, digits),
                    w.span(row.believed.interval.low, row.believed.interval.high, times=100, digits=digits),
                )
                for row in largest
            ]
        columns = (f"by-{dimension}", "arm", "assigned", "left-alone", "difference", "believed", "interval")
        table = w.table("segments", columns, rows, names=2, note="" if made else report.words["segments-note"])
        title = f"{table.title}: {report.words[f'by-{dimension}']}"
        made.append(Tabulated(title, table.columns, table.rows, 2, f"segments-{dimension}", table.note, table.keys))
    return made


def _extra(w: Writing, extra: Extra | None) -> tuple[str, str]:
    if extra is None:
        return w.number(None), w.number(None)
    low, high = (None, None) if extra.interval is None else (extra.interval.low, extra.interval.high)
    return w.signed(extra.amount), w.span(low, high, digits=0)


def _guarded(w: Writing, one: Guarded) -> tuple[str, ...]:
    return w.number(one.counted.successes), w.number(one.counted.n), w.percent(one.counted.rate, 2), w.percent(one.limit, 1)

"""The report's tables of what stands behind the results: the plan, mailboxes in trouble, why customers had left."""

from __future__ import annotations

from winback.model import minor_digits
from winback.outcomes.backdrop import OTHERS, ReasonFigures
from winback.outcomes.expectations import Kept, Planned
from winback.outcomes.report import Report
from winback.outcomes.table import Tabulated, Writing, writing


def plan(report: Report) -> Tabulated:
    """Planned, happened, and the second as a share of the first."""
    w = writing(report)
    rows = ((_called(report, one), *_shown(w, report.currency, one)) for one in report.plan)
    return w.table("plan", ("what", "as-planned", "happened", "of-plan"), rows, note=report.words["plan-note"])


def mailboxes(report: Report) -> Tabulated:
    """Who keeps our customers' mailboxes, and what becomes of letters there; the trouble is named."""
    w = writing(report)
    rows = (
        (
            {"": report.words["unknown"], OTHERS: report.words["other-mailboxes"]}.get(one.figures.provider, one.figures.provider),
            ", ".join(report.words[f"trouble-{each}"] for each in one.troubles),
            w.number(one.figures.sent),
            w.number(one.figures.failed),
            w.number(one.figures.bounced),
            w.percent(one.figures.refused.rate),
            w.number(one.figures.complained),
            w.percent(one.figures.seen.rate, 0),
        )
        for one in report.mailboxes
    )
    columns = ("mailbox", "trouble", "sent", "failed", "bounced", "share-refused", "complained", "opened")
    return w.table("mailboxes", columns, rows, names=2)


def reasons(report: Report) -> Tabulated:
    """Of those written to, and of those left alone: how many came back for each reason that they had left for."""
    w = writing(report)
    rows = []
    for word in dict.fromkeys(row.reason for row in report.reasons):
        title = next(row.title for row in report.reasons if row.reason == word) or report.words["not-told"]
        sides = {row.is_holdout: row for row in report.reasons if row.reason == word}
        rows.append((title, *_side(w, sides.get(False)), *_side(w, sides.get(True))))
    columns = ("left-because", "written-to", "returned", "rate", "left-alone", "returned", "rate")
    return w.table("reasons", columns, rows)


def _side(w: Writing, row: ReasonFigures | None) -> tuple[str, ...]:
    return ("0", "0", w.percent(None)) if row is None else (w.number(row.customers), w.number(row.returned), w.percent(row.returned / row.customers))


def _called(report: Report, one: Kept) -> str:
    return report.words[f"plan-{one.what}"].format(of=one.of, currency=report.currency)


def _shown(w: Writing, currency: str, one: Kept) -> tuple[str, ...]:
    pair = (one.planned, one.happened)
    if one.what is Planned.BY_THEMSELVES:
        return *(w.percent(value) for value in pair), ""
    if one.what is Planned.VISIBLE:
        return *(w.points(value) for value in pair), ""
    digits = minor_digits(currency) if one.what is Planned.COST else 0
    share = one.happened / one.planned if one.planned and one.happened is not None else None
    return *(w.number(value, digits) for value in pair), w.percent(share, 0)

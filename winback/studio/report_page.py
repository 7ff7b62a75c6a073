"""The report as one page that needs nothing else: it can be mailed, archived, printed."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from winback.outcomes import charts, drawing, proof_charts, tabulated, wording
from winback.outcomes.comparison import Finding
from winback.outcomes.report import Report
from winback.studio import pages

_MARKS = {
    Finding.BETTER: "▲",
    Finding.WORSE: "▼",
    Finding.HARMFUL: "!",
    Finding.NO_DIFFERENCE: "=",
    Finding.TOO_FEW: "?",
    Finding.NOT_COMPARABLE: "?",
}


def render(report: Report) -> str:
    """HTML with its style sheet and charts inside; readable in print, in the dark and on a phone."""
    return pages.render("report.html", **shown(report))


def shown(report: Report) -> dict[str, Any]:
    """What the page shows, for a template: verdicts, tables with their charts and notes, colours of the arms."""
    words = report.words
    drawn = {
        "against-holdout": (charts.lifts(report), "chart-lift-note" if any(judged.truth is not None for judged in report.judged) else ""),
        "over-time": (charts.returns(report), ""),
        "funnel": (charts.funnel(report), "opens-by-people"),
        "followed": (proof_charts.followed(report), "followed-note"),
        "promises": (proof_charts.promises(report), "promises-note"),
    }
    by_section = {name: (Markup(chart), words[note] if note else "") for name, (chart, note) in drawn.items()}  # noqa: S704  our own SVG, names escaped
    sections = [(table, *by_section.get(table.section, (Markup(), table.note))) for table in tabulated.tables(report)]
    return {
        "words": words,
        "report": report,
        "title": words["title"].format(campaign=report.campaign),
        "as_of": wording.as_of(report),
        "verdicts": verdicts(report),
        "sections": sections,
        "small_print": [words["method"]],
        "colours": {wording.arm(name, words): style for name, style in drawing.colour_classes(arm.name for arm in report.arms).items()},
    }


def chart_files(report: Report) -> dict[str, str]:
    """The charts of returns, differences and letters as SVG files that need no page: by name, those that have anything to show."""
    drawn = {"returns": charts.returns(report), "lifts": charts.lifts(report), "funnel": charts.funnel(report)}
    style = f"<style>{pages.render('chart.css')}</style>"
    return {name: _alone(chart, style) for name, chart in drawn.items() if chart}


def _alone(chart: str, style: str) -> str:
    """Inline SVG as a file: with its namespace, and the style sheet that the page would give it."""
    head, _, rest = chart.partition(">")
    return head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + ">" + style + rest


def verdicts(report: Report) -> list[tuple[Finding, str, str, str]]:
    """Of each tactic the finding, its mark, its sentence, and of a made-up shop what is really true."""
    return [
        (judged.finding, _MARKS[judged.finding], judged.sentence, "" if judged.truth is None else wording.truth(judged, report.words))
        for judged in report.judged
    ]

"""The report in the terminal: the same sentences and numbers as on the page, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from winback.outcomes import analysis_tables, quarterly, tabulated, wording
from winback.outcomes.analysis import Analysis
from winback.outcomes.comparison import Finding
from winback.outcomes.quarterly import Quarterly
from winback.outcomes.report import Report
from winback.outcomes.table import Tabulated

_STYLES = {Finding.BETTER: "bold green", Finding.WORSE: "bold red", Finding.HARMFUL: "bold red"}


def render(report: Report) -> Group:
    """What rich prints for a report: verdicts first, then the tables."""
    return Group(*_verdicts(report), *as_rich(tabulated.tables(report)), Text(report.words["method"], style="dim"))


def as_rich(tables: Iterable[Tabulated]) -> Iterator[RenderableType]:
    """Tables with right-aligned numbers."""
    for table in tables:
        shown = Table(header_style="dim", box=None, pad_edge=False, padding=(0, 1))
        for place, column in enumerate(table.columns):
            shown.add_column(column, justify="left" if place < table.names else "right", overflow="fold")
        for row in table.rows:
            shown.add_row(*row)
        yield Text(table.title, style="bold")
        yield Padding(shown, (0, 0, 0 if table.note else 1, 0))
        if table.note:
            yield Padding(Text(table.note, style="dim"), (0, 0, 1, 0))


def render_quarter(quarter: Quarterly) -> Group:
    """What rich prints for a quarter."""
    said = [Text(f"• {sentence}") for sentence in quarter.sentences()]
    heading = [Text(quarter.title, style="bold"), Text(quarterly.as_of(quarter), style="dim"), Text("")]
    return Group(*heading, *said, Text(""), *as_rich(quarterly.tables(quarter)))


def _verdicts(report: Report) -> Iterator[RenderableType]:
    yield Text(report.words["title"].format(campaign=report.campaign), style="bold")
    yield Text(wording.as_of(report), style="dim")
    yield Text("")
    if report.sample_ratio.alarm:
        yield Padding(Text(report.sample_ratio.sentence, style="bold red"), (0, 0, 1, 0))
    for judged in report.judged:
        yield Text(f"• {judged.sentence}", style=_STYLES.get(judged.finding, ""))
        if judged.truth is not None:
            yield Text(f"  {wording.truth(judged, report.words)}", style="cyan")
    yield from (Text(f"• {sentence}") for sentence in (report.among_tactics, report.note) if sentence)
    if not report.sample_ratio.alarm:
        yield Text(f"• {report.sample_ratio.sentence}")
    yield Text("")


def render_analysis(analysed: Analysis) -> Group:
    """What rich prints for a table of any experiment."""
    said = (Text(f"• {one.sentence}", style=_STYLES.get(one.finding, "")) for one in analysed.said)
    return Group(*said, Text(""), *as_rich(analysis_tables.tables(analysed)), Text(analysed.sample_ratio.sentence))

"""Reports as Markdown, for pages that others keep: Prefect's artifacts, a wiki, a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from winback.outcomes import quarterly, tabulated, wording
from winback.outcomes.quarterly import Quarterly
from winback.outcomes.report import Report
from winback.outcomes.table import Tabulated
from winback.outcomes.weekly import Weekly


def of_report(report: Report) -> str:
    """The verdicts, then every table."""
    said = [judged.sentence for judged in report.judged]
    said += [sentence for sentence in (report.among_tactics, report.note, report.sample_ratio.sentence) if sentence]
    title = report.words["title"].format(campaign=report.campaign)
    return _page(title, wording.as_of(report), said, tabulated.tables(report))


def of_quarter(quarter: Quarterly) -> str:
    return _page(quarter.title, quarterly.as_of(quarter), quarter.sentences(), quarterly.tables(quarter))


def of_week(week: Weekly) -> str:
    """What the days come to, then each campaign's verdicts and who returned, in the report's language."""
    parts = [f"# {week.first} – {week.last}", "\n".join(f"- {_plain(sentence)}" for sentence in week.sentences())]
    for each in week.campaigns:
        if each.report is not None:
            said = [*(judged.sentence for judged in each.report.judged), each.report.note]
            parts += [f"## {_plain(each.campaign)}", "\n".join(f"- {_plain(sentence)}" for sentence in said if sentence)]
            parts.append("\n".join(_rows(tabulated.who_returned(each.report))))
    return "\n\n".join(part for part in parts if part) + "\n"


def _page(title: str, as_of: str, said: Iterable[str], tables: Iterable[Tabulated]) -> str:
    parts = [f"# {_plain(title)}", _plain(as_of), "\n".join(f"- {_plain(sentence)}" for sentence in said), *map("\n".join, map(_table, tables))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: Tabulated) -> Iterator[str]:
    yield f"## {_plain(table.title)}\n"
    yield from _rows(table)
    if table.note:
        yield f"\n{_plain(table.note)}"


def _rows(table: Tabulated) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(":--" if place < table.names else "--:" for place in range(len(table.columns)))
    yield from map(_row, table.rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Names that others gave are words, not markup: no table cell ends in one, no tag begins."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")

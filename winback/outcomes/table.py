"""A table whose numbers are written already: the terminal, the page and Prefect's artifacts show the same one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from winback.outcomes import wording
from winback.outcomes.report import Report
from winback.outcomes.sentences import Words
from winback.outcomes.statistics import Interval


@dataclass(frozen=True, slots=True)
class Tabulated:
    """A table; its first `names` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    section: str = ""  # what the report calls it, whatever the language
    note: str = ""  # what has to be known to read it
    keys: tuple[str, ...] = ()  # what the words call the columns, whatever the language; empty: they have none


@dataclass(frozen=True, slots=True)
class Writing:
    """Numbers as one language writes them, a dash where there is none."""

    words: Words
    currency: str = ""

    def number(self, value: float | Decimal | None, digits: int = 0) -> str:
        return wording.NOTHING if value is None else wording.number(value, digits, self.words)

    def signed(self, value: float | Decimal | None, digits: int = 0) -> str:
        return wording.NOTHING if value is None else wording.signed(value, digits, self.words)

    def percent(self, rate: float | None, digits: int = 1) -> str:
        return wording.percent(rate, digits, self.words)

    def percents(self, interval: Interval, digits: int = 1) -> str:
        return wording.percents(interval, digits, self.words)

    def points(self, difference: float | None, digits: int = 1) -> str:
        return wording.points(difference, digits, self.words)

    def span(self, low: float | None, high: float | None, *, times: float = 1.0, digits: int = 1) -> str:
        return wording.span(low, high, times=times, digits=digits, words=self.words)

    def p_value(self, value: float | None) -> str:
        return wording.p_value(value, self.words)

    def arm(self, name: str) -> str:
        return wording.arm(name, self.words)

    def table(self, section: str, columns: Iterable[str], rows: Iterable[Sequence[str]], *, names: int = 1, note: str = "") -> Tabulated:
        """A table with the title and columns that the words have for these keys."""
        keys = tuple(columns)
        shown = tuple(self.words[column].format(currency=self.currency) for column in keys)
        return Tabulated(self.words[section], shown, tuple(tuple(row) for row in rows), names, section, note, keys)


def writing(report: Report) -> Writing:
    return Writing(report.words, report.currency)


def rate_digits(report: Report) -> int:
    return wording.digits_for(*(arm.returned for arm in report.arms))

"""The figures of a quarter: how many left and came back, by manager, reason and value, and what campaigns cost and brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from winback.audience.movements import Retention
from winback.audience.periods import Period
from winback.audience.segment import By
from winback.outcomes import together, wording
from winback.outcomes.report import Report
from winback.outcomes.sentences import Words
from winback.outcomes.statistics import round_to_digits
from winback.outcomes.table import Tabulated, Writing
from winback.outcomes.together import Together


@dataclass(frozen=True, slots=True)
class Ran:
    """A campaign run that began in the quarter, over all its tactics."""

    campaign: str
    run: int
    began_at: datetime
    is_closed: bool  # its last return window is over
    assigned: int  # to tactics
    returned: int
    extra_returns: float | None  # who would not have come by themselves; None: nobody was left alone
    spent: float
    extra_revenue: float | None
    profit: float | None  # None: nobody was left alone, or no margin is known

    def as_json(self) -> dict[str, object]:
        return {
            "campaign": self.campaign,
            "run": self.run,
            "began_at": self.began_at.isoformat(),
            "window_closed": self.is_closed,
            "assigned": self.assigned,
            "returned": self.returned,
            "extra_returns": round_to_digits(self.extra_returns),
            "cost": round_to_digits(self.spent),
            "extra_revenue": round_to_digits(self.extra_revenue),
            "profit": round_to_digits(self.profit),
        }


def of_report(report: Report, run: int, began_at: datetime) -> Ran:
    """What a campaign's report comes to in one line."""
    whole = report.earned[-1] if report.earned else None
    differences = [(one.compared.difference, report.arm(one.arm).assigned) for one in report.judged]
    known = [difference * assigned for difference, assigned in differences if difference is not None]
    return Ran(
        campaign=report.campaign,
        run=run,
        began_at=began_at,
        is_closed=report.closed,
        assigned=sum(arm.assigned for arm in report.tactics),
        returned=sum(arm.figures.returned for arm in report.tactics),
        extra_returns=sum(known) if known else None,
        spent=0.0 if whole is None else whole.spent,
        extra_revenue=None if whole is None or whole.extra_revenue is None else whole.extra_revenue.amount,
        profit=None if whole is None or whole.profit is None else whole.profit.amount,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Customers of one manager, who left for one reason, or of one value."""

    word: str
    title: str
    retention: Retention


@dataclass(frozen=True, slots=True)
class Quarterly:
    """One quarter of the shop's calendar."""

    period: Period
    now: datetime
    lost_after_days: int
    currency: str
    retention: Retention | None  # None: nobody had bought by then
    parts: Mapping[By, tuple[Part, ...]]  # those with the most who left first
    ran: tuple[Ran, ...]
    words: Words
    together: Together | None = None  # None: nobody is left alone by all campaigns

    @property
    def title(self) -> str:
        return self.words["quarter-title"].format(quarter=self.period.name)

    def as_json(self) -> dict[str, Any]:
        return {
            "quarter": self.period.name,
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "is_over": self.period.is_over,
            "now": self.now.isoformat(),
            "lost_after_days": self.lost_after_days,
            "currency": self.currency,
            "customers": None if self.retention is None else _json(self.retention),
            **{
                f"by_{by}": [{"group": part.word, "title": part.title, **_json(part.retention)} for part in parts] for by, parts in self.parts.items()
            },
            "campaigns": [each.as_json() for each in self.ran],
            "together": None if self.together is None else self.together.as_json(),
        }

    def sentences(self) -> Iterator[str]:
        """What the quarter comes to, in words."""
        words, retention = self.words, self.retention
        if not self.period.is_over:
            yield words["quarter-open"].format(day=wording.day(self.period.last, words))
        if retention is None:
            yield words["quarter-nobody"]
            return
        write = Writing(words, self.currency)
        yield words["quarter-moved"].format(
            left=write.number(retention.left), back=write.number(retention.came_back), new=write.number(retention.new)
        )
        if retention.crr is not None and retention.strict is not None:
            yield words["quarter-crr"].format(crr=write.percent(retention.crr / 100), strict=write.percent(retention.strict / 100))
        brought, spent = [each.extra_returns for each in self.ran if each.extra_returns is not None], sum(each.spent for each in self.ran)
        if brought:
            yield words["quarter-brought"].format(extra=write.number(sum(brought)), spent=write.number(spent), currency=self.currency)
        if self.together is not None:
            yield together.sentence(self.together, words, closed=self.period.is_over)


def as_of(quarter: Quarterly) -> str:
    """From when to when, and who counts as lost."""
    words, period = quarter.words, quarter.period
    days = wording.counted(quarter.lost_after_days, "days", words)
    return words["quarter-as-of"].format(first=wording.day(period.first, words), last=wording.day(period.last, words), days=days)


def tables(quarter: Quarterly) -> list[Tabulated]:
    """All that have anything to say."""
    write = Writing(quarter.words, quarter.currency)
    whole = [] if quarter.retention is None else [("", *_figures(write, quarter.retention))]
    columns = ("there-at-start", "new", "came-back", "left", "there-at-end", "crr", "crr-strict")
    made = [
        write.table("quarter-customers", ("what", *columns), whole, note=quarter.words["crr-note"]),
        *(
            write.table(
                f"quarter-by-{by}",
                (f"group-{by}", *columns),
                [(part.title or quarter.words["unknown"], *_figures(write, part.retention)) for part in parts],
            )
            for by, parts in quarter.parts.items()
        ),
        _campaigns(write, quarter.ran),
        *([] if quarter.together is None else [together.table(quarter.together, write)]),
    ]
    return [table for table in made if table.rows]


def _campaigns(write: Writing, ran: Sequence[Ran]) -> Tabulated:
    rows = (
        (
            f"{each.campaign} {each.run}",
            "" if each.is_closed else write.words["window-open"],
            wording.day(each.began_at, write.words),
            write.number(each.assigned),
            write.number(each.returned),
            write.signed(each.extra_returns),
            write.number(each.spent),
            write.signed(each.extra_revenue),
            write.signed(each.profit),
        )
        for each in ran
    )
    columns = ("campaign", "what", "began", "written-to", "returned", "extra", "spent-money", "extra-revenue", "profit")
    return write.table("quarter-campaigns", columns, rows, names=3, note=write.words["quarter-campaigns-note"])


def _figures(write: Writing, retention: Retention) -> tuple[str, ...]:
    counts = (write.number(getattr(retention, name)) for name in ("at_start", "new", "came_back", "left", "at_end"))
    return (*counts, *(write.percent(None if rate is None else rate / 100) for rate in (retention.crr, retention.strict)))


def _json(retention: Retention) -> dict[str, object]:
    counts = {name: getattr(retention, name) for name in ("at_start", "new", "came_back", "left", "at_end")}
    rates = {"crr": retention.crr, "strict_crr": retention.strict}
    return {**counts, **{name: None if rate is None else round_to_digits(rate / 100) for name, rate in rates.items()}}

"""winback studio: the customers behind a number of a report, page by page, and all of them as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, Row

from winback.audience import rejects
from winback.errors import ConfigError, Problem
from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import Money
from winback.outcomes.questions import MAILBOX, Question, What
from winback.sending import domain_groups
from winback.settings import Project
from winback.store import database, drilling, outcomes, runs
from winback.store.measured import Measured
from winback.store.runs import Run

AT_ONCE = 50
"""Customers on a page."""
COUNTED = 1_000
"""So many are counted at the most: beyond that a page says "more than"."""
_BLOCK = 2_000
COLUMNS = ("customer", "name", "arm", "stands_at", "assigned_at", "returned_at", "revenue", "currency")


@dataclass(frozen=True, slots=True)
class Behind:
    """One customer behind a number."""

    number: int  # our own, by which the list goes on
    customer: str
    name: str
    arm: str
    stands_at: str  # ends.EndState
    assigned_at: datetime
    returned_at: datetime | None
    revenue: Decimal | None  # of the return window, in the report's currency; None: they moved no money in it


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list, as known when the run was measured last."""

    run: Run
    measured_at: datetime
    customers: tuple[Behind, ...]
    after: int | None  # where the next part begins; None: there is none
    count: int
    is_more: bool  # than that


def page(project: Project, engine: Engine, campaign: str, question: Question, *, number: int | None = None, after: int = 0) -> Page:
    """A part of the customers of a campaign's newest run, or of the run of that number. Raises ConfigError where nothing is known yet."""
    measured, run = _measured(engine, campaign, number, question)
    with database.reading(engine) as connection:
        domains = domains_of(question)
        rows = drilling.page(connection, measured, question, project.settings.currency, after=after, limit=AT_ONCE + 1, domains=domains)
        count = drilling.count(connection, measured, question, up_to=COUNTED + 1, domains=domains)
    found = tuple(_behind(row, project, measured.now) for row in rows[:AT_ONCE])
    further = found[-1].number if len(rows) > AT_ONCE else None
    return Page(run, measured.now, found, further, min(count, COUNTED), count > COUNTED)


def table(project: Project, engine: Engine, campaign: str, question: Question, *, number: int | None = None) -> Iterator[str]:
    """All of them as CSV for a spreadsheet, in parts; the first begins with its mark of UTF-8. Raises ConfigError as `page` does."""
    measured, _ = _measured(engine, campaign, number, question)
    return _parts(project, engine, measured, question)


def _parts(project: Project, engine: Engine, measured: Measured, question: Question) -> Iterator[str]:
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + rejects.table([COLUMNS])
    after, currency = 0, project.settings.currency
    while True:
        with database.reading(engine) as connection:
            rows = drilling.page(connection, measured, question, currency, after=after, limit=_BLOCK, domains=domains_of(question))
        if not rows:
            return
        yield rejects.table(_cells(_behind(row, project, measured.now), currency) for row in rows)
        after = rows[-1].customer_id


def domains_of(question: Question) -> tuple[str, ...]:
    """At which the keeper of mailboxes gives them whom the question names."""
    if question.dimension != MAILBOX or not question.value:
        return ()
    return domain_groups.GROUPS.get(question.value, (question.value,))


def _cells(each: Behind, currency: str) -> Sequence[Any]:
    returned = "" if each.returned_at is None else each.returned_at.isoformat()
    money = ("", "") if each.revenue is None else (float(each.revenue), currency)
    return (each.customer, each.name, each.arm, each.stands_at, each.assigned_at.isoformat(), returned, *money)


def _measured(engine: Engine, campaign: str, number: int | None, question: Question) -> tuple[Measured, Run]:
    if not question.may_be_asked or (question.what is What.ENDED and question.word not in set(EndState)):
        raise ConfigError(Problem("", None, "that question has no answer.", "Follow a number of the report."))
    with database.reading(engine) as connection:
        run = runs.latest(connection, campaign) if number is None else runs.numbered(connection, campaign, number)
        known = None if run is None else outcomes.last_measured(connection, run.id)
    if run is None:
        raise ConfigError(Problem("", None, f"`{campaign}` has no such run.", f"Begin with: winback run {campaign}"))
    if known is None:
        raise ConfigError(Problem("", None, f"`{campaign}` hasn't been measured yet.", f"Measure it: winback report {campaign}"))
    return known, run


def _behind(row: Row[Any], project: Project, now: datetime) -> Behind:
    name = " ".join(part for part in (row.given_name, row.patronymic, row.family_name) if part)
    revenue = None if row.revenue_minor is None else Money.from_minor(int(row.revenue_minor), project.settings.currency).amount
    returned_at = row.returned_at if row.returned_at is None or row.returned_at <= now else None
    stands_at = str(ends.of(row.status, row.reason))
    return Behind(row.customer_id, row.key, name, row.arm, stands_at, row.assigned_at, returned_at, revenue)

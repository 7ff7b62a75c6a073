"""What the page of a cohort tells beside its file: how many it leaves, who they are, why somebody is in it, how well it would have told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Engine

from winback.audience import cohort
from winback.audience.cohort import Cohort
from winback.errors import ConfigError, Problem, Refused
from winback.operations import backtesting, cohort_list, explaining, revisions, selecting, sizing
from winback.operations.revisions import Revision
from winback.settings import Project
from winback.speech import N_, figure, said
from winback.store import interrupting
from winback.store.interrupting import Interrupted, Question, TooSlow
from winback.strictyaml import Document
from winback.studio.desk import Desk
from winback.studio.questions import Questions

TYPING, LOOKING = 5.0, 120.0
"""Seconds that a count may take while somebody types, and what a button asked for."""
_SAMPLE, _CHANGES = 12, 10
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, or what must be mended first, or that it took too long; and what was asked."""

    value: Any = None
    problems: tuple[Problem, ...] = ()
    is_slow: bool = False
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> int:
        if self.is_slow:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.problems else HTTPStatus.OK

    def field(self, name: str) -> str:
        return dict(self.fields).get(name, "")


@dataclass(frozen=True, slots=True)
class _Matter:
    """A cohort by a text, the fields of the form beside it, and the moment."""

    project: Project
    engine: Engine
    name: str
    text: str
    fields: dict[str, str]
    now: datetime

    def document(self) -> Document[Cohort]:
        return cohort.parse(self.name, self.text)


Part: TypeAlias = Callable[[_Matter], Any]


def _size(matter: _Matter) -> sizing.Size:
    found = sizing.size(matter.project, matter.engine, matter.document(), now=matter.now)
    if matter.text == cohort_list.text(matter.project, matter.name):
        cohort_list.keep(matter.project, matter.name, matter.text, matched=found.matched, customers=found.customers, now=matter.now)
    return found


def _people(matter: _Matter) -> selecting.Shown:
    return selecting.show(matter.project, matter.engine, matter.name, now=matter.now, sample=_SAMPLE, present=matter.now, document=matter.document())


def _why(matter: _Matter) -> explaining.Explanation:
    customer = matter.fields.get("customer", "").strip()
    if not customer or len(customer) > 200:
        raise ConfigError(Problem("", None, said(N_("there is no customer to look at.")), said(N_("Write the shop's own id of one."))))
    document = matter.document()
    return explaining.by_cohort(matter.project, matter.engine, matter.name, customer, now=matter.now, present=matter.now, document=document)


def _past(matter: _Matter) -> backtesting.Backtest:
    cut, days = _day(matter.fields.get("cut", "")), _days(matter.fields.get("days", ""))
    return backtesting.backtest(matter.project, matter.engine, matter.name, cut=cut, days=days, now=matter.now, document=matter.document())


def _changes(matter: _Matter) -> list[tuple[Revision, list[str]]]:
    """The last commits with what each changed."""
    path = cohort.shown(matter.name)
    return [(each, revisions.changes(matter.project, [path], each.id)) for each in revisions.history(matter.project, [path], limit=_CHANGES)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigError(Problem("", None, said(N_("`%(text)s` is not a day."), text=text[:40]), said(N_("Write it as 2026-03-09.")))) from error


def _days(text: str) -> int:
    number = int(text) if text.strip().isascii() and text.strip().isdecimal() and len(text) < 6 else 0
    if not 1 <= number <= _MOST_DAYS:
        what = said(N_("`%(text)s` is no number of days."), text=text[:40])
        raise ConfigError(Problem("", None, what, said(N_("Write a number from 1 to %(most)s."), most=figure(_MOST_DAYS))))
    return number


PARTS: dict[str, Part] = {"size": _size, "people": _people, "why": _why, "past": _past, "changes": _changes}


class CohortParts:
    """Answers for one project. A count that is asked while somebody types has five seconds; what a button asks for has two minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._typed = Questions(at_once=2, apart=0.15)
        self._looked = Questions(at_once=2)

    async def ask(self, request: Request, name: str, part: str, text: str, fields: dict[str, str]) -> Told | Response:
        """What one of PARTS tells; nothing at all where a newer question superseded it."""
        desk = self._desk
        kind, seconds = (self._typed, TYPING) if part == "size" else (self._looked, LOOKING)

        def work(question: Question) -> Any:
            engine = interrupting.asked(desk.engine, question)
            return PARTS[part](_Matter(desk.project, engine, name, text, fields, desk.clock()))

        given = tuple((key, value) for key, value in fields.items() if key in {"customer", "cut", "days"})
        try:
            return Told(await kind.ask(request, self._whose(request, part), work, seconds=seconds), fields=given)
        except Refused as refused:
            return Told(problems=refused.problems, fields=given)
        except TooSlow:
            return Told(is_slow=True, fields=given)
        except Interrupted:
            return Response(status_code=HTTPStatus.NO_CONTENT)

    def _whose(self, request: Request, part: str) -> str:
        """Who asks; where nobody signs in, their browser."""
        person = self._desk.person(request)
        return f"{part} {person.email or self._desk.tickets.visitor(request)}"

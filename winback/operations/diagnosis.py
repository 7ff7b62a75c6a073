"""What `winback doctor` finds: one finding for each thing that must be in place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from winback.errors import Problem


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"  # in place
    MISSING = "missing"  # not there
    WRONG = "wrong"  # there, and it can't work so
    UNKNOWN = "unknown"  # it can't be seen from here


@dataclass(frozen=True, slots=True)
class Record:
    """What to publish in DNS."""

    name: str
    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.value}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: where it belongs, what was found, what to do, and what to publish."""

    area: str  # house, mail, telegram, web, dns
    subject: str
    state: State
    message: str
    how: str = ""
    record: Record | None = None
    optional: bool = False  # letters leave without it

    @property
    def is_bad(self) -> bool:
        """Whether somebody must do something before letters leave."""
        return self.state is State.WRONG or (self.state is State.MISSING and not self.optional)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ok(area: str, subject: str, message: str) -> Finding:
    return Finding(area, subject, State.OK, message)


def wrong(area: str, subject: str, problem: Problem | str, how: str = "", record: Record | None = None) -> Finding:
    if isinstance(problem, Problem):
        place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        return Finding(area, subject, State.WRONG, f"{place}: {problem.message}" if place else problem.message, how or problem.how, record)
    return Finding(area, subject, State.WRONG, problem, how, record)


def missing(area: str, subject: str, message: str, how: str, record: Record | None = None, *, optional: bool = False) -> Finding:
    return Finding(area, subject, State.MISSING, message, how, record, optional)


def unknown(area: str, subject: str, message: str, how: str = "", record: Record | None = None) -> Finding:
    return Finding(area, subject, State.UNKNOWN, message, how, record)

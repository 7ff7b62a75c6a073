"""What the editors of one file share: whose a draft is, a save that tells what the disk refuses, a draft that is kept."""

from __future__ import annotations

from fastapi import Request

from winback.errors import ConfigError, Problem
from winback.operations import drafts, editing
from winback.operations.drafts import Draft
from winback.operations.editing import Answer, Change, Faults
from winback.operations.people import Person
from winback.studio.desk import Desk


def who(person: Person) -> str:
    """What a person's drafts are kept under."""
    return person.email or person.name


def save(desk: Desk, request: Request, change: Change) -> Answer:
    """Save one file for who is signed in; their draft of it goes when it is saved."""
    person = desk.person(request)
    try:
        answer = editing.save(
            desk.project, desk.engine, change.path, change.text, change.version, by=person.name, email=person.email, now=desk.clock()
        )
    except ConfigError as refused:  # a sign that is no text, too long, a disk that refuses
        return Faults(refused.problems)
    if isinstance(answer, editing.Saved):
        drafts.drop(desk.project, who(person), change.path)
    return answer


def faults(desk: Desk, change: Change) -> list[Problem]:
    """What the check would say of a text that it doesn't say now; nothing is saved."""
    try:
        return editing.faults(desk.project, [change])
    except ConfigError as refused:
        return list(refused.problems)


def keep(desk: Desk, request: Request, change: Change) -> None:
    """Keep a text as the person's draft."""
    person = desk.person(request)
    text = change.text.replace("\r\n", "\n")
    drafts.keep(desk.project, who(person), Draft(change.path, person.name, desk.clock(), {change.path: text}, {change.path: change.version}))


def draft(desk: Desk, request: Request, path: str) -> Draft | None:
    """The person's own draft of a file."""
    return drafts.find(desk.project, who(desk.person(request)), path)


def drop(desk: Desk, request: Request, path: str) -> None:
    """The person's draft goes."""
    drafts.drop(desk.project, who(desk.person(request)), path)

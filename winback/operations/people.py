"""Who works with the studio, and what each of them may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the shop. A person may have several."""

    MARKETER = "marketer"
    APPROVER = "approver"
    MANAGER = "manager"
    ADMIN = "admin"


class Right(StrEnum):
    """What a role allows. Everybody who is signed in may read; the right to send is not the right to edit."""

    EDIT = "edit"
    """Templates, cohorts and campaigns; letters to one's own address."""
    SEND = "send"
    """Approve, start, pause, resume and cancel campaigns; open lanes; settle uncertain deliveries."""
    ANSWER = "answer"
    """Threads, tasks, reasons for leaving and what customers wish."""
    CARE = "care"
    """Hand out what is held of a customer, suppress and readmit."""
    ERASE = "erase"
    """Forget a customer."""
    SET_UP = "set-up"
    """The files that say how the project is set up: senders, brand, policy, pace, settings."""
    ADMIN = "admin"
    """People and the audit log."""


ALLOWS: Mapping[Role, frozenset[Right]] = {
    Role.MARKETER: frozenset({Right.EDIT}),
    Role.APPROVER: frozenset({Right.SEND}),
    Role.MANAGER: frozenset({Right.ANSWER, Right.CARE}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    name: str
    email: str  # empty: whoever sits at this machine, where there are no accounts
    roles: frozenset[Role]
    language: str = ""  # of their pages; empty: as their browser asks
    number: int = 0  # of their account; 0: there is none

    def may(self, right: Right) -> bool:
        return any(right in ALLOWS[role] for role in self.roles)

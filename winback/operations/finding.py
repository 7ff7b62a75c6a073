"""winback studio: find a customer by the shop's id, and what whoever served them wants to see of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.audience.lifecycle import Stage
from winback.operations import reasons
from winback.settings import Project
from winback.store import cards, database, leaving_reasons, persons, stage_changes

AT_MOST = 20
"""How many customers a search shows."""
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A customer whose id begins as it was typed."""

    customer: str
    name: str  # empty: not known


@dataclass(frozen=True, slots=True)
class Met:
    """One customer. Days are the shop's; None where nothing is known."""

    asked_for: str
    customer: str  # another one's id where `asked_for` was merged into it
    name: str
    stage: Stage | None  # as it was noted last
    stage_since: date | None
    last_order_on: date | None
    reasons: tuple[reasons.Shown, ...]  # for leaving, the newest first


def beginning_with(engine: Engine, text: str) -> tuple[list[Found], bool]:
    """Up to AT_MOST customers whose id begins with a text, that id itself first; and whether there are more."""
    if not _may_be_key(text):
        return [], False
    with database.reading(engine) as connection:
        rows = persons.beginning_with(connection, text, AT_MOST + 1)
    return [Found(row.key, _name(row)) for row in rows[:AT_MOST]], len(rows) > AT_MOST


def meet(project: Project, engine: Engine, key: str, *, now: datetime) -> Met | None:
    """The customer whom the shop knows by `key`; None when it never had one. Raises ConfigError when reasons.yaml isn't right."""
    if not _may_be_key(key):
        return None
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        if who is None:
            return None
        card = cards.read(connection, who)
        noted = stage_changes.of(connection, who, clock.local_day(now, project.zone))
    own: str = card.customer.key
    return Met(
        key,
        own,
        _name(card.customer),
        noted[-1].stage if noted else None,
        noted[-1].since if noted else None,
        None if card.last_order_at is None else clock.local_day(card.last_order_at, project.zone),
        tuple(reasons.of(project, engine, own)),
    )


def _may_be_key(text: str) -> bool:
    """PostgreSQL holds no zero byte, and no id is longer."""
    return 0 < len(text) <= _LONGEST_KEY and "\0" not in text


def _name(row: Row[Any]) -> str:
    return " ".join(part for part in (row.given_name, row.patronymic, row.family_name) if part)

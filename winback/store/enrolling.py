"""Decisions on customers as they are written; and the days of a campaign that enrols daily: whose turn it is, who waits, who was decided on again.

A day is begun by one conditional update that keeps its moment: whoever goes on with it, after a crash or beside another scheduler, decides
as of the same moment. It is over when that moment is taken away again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Subquery, and_, func, insert, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import RecipientStatus
from winback.store import outcomes_due, stops_due
from winback.store.among import among_these
from winback.store.given import rows as given_rows
from winback.store.tables import back_fill, campaign_runs, customers, recipients

_AT_ONCE = 10_000  # rows


def begin_day(connection: Connection, run_id: int, *, today: date, now: datetime, instead_of: datetime | None) -> bool:
    """Begin a day's decisions. `instead_of`: an earlier day's that were never finished. Returns whether it was we who began them."""
    begun = connection.execute(
        update(campaign_runs)
        .where(
            campaign_runs.c.id == run_id,
            campaign_runs.c.enrolled_at.is_(None),
            or_(campaign_runs.c.enrolled_on.is_(None), campaign_runs.c.enrolled_on < today),
            campaign_runs.c.enrolling_at.is_(None) if instead_of is None else campaign_runs.c.enrolling_at == instead_of,
        )
        .values(enrolling_at=now)
    )
    return begun.rowcount > 0


def end_day(connection: Connection, run_id: int, *, today: date, moment: datetime) -> bool:
    """All decisions as of `moment` are made. Returns False when another day has begun meanwhile."""
    ended = connection.execute(
        update(campaign_runs).where(campaign_runs.c.id == run_id, campaign_runs.c.enrolling_at == moment).values(enrolling_at=None, enrolled_on=today)
    )
    return ended.rowcount > 0


def wait(connection: Connection, run_id: int, ids: Sequence[int]) -> None:
    """Write down the back-fill of a run, the first first."""
    rows = [{"run_id": run_id, "customer_id": who, "place": place} for place, who in enumerate(ids, start=1)]
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(back_fill), rows[start : start + _AT_ONCE])


def with_keys(connection: Connection, members: Select[Any]) -> list[tuple[int, str]]:
    """Ids of members with the shop's own, in the cohort's order where it has one."""
    chosen, own = _as_table(members)
    keys = dict(connection.execute(select(customers.c.id, customers.c.key).join(chosen, own == customers.c.id)).all())
    return [(who, keys[who]) for who in connection.execute(members).scalars() if who in keys]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the run stands with somebody it has decided on."""

    is_skipped: bool
    decided_at: datetime


def decided(connection: Connection, run_id: int) -> dict[int, Place]:
    """Everybody whom the run has decided on."""
    rows = connection.execute(select(recipients.c.customer_id, recipients.c.status, recipients.c.assigned_at).where(recipients.c.run_id == run_id))
    return {who: Place(status == RecipientStatus.SKIPPED, moment) for who, status, moment in rows}


def waiting(connection: Connection, run_id: int) -> list[int]:
    """Who has a place in the back-fill and no decision yet, the first first."""
    known = select(recipients.c.run_id).where(recipients.c.run_id == run_id, recipients.c.customer_id == back_fill.c.customer_id)
    found = select(back_fill.c.customer_id).where(back_fill.c.run_id == run_id, ~known.exists()).order_by(back_fill.c.place)
    return list(connection.execute(found).scalars())


def taken(connection: Connection, run_id: int, moment: datetime) -> int:
    """How many of the back-fill were decided on as of `moment` already."""
    row = and_(recipients.c.run_id == back_fill.c.run_id, recipients.c.customer_id == back_fill.c.customer_id)
    found = select(func.count()).select_from(back_fill.join(recipients, row)).where(back_fill.c.run_id == run_id, recipients.c.assigned_at == moment)
    return connection.execute(found).scalar_one()


def place(connection: Connection, run_id: int, customer_id: int) -> int | None:
    """Where somebody stands, or stood, in the back-fill; None: never there."""
    found = select(back_fill.c.place).where(back_fill.c.run_id == run_id, back_fill.c.customer_id == customer_id)
    return connection.execute(found).scalar()


def enrol(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write what was decided on some customers; those already decided on keep their first decision. Returns how many are new."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    given = [[json.dumps(row[name], ensure_ascii=False) if name == "facts" else row[name] for name in columns] for row in rows]
    new = connection.execute(_enrol(connection.dialect.name, columns), {"rows": given})
    stops_due.note(connection)  # the decision may be as of a moment before orders that were looked at already
    outcomes_due.assigned(connection, rows[0]["run_id"], min(row["assigned_at"] for row in rows))
    return len(new.all())


@cache
def _enrol(dialect: str, columns: tuple[str, ...]) -> Insert:
    """`facts` are given as JSON that is written already."""
    given = given_rows(dialect, **{name: recipients.c[name].type for name in columns})
    at_once = (sqlite if dialect == "sqlite" else postgresql).insert(recipients)
    taken = select(given).where(true())  # without a condition SQLite takes what follows for a join's
    written: Insert = at_once.from_select(columns, taken).on_conflict_do_nothing()
    return written.returning(recipients.c.customer_id)


def decide_again(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write new decisions on skipped customers where they come out otherwise; nobody who was assigned is touched. Returns how many changed."""
    if not rows:
        return 0
    ids = [row["customer_id"] for row in rows]
    of_run = (recipients.c.run_id == rows[0]["run_id"], recipients.c.status == RecipientStatus.SKIPPED)
    before = dict(
        connection.execute(select(recipients.c.customer_id, recipients.c.reason).where(*of_run, among_these(recipients.c.customer_id, ids))).all()
    )
    others = [
        row
        for row in rows
        if row["customer_id"] in before and (row["status"], row["reason"]) != (RecipientStatus.SKIPPED, before[row["customer_id"]])
    ]
    stops_due.note(connection)
    if others:
        outcomes_due.assigned(connection, rows[0]["run_id"], min(row["assigned_at"] for row in others))
    return sum(
        connection.execute(update(recipients).where(*of_run, recipients.c.customer_id == row["customer_id"]).values(row)).rowcount for row in others
    )


def _as_table(members: Select[Any]) -> tuple[Subquery, ColumnElement[Any]]:
    """The statement that finds a cohort as a table, with its only column."""
    chosen = members.subquery("members")
    (own,) = chosen.c
    return chosen, own

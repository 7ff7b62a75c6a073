"""The days of a campaign that enrols daily: whose turn it is, who waits, and what was decided on again.

A day is begun by one conditional update that keeps its moment: whoever goes on with it, after a crash or beside another scheduler, decides
as of the same moment. It is over when that moment is taken away again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, bindparam, func, insert, or_, select, update

from winback.model import RecipientStatus
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


def new(connection: Connection, run_id: int, members: Select[Any]) -> list[int]:
    """Members whom the run never decided on and who don't wait either: they came into the cohort since the run began."""
    chosen, own = _as_table(members)
    known = select(recipients.c.run_id).where(recipients.c.run_id == run_id, recipients.c.customer_id == own)
    waits = select(back_fill.c.run_id).where(back_fill.c.run_id == run_id, back_fill.c.customer_id == own)
    return sorted(connection.execute(select(own).select_from(chosen).where(~known.exists(), ~waits.exists())).scalars())


def waiting(connection: Connection, run_id: int, members: Select[Any]) -> list[int]:
    """Members who wait in the back-fill, the first first."""
    chosen, own = _as_table(members)
    known = select(recipients.c.run_id).where(recipients.c.run_id == run_id, recipients.c.customer_id == own)
    found = (
        select(own)
        .select_from(chosen.join(back_fill, back_fill.c.customer_id == own))
        .where(back_fill.c.run_id == run_id, ~known.exists())
        .order_by(back_fill.c.place)
    )
    return list(connection.execute(found).scalars())


def skipped(connection: Connection, run_id: int, members: Select[Any], moment: datetime) -> list[int]:
    """Members who were skipped before `moment`: a skip holds as long as its reason."""
    chosen, own = _as_table(members)
    found = (
        select(own)
        .select_from(chosen.join(recipients, recipients.c.customer_id == own))
        .where(recipients.c.run_id == run_id, recipients.c.status == RecipientStatus.SKIPPED, recipients.c.assigned_at < moment)
    )
    return sorted(connection.execute(found).scalars())


def assigned(connection: Connection, run_id: int, members: Select[Any]) -> int:
    """How many members the run has assigned, whatever became of them."""
    chosen, own = _as_table(members)
    found = (
        select(func.count())
        .select_from(chosen.join(recipients, recipients.c.customer_id == own))
        .where(recipients.c.run_id == run_id, recipients.c.status != RecipientStatus.SKIPPED)
    )
    return connection.execute(found).scalar_one()


def taken(connection: Connection, run_id: int, moment: datetime) -> int:
    """How many of the back-fill were decided on as of `moment` already."""
    row = and_(recipients.c.run_id == back_fill.c.run_id, recipients.c.customer_id == back_fill.c.customer_id)
    found = select(func.count()).select_from(back_fill.join(recipients, row)).where(back_fill.c.run_id == run_id, recipients.c.assigned_at == moment)
    return connection.execute(found).scalar_one()


def place(connection: Connection, run_id: int, customer_id: int) -> int | None:
    """Where somebody stands, or stood, in the back-fill; None: never there."""
    found = select(back_fill.c.place).where(back_fill.c.run_id == run_id, back_fill.c.customer_id == customer_id)
    return connection.execute(found).scalar()


def decide_again(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write new decisions on skipped customers where they come out otherwise; nobody who was assigned is touched. Returns how many changed."""
    changed = 0
    for row in rows:
        done = connection.execute(
            update(recipients)
            .where(
                recipients.c.run_id == bindparam("b_run_id"),
                recipients.c.customer_id == bindparam("b_customer_id"),
                recipients.c.status == RecipientStatus.SKIPPED,
                or_(recipients.c.reason != bindparam("b_reason"), bindparam("b_status") != RecipientStatus.SKIPPED),
            )
            .values({name: bindparam(f"b_{name}") for name in row if name not in {"run_id", "customer_id"}}),
            {f"b_{name}": value for name, value in row.items()},
        )
        changed += done.rowcount
    return changed


def _as_table(members: Select[Any]) -> tuple[Subquery, ColumnElement[Any]]:
    """The statement that finds a cohort as a table, with its only column."""
    chosen = members.subquery("members")
    (own,) = chosen.c
    return chosen, own

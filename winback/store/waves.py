"""Waves of campaigns that change their shares between them: by which shares arms were drawn, and from what these were reckoned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import HOLDOUT
from winback.outcomes.figures import WaveFigures
from winback.outcomes.statistics import Counted
from winback.store.measured import Measured, count_if
from winback.store.tables import outcomes, recipients, waves


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of a run."""

    number: int
    began_at: datetime
    shares: Mapping[str, float]  # of every arm, the holdout among them
    basis: Mapping[str, Any]


def of(connection: Connection, run_id: int) -> list[Wave]:
    """The waves of a run, the first first."""
    rows = connection.execute(select(waves).where(waves.c.run_id == run_id).order_by(waves.c.number))
    return [Wave(row.number, row.began_at, row.shares, row.basis) for row in rows]


def begin(connection: Connection, run_id: int, wave: Wave) -> Wave:
    """Write down a wave. When somebody else began the same number at the same moment, theirs is the wave of both."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"run_id": run_id, "number": wave.number, "began_at": wave.began_at, "shares": dict(wave.shares), "basis": dict(wave.basis)}
    connection.execute(dialect.insert(waves).values(row).on_conflict_do_nothing())
    return next(each for each in of(connection, run_id) if each.number == wave.number)


def figures(connection: Connection, run_id: int, now: datetime) -> tuple[WaveFigures, ...]:
    """Those that had begun by then."""
    return tuple(WaveFigures(each.number, each.began_at, each.shares) for each in of(connection, run_id) if each.began_at <= now)


def closed(connection: Connection, measured: Measured) -> dict[str, Counted]:
    """By tactic, those whose return window is over, and who of them returned. The run must have been measured."""
    came_back = exists().where(
        and_(outcomes.c.run_id == recipients.c.run_id, outcomes.c.customer_id == recipients.c.customer_id, outcomes.c.orders > 0)
    )
    rows = connection.execute(
        select(recipients.c.arm, func.count(), count_if(came_back))
        .where(measured.assigned(), measured.closed(), recipients.c.arm != HOLDOUT)
        .group_by(recipients.c.arm)
        .order_by(recipients.c.arm)
    )
    return {arm: Counted(returned, assigned) for arm, assigned, returned in rows}

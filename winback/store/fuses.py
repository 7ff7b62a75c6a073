"""The fuses of lanes: one row for each time that one blew, or somebody stopped a lane. An open one stops it, for every worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.limits import FuseCause
from winback.model import UNFINISHED, DeliveryStatus, Reason
from winback.store.tables import campaign_runs, deliveries, fuses
from winback.store.writable import writable

_STANDS = fuses.c.resumed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Fuse:
    """One stop of a lane."""

    id: int
    lane: str
    cause: FuseCause
    blown_at: datetime
    counts: Mapping[str, float]  # bad, of, above
    detail: str
    stopped_by: str
    alarmed_at: datetime | None
    resumed_at: datetime | None
    resumed_by: str
    note: str


def stopped(connection: Connection) -> frozenset[str]:
    """The lanes that nothing may leave by now."""
    return frozenset(connection.execute(select(fuses.c.lane).where(_STANDS)).scalars())


def blow(
    connection: Connection, lane: str, cause: FuseCause, now: datetime, *, counts: Mapping[str, float], detail: str = "", stopped_by: str = ""
) -> bool:
    """Stop a lane. False: it stands already, and its first cause stays."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"lane": lane, "cause": cause, "blown_at": now, "counts": dict(counts), "detail": writable(detail, 1000), "stopped_by": stopped_by}
    if stopped_by:  # whoever does it knows
        values["alarmed_at"] = now
    statement = dialect.insert(fuses).values(values).on_conflict_do_nothing(index_elements=["lane"], index_where=_STANDS)
    return connection.execute(statement.returning(fuses.c.id)).one_or_none() is not None


def note_closed(connection: Connection, lane: str, now: datetime, detail: str, *, again_after: timedelta) -> bool:
    """Keep that a lane's own side failed: nothing is stopped by it. False: the same was kept not long ago."""
    told = select(func.count()).where(fuses.c.lane == lane, fuses.c.cause == FuseCause.CLOSED, fuses.c.blown_at > now - again_after)
    if connection.execute(told).scalar_one():
        return False
    values = {"lane": lane, "cause": FuseCause.CLOSED, "blown_at": now, "resumed_at": now, "counts": {}, "detail": writable(detail, 1000)}
    connection.execute(fuses.insert().values(values))
    return True


def resume(connection: Connection, lane: str, now: datetime, *, by: str, note: str) -> bool:
    """Let a lane go on. False: it doesn't stand."""
    done = connection.execute(update(fuses).where(fuses.c.lane == lane, _STANDS).values(resumed_at=now, resumed_by=by, note=note))
    return done.rowcount > 0


def release_letters(connection: Connection, lane: str, now: datetime, because: Reason = Reason.LANE_STOPPED) -> int:
    """Letters that were put off because this lane stood, or was closed, are due now. Returns how many."""
    runs = select(campaign_runs.c.id).where(campaign_runs.c.status.in_(UNFINISHED))
    waiting = (
        deliveries.c.run_id.in_(runs),
        deliveries.c.status == DeliveryStatus.PLANNED,
        deliveries.c.due_at > now,
        deliveries.c.reason == because,
        deliveries.c.detail == lane,
    )
    return connection.execute(update(deliveries).where(*waiting).values(due_at=now)).rowcount


def claim_alarms(connection: Connection, now: datetime) -> list[Fuse]:
    """Fuses that nobody has raised the alarm for; whoever gets one raises it, and nobody else does."""
    rows = connection.execute(update(fuses).where(fuses.c.alarmed_at.is_(None)).values(alarmed_at=now).returning(*fuses.c)).mappings()
    return sorted(map(_fuse, rows), key=lambda fuse: fuse.id)


def has_alarms(connection: Connection) -> bool:
    """Whether there is one to be raised: asked without taking the one writer's place."""
    return connection.execute(select(fuses.c.id).where(fuses.c.alarmed_at.is_(None)).limit(1)).one_or_none() is not None


def standing(connection: Connection) -> dict[str, Fuse]:
    """The open fuses, by lane."""
    return {row["lane"]: _fuse(row) for row in connection.execute(select(fuses).where(_STANDS)).mappings()}


def history(connection: Connection, lane: str | None = None, *, limit: int = 100) -> Sequence[Fuse]:
    """The latest first."""
    statement = select(fuses).order_by(fuses.c.id.desc()).limit(limit)
    rows = connection.execute(statement if lane is None else statement.where(fuses.c.lane == lane))
    return [_fuse(row) for row in rows.mappings()]


def forget(connection: Connection) -> None:
    """In the copy that a rehearsal plays on, no lane stands."""
    connection.execute(delete(fuses))


def _fuse(row: RowMapping) -> Fuse:
    return Fuse(**{**row, "cause": FuseCause(row["cause"])})

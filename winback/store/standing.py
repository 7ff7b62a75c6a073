"""Where everybody of a run stands: who counts, since when, who came to which end. Recipients are gone through once for all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Float, and_, case, cast, func, literal, or_, select

from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import Reason, RecipientStatus
from winback.outcomes.figures import EndFigures
from winback.outcomes.statistics import Moments
from winback.store.measured import Measured
from winback.store.moments import seconds_between
from winback.store.tables import Utc, recipients

_DAY = 86400


@dataclass(frozen=True, slots=True)
class Kind:
    """Recipients who are alike in all that is asked here."""

    arm: str
    status: str
    reason: str
    is_over: bool  # their journey had ended by the measured moment
    followed: int  # whole days since the assignment; of closed windows the window's
    day: int  # of the assignment: 1 is the first day of the run
    is_closed: bool
    customers: int
    first_at: datetime
    last_at: datetime
    level: float
    level_squares: float

    @property
    def counts(self) -> bool:
        """As Measured.assigned has it."""
        return self.status != RecipientStatus.SKIPPED and self.reason != Reason.MERGED


@dataclass(frozen=True, slots=True)
class Standing:
    """A whole run by kinds."""

    kinds: tuple[Kind, ...]
    begun_at: datetime | None  # the first assignment

    @property
    def assigned(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind.counts]

    def of_arm(self, arm: str) -> list[Kind]:
        return [kind for kind in self.assigned if kind.arm == arm]

    def skips(self) -> tuple[tuple[str, int], ...]:
        """Reasons with how many customers, the most first."""
        counts: Counter[str] = Counter()
        for kind in self.kinds:
            counts[kind.reason] += kind.customers * (kind.status == RecipientStatus.SKIPPED)
        return tuple(sorted(((reason, count) for reason, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0])))

    def merged(self) -> dict[str, int]:
        """By arm, places given up because the person had another one in the run."""
        counts: Counter[str] = Counter()
        for kind in self.kinds:
            if kind.reason == Reason.MERGED and kind.status != RecipientStatus.SKIPPED:
                counts[kind.arm] += kind.customers
        return dict(sorted(counts.items()))

    def ends(self) -> tuple[EndFigures, ...]:
        """Where those written to stood; the holdout has no journey that could end."""
        counts: Counter[tuple[str, EndState]] = Counter()
        for kind in self.assigned:
            if kind.status != RecipientStatus.HELD_OUT:
                counts[kind.arm, ends.of(kind.status, kind.reason) if kind.is_over else EndState.UNDER_WAY] += kind.customers
        order = list(EndState)
        in_order = sorted(counts.items(), key=lambda pair: (pair[0][0], order.index(pair[0][1])))
        return tuple(EndFigures(arm, end, count) for (arm, end), count in in_order)


def level(kinds: Sequence[Kind]) -> Moments:
    """What these used to spend."""
    return Moments(sum(kind.customers for kind in kinds), sum(kind.level for kind in kinds), sum(kind.level_squares for kind in kinds))


def followed(measured: Measured, assigned_at: ColumnElement[Any] = recipients.c.assigned_at) -> ColumnElement[Any]:
    """Whole days that a recipient has been followed for; a window that isn't whole days ends on the day it has begun."""
    last_day = -(-int(measured.window.total_seconds()) // _DAY)
    return case((measured.closed(assigned_at), last_day), else_=seconds_between(literal(measured.now, Utc()), assigned_at) // _DAY)


def day_of(moment: ColumnElement[Any], begun_at: datetime) -> ColumnElement[int]:
    """The day of a run: 1 is the first 24 hours."""
    return seconds_between(moment, literal(begun_at, Utc())) // _DAY + 1


def find(connection: Connection, measured: Measured) -> Standing:
    """Of everybody decided on by the measured moment."""
    known = and_(recipients.c.run_id == measured.run_id, recipients.c.assigned_at <= measured.now)
    begun_at = connection.execute(select(func.min(recipients.c.assigned_at, type_=Utc())).where(measured.assigned())).scalar()
    if begun_at is None:
        begun_at = connection.execute(select(func.min(recipients.c.assigned_at, type_=Utc())).where(known)).scalar()
    if begun_at is None:
        return Standing((), None)
    amount = cast(recipients.c.level_minor, Float)
    each = (
        select(
            recipients.c.arm,
            recipients.c.status,
            recipients.c.reason,
            case((or_(recipients.c.ended_at.is_(None), recipients.c.ended_at > measured.now), 0), else_=1).label("is_over"),
            cast(followed(measured), BigInteger).label("followed"),
            day_of(recipients.c.assigned_at, begun_at).label("day"),
            case((measured.closed(), 1), else_=0).label("is_closed"),
            recipients.c.assigned_at,
            amount.label("amount"),
        )
        .where(known)
        .subquery("each_one")
    )
    keys = [each.c[name] for name in ("arm", "status", "reason", "is_over", "followed", "day", "is_closed")]
    rows = connection.execute(
        select(
            *keys,
            func.count(),
            func.min(each.c.assigned_at, type_=Utc()),
            func.max(each.c.assigned_at, type_=Utc()),
            func.sum(each.c.amount),
            func.sum(each.c.amount * each.c.amount),
        ).group_by(*keys)
    )
    kinds = (
        Kind(arm, status, reason, bool(is_over), days, day, bool(is_closed), *sums)
        for arm, status, reason, is_over, days, day, is_closed, *sums in rows
    )
    return Standing(tuple(sorted(kinds, key=lambda kind: (kind.arm, kind.status, kind.reason, kind.followed, kind.day))), begun_at)

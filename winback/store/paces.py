"""How fast each lane goes and who waits in it. Workers share it: whoever changes a lane holds it until the transaction ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import UNFINISHED, ChannelName, DeliveryStatus, Reason
from winback.store import moments
from winback.store.tables import Utc, campaign_runs, contacts, deliveries, facts, paces


@dataclass(slots=True)
class State:
    """A row of the table: read, changed, and written back."""

    lane: str
    tokens: float
    refilled_at: datetime
    factor: float
    slowed_at: datetime
    horizon_at: datetime
    milli_per_hour: int
    laid_at: datetime
    day: date
    day_count: int
    placed: int
    began_on: date


@dataclass(frozen=True, slots=True)
class Came:
    """What stands with a letter that comes again."""

    reason: str
    detail: str


def hold(connection: Connection, lanes: Collection[str]) -> dict[str, State]:
    """Those of these lanes that exist. Nobody else changes them until the transaction ends; all take them in one order, so nobody waits in a ring."""
    rows = connection.execute(select(paces).where(paces.c.lane.in_(sorted(lanes))).order_by(paces.c.lane).with_for_update())
    return {row.lane: State(*row) for row in rows}


def create(connection: Connection, states: Sequence[State]) -> None:
    """Lanes that nobody had used; somebody else's row stays. In a transaction of its own, before any is held."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [asdict(state) for state in sorted(states, key=lambda state: state.lane)]
    connection.execute(dialect.insert(paces).on_conflict_do_nothing(), rows)


def write(connection: Connection, states: Iterable[State]) -> None:
    """Lanes that are held, as they are now."""
    rows = [{f"b_{name}": value for name, value in asdict(state).items()} for state in states]
    if rows:
        connection.execute(_WRITE, rows)


_WRITE = (
    update(paces).where(paces.c.lane == bindparam("b_lane")).values({name: bindparam(f"b_{name}") for name in paces.c.keys() if name != "lane"})  # noqa: SIM118  a column collection is no dict
)


def forget(connection: Connection) -> None:
    """Every lane as if nothing had ever left by it."""
    connection.execute(delete(paces))


def came_again(connection: Connection, ids: Collection[int], reasons: Collection[str]) -> dict[int, Came]:
    """Those of these letters that were put off for one of these reasons."""
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.reason, deliveries.c.detail).where(
            deliveries.c.id.in_(list(ids)), deliveries.c.reason.in_(list(reasons))
        )
    )
    return {row.id: Came(row.reason, row.detail) for row in rows}


def lay(connection: Connection, told: str, base: datetime, milli_per_hour: int) -> int:
    """Give all letters that wait for a lane, in whatever run, their places anew, in their order: one after the other behind `base`.

    `told` is what stands with them. Those that somebody is just claiming stay as they are. Returns how many got a place.
    """
    waiting = (
        select(deliveries.c.id, deliveries.c.due_at)
        .where(
            deliveries.c.run_id.in_(select(campaign_runs.c.id).where(campaign_runs.c.status.in_(UNFINISHED))),
            deliveries.c.status == DeliveryStatus.PLANNED,
            deliveries.c.reason == Reason.PACE,
            or_(deliveries.c.detail == told, deliveries.c.detail.startswith(f"{told}, after ", autoescape=True)),
        )
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    place = func.row_number().over(order_by=(waiting.c.due_at, waiting.c.id))
    numbered = select(waiting.c.id, cast(place, BigInteger).label("place")).subquery("numbered")
    seconds = (numbered.c.place * literal(3_600_000, BigInteger) + literal(milli_per_hour - 1, BigInteger)) // literal(milli_per_hour, BigInteger)
    done = connection.execute(
        update(deliveries).where(deliveries.c.id == numbered.c.id).values(due_at=moments.later_by(literal(base, Utc()), seconds))
    )
    return done.rowcount


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Letters of a run that have no place in a warm-up yet, those that a worker holds among them; the most recently active customers first."""

    run_id: int
    ids: tuple[int, ...]  # those that the worker holds
    domains: tuple[str, ...]  # of their addresses; none: any
    now: datetime

    @property
    def ranked(self) -> Subquery:
        """Their ids, each with its rank from 0, and whether nobody holds it: then nobody claims it until the transaction ends."""
        columns = (deliveries.c.id, deliveries.c.customer_id, deliveries.c.due_at)
        free = select(*columns).where(deliveries.c.run_id == self.run_id, self._waits).with_for_update(skip_locked=True).cte("free")
        own = select(*columns, literal(False).label("is_free")).where(deliveries.c.id.in_(self.ids))
        found = union_all(select(*free.c, literal(True).label("is_free")), own).subquery("found")
        reacted, ordered = facts.c.last_reaction_at, facts.c.last_order_at
        active = case((reacted.is_(None), ordered), (ordered.is_(None), reacted), (ordered > reacted, ordered), else_=reacted)
        rank = func.row_number().over(order_by=(active.is_(None), active.desc(), found.c.due_at, found.c.id)) - 1
        names = select(found.c.id, rank.label("rank"), found.c.is_free)
        return names.outerjoin(facts, facts.c.customer_id == found.c.customer_id).subquery("ranked")

    @property
    def _waits(self) -> ColumnElement[bool]:
        """Held by nobody, due, sure to go by e-mail, and to these domains."""
        own = contacts.c.customer_id == deliveries.c.customer_id
        usable = select(contacts.c.customer_id).where(own, contacts.c.blocked_at.is_(None))
        here = usable.where(contacts.c.channel == ChannelName.EMAIL)
        if self.domains:
            here = here.where(or_(*(contacts.c.address.endswith(f"@{domain}", autoescape=True) for domain in self.domains)))
        return and_(
            deliveries.c.status == DeliveryStatus.PLANNED,
            deliveries.c.due_at <= self.now,
            deliveries.c.reason != Reason.PACE,
            here.exists(),
            ~usable.where(contacts.c.channel != ChannelName.EMAIL).exists(),
        )


def ranks(connection: Connection, newcomers: Newcomers) -> tuple[dict[int, int], int]:
    """The ranks of those that the worker holds, and how many there are in all."""
    ranked = newcomers.ranked
    counted = select(ranked.c.id, ranked.c.rank, func.count().over().label("all")).subquery()
    rows = connection.execute(select(counted).where(counted.c.id.in_(newcomers.ids))).all()
    return {row.id: row.rank for row in rows}, rows[0].all if rows else 0


def spread(connection: Connection, newcomers: Newcomers, days: Mapping[int, datetime], last: datetime, told: str) -> None:
    """Give those that nobody holds the day of their rank: `days` are the moments to which the ranks below their keys wait, `last` all others.

    Those of the first stay due as they are.
    """
    ranked = newcomers.ranked
    first, *later = sorted(days)
    until = case(
        (ranked.c.rank < first, deliveries.c.due_at),
        *((ranked.c.rank < rank, literal(days[rank], Utc())) for rank in later),
        else_=literal(last, Utc()),
    )
    connection.execute(
        update(deliveries).where(deliveries.c.id == ranked.c.id, ranked.c.is_free).values(due_at=until, reason=Reason.PACE, detail=told)
    )

"""Keeping the stored facts true: orders that came in are added to them; of whom something else changed they are counted anew, or everybody's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Insert,
    Integer,
    MetaData,
    Select,
    SelectBase,
    Table,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from winback import clock
from winback.model import OrderStatus
from winback.store import arrivals, aside, counting, facts, gaps, outcomes_due
from winback.store.as_of import EVER, AsOf, Whose, of
from winback.store.facts import State
from winback.store.tables import Id, customers, facts_due, facts_state, feedback, orders
from winback.store.tables import facts as stored

_FACTS_LOCK = 0x66616374  # "fact": one at a time counts facts
_FEW = 0.3  # share of customers up to which counting them one by one is quicker than counting all
_MEMORY = "256MB"  # for sorting on PostgreSQL, whose usual 4 MB send every sort to the disk
_AT_ONCE = 50_000  # rows
_ASIDE = ("everybodys_purchases", "everybodys_returns")
_NOTHING = datetime(1, 1, 2, tzinfo=UTC)  # known until then, where nothing happened yet
_MOMENTS = ("last_order_at", "last_inquiry_at", "last_touch_at", "last_reaction_at", "last_complaint_at", "last_score_at")
"""Facts that are moments; beside them facts speak of goods brought back and of complaints that were mended."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many customers' facts were brought up to date, and whether that was everybody's."""

    customers: int
    was_rebuilt: bool


def due(connection: Connection, ids: Collection[int] | SelectBase) -> None:
    """Note that something of these customers changed, in the same transaction as the change."""
    if isinstance(ids, SelectBase):
        connection.execute(due_of(ids))
    elif ids:
        connection.execute(insert(facts_due), [{"customer_id": each} for each in set(ids)])


def due_of(ids: SelectBase) -> Insert:
    """The statement by which `due` notes these customers."""
    return insert(facts_due).from_select(["customer_id"], ids)


def arrived(connection: Connection, rows: Select[tuple[int, int]]) -> None:
    """Note that orders came in, (customer, order), in the same transaction."""
    connection.execute(insert(facts_due).from_select(["customer_id", "order_id"], rows))


def is_due(connection: Connection, as_of: AsOf) -> bool:
    """Whether `refresh` has anything to do."""
    state = facts.read_state(connection)
    return state is None or state.terms != as_of.terms() or connection.execute(select(facts_due).limit(1)).first() is not None


def is_everybodys_turn(connection: Connection, as_of: AsOf) -> bool:
    """Whether `refresh` would count everybody: where most are due, or zone, currency or rates are others than before."""
    state = facts.read_state(connection)
    return state is None or state.terms != as_of.terms() or _are_most_due(connection)


def refresh(connection: Connection, as_of: AsOf) -> Refreshed:
    """Bring up to date the facts of customers who are due; count everybody's anew where most are, or where zone, currency or rates are others than before."""
    _lock(connection)
    state = facts.read_state(connection)
    if state is None or is_everybodys_turn(connection, as_of):
        return _count_all(connection, as_of, state)
    if count := _how_many_are_due(connection):
        _count_due(connection, as_of, state)
    return Refreshed(count, was_rebuilt=False)


def rebuild(connection: Connection, as_of: AsOf) -> Refreshed:
    """Count everybody's facts anew."""
    _lock(connection)
    return _count_all(connection, as_of, facts.read_state(connection))


def _how_many_are_due(connection: Connection) -> int:
    return connection.execute(select(func.count(facts_due.c.customer_id.distinct()))).scalar_one()


def _are_most_due(connection: Connection) -> bool:
    """Whether as many are due as make a rebuild quicker; no more customers are looked at than it takes to tell."""
    due_now = _how_many_are_due(connection)
    some = select(customers.c.id).limit(int(due_now / _FEW) + 1).subquery()
    return due_now > _FEW * connection.execute(select(func.count()).select_from(some)).scalar_one()


def _count_all(connection: Connection, as_of: AsOf, before: State | None) -> Refreshed:
    _date_orders(connection, ZoneInfo(as_of.zone), anew=before is not None and before.terms["zone"] != as_of.zone)
    outcomes_due.empty_facts_due(connection)
    connection.execute(delete(stored))
    _tune(connection, for_everybody=True)
    _count(connection, as_of, None, _parts_of_everybody(connection, _ever(as_of)))
    _count_again(connection, None)
    _remember(connection, as_of, _latest(connection, None))
    gaps.drop(connection)
    aside.drop(connection, *_ASIDE)
    _tune(connection, for_everybody=False)
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE facts"))
    return Refreshed(connection.execute(select(func.count()).select_from(stored)).scalar_one(), was_rebuilt=True)


def _count_due(connection: Connection, as_of: AsOf, before: State) -> None:
    """Count customers anew of whom anything may have changed, or who have no facts yet; to all others' facts add the orders that came in."""
    taken, chosen = _take(connection)
    whose = select(chosen.c.customer_id)
    arrived = select(taken.c.order_id).where(taken.c.customer_id.not_in(whose))
    moments = [before.known_until]
    if connection.execute(whose.limit(1)).first():
        connection.execute(delete(stored).where(stored.c.customer_id.in_(whose)))
        _count(connection, as_of, whose, {})
        _count_again(connection, whose)
        moments.append(_latest(connection, whose))
    if connection.execute(arrived.limit(1)).first():
        moments.append(arrivals.add(connection, _ever(as_of), arrived) or _NOTHING)
    _remember(connection, as_of, max(moments))
    taken.drop(connection)
    chosen.drop(connection)


def _take(connection: Connection) -> tuple[Table, Table]:
    """What is noted, and who must be counted anew. It is taken first: whoever notes anything from now on is heard the next time."""
    taken = Table("taken", MetaData(), Column("customer_id", Id), Column("order_id", Id), prefixes=["TEMPORARY"])
    chosen = Table("chosen", MetaData(), Column("customer_id", Id, primary_key=True), prefixes=["TEMPORARY"])
    taken.create(connection)
    chosen.create(connection)
    noted = facts_due.c.customer_id, facts_due.c.order_id
    if connection.dialect.name == "postgresql":
        gone = delete(facts_due).returning(*noted).cte("gone")
        connection.execute(insert(taken).from_select(["customer_id", "order_id"], select(gone)))
    else:
        connection.execute(insert(taken).from_select(["customer_id", "order_id"], select(*noted)))
        connection.execute(delete(facts_due))
    outcomes_due.hand_on(connection, taken)
    whole = select(taken.c.customer_id).where(or_(taken.c.order_id.is_(None), ~exists().where(stored.c.customer_id == taken.c.customer_id)))
    connection.execute(insert(chosen).from_select(["customer_id"], whole.distinct()))
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE taken, chosen"))
    return taken, chosen


def _count_again(connection: Connection, whose: Whose) -> None:
    """Orders noted while these customers were counted may be in their facts already: the next time they are counted, not added."""
    arrived_since = facts_due.c.order_id.is_not(None), of(facts_due.c.customer_id, whose)
    connection.execute(update(facts_due).where(*arrived_since).values(order_id=None))


def _tune(connection: Connection, *, for_everybody: bool) -> None:
    """On PostgreSQL, until the transaction ends: room to sort in, and no walk along an index through all of a table."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL work_mem = '{_MEMORY if for_everybody else '4MB'}'"))
        connection.execute(text(f"SET LOCAL enable_indexscan = {'off' if for_everybody else 'on'}"))


def _parts_of_everybody(connection: Connection, ever: AsOf) -> Mapping[str, FromClause]:
    """What is counted of orders, put aside."""
    statements = {"bought": counting.orders_of(ever), "returned": counting.returns_of(ever)}
    put = {part: aside.put(connection, name, counting.straight_on(statements[part])) for part, name in zip(statements, _ASIDE, strict=True)}
    return {**put, "gaps": gaps.count(connection)}


def _ever(as_of: AsOf) -> AsOf:
    """By the same terms, all that is known."""
    return AsOf(EVER, as_of.zone, as_of.currency, as_of.rates)


def _count(connection: Connection, as_of: AsOf, whose: Whose, made: Mapping[str, FromClause]) -> None:
    rows = counting.relation(_ever(as_of), connection.dialect.name, whose=whose, made=made, name="counted")
    names = [column.name for column in stored.c]
    connection.execute(insert(stored).from_select(names, select(*(rows.c[name] for name in names))))


def _latest(connection: Connection, whose: Whose) -> datetime:
    """The latest moment that facts speak of."""
    facts_of = select(*(func.max(stored.c[name]) for name in _MOMENTS)).where(of(stored.c.customer_id, whose))
    returned = orders.c.status == OrderStatus.RETURNED
    others = [
        select(func.max(orders.c.ordered_at)).where(returned, of(orders.c.customer_id, whose)),
        select(func.max(feedback.c.said_at), func.max(feedback.c.mended_at)).where(of(feedback.c.customer_id, whose)),
    ]
    moments = [moment for statement in (facts_of, *others) for moment in connection.execute(statement).one() if moment is not None]
    return max(moments, default=_NOTHING)


def _remember(connection: Connection, as_of: AsOf, known_until: datetime) -> None:
    connection.execute(delete(facts_state))
    connection.execute(insert(facts_state).values(id=1, terms=as_of.terms(), known_until=known_until))


def _date_orders(connection: Connection, zone: ZoneInfo, *, anew: bool) -> None:
    """Write the shop's calendar day of orders that have none yet, or of all of them. Databases have zone tables of their own, or none."""
    dated = Table("dated", MetaData(), Column("id", Id, primary_key=True), Column("day", Integer), prefixes=["TEMPORARY"])
    unread = select(orders.c.id, orders.c.ordered_at).order_by(orders.c.id).limit(_AT_ONCE)
    if not anew:
        unread = unread.where(orders.c.ordered_on == 0)
    done = 0
    while rows := connection.execute(unread.where(orders.c.id > done)).all():
        dated.create(connection)
        connection.execute(insert(dated), [{"id": row.id, "day": clock.local_day(row.ordered_at, zone).toordinal()} for row in rows])
        connection.execute(update(orders).where(orders.c.id == dated.c.id).values(ordered_on=dated.c.day))
        dated.drop(connection)
        done = rows[-1].id


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's writers queue by themselves
        connection.execute(select(func.pg_advisory_xact_lock(_FACTS_LOCK)))

"""Who returned and what they bought: kept for each run, and counted anew for whom something changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import OrderStatus
from winback.outcomes.figures import Figures
from winback.store import (
    aside,
    came_back,
    code_figures,
    movers,
    outcome_figures,
    outcome_parts,
    outcomes_due,
    responses,
    room,
    stage_places,
    standing,
    waves,
)
from winback.store.as_of import Whose, of
from winback.store.counting import is_purchase
from winback.store.jumps import jumping
from winback.store.measured import Measured, count_if
from winback.store.moments import later
from winback.store.outcome_costs import NO_TERMS, Terms
from winback.store.tables import Utc, measurings, orders, outcomes, recipients

_PLACES = "their_places"
_BOUGHT = "what_they_bought"
_KEY = ("run_id", "customer_id", "currency")
_NEVER = datetime(1, 1, 2, tzinfo=UTC)
_MOST = 0.2
"""Part of a run from which on counting everybody is quicker than counting one by one."""
_A_DAY = timedelta(days=1)
_MEMORY = "96MB"  # for each sort and join


def measure(connection: Connection, run_id: int, window: timedelta, now: datetime) -> int:
    """Bring the outcomes of a run up to date; returns how many of its customers returned.

    A return is a purchase after the assignment, at the latest `window` after it (that moment is still inside), known at `now`.
    Revenue is what was bought in that time less the goods brought back in that time; somebody who only brought goods back has
    a row without a purchase. One row per customer and currency. Measuring twice changes nothing.

    Only those of whom something changed since the last time are counted, or who were assigned since; all of them where the window is
    another one, or `now` an earlier moment than then.
    """
    measured = Measured(run_id, window, now)
    begin(connection, run_id)
    before = connection.execute(select(measurings).where(measurings.c.run_id == run_id).with_for_update()).one()
    again = None if _is_another_question(before, measured) else _whom(connection, before)
    if again is None:
        outcomes_due.forget(connection, run_id)
    room.give(connection, _MEMORY)
    whose = None if again is None else select(again.c.customer_id)
    with jumping(connection, is_on=again is not None):
        places = _places(connection, measured, whose)
        _count(connection, measured, whose, places)
    stages = stage_places.in_order(connection, run_id, before.stages or ())
    moved = before.stages is None or stages[: len(before.stages)] != before.stages
    if whose is None or moved:
        came_back.count_all(connection, measured, stages)
    else:
        came_back.count(connection, measured, stages, whose, places)
    closed = recipients.c.customer_id == outcomes.c.customer_id, recipients.c.run_id == run_id, measured.closed()
    is_open = outcomes.c.run_id == run_id, outcomes.c.window_closed.is_(False)
    connection.execute(update(outcomes).where(*is_open, exists().where(*closed)).values(window_closed=True, measured_at=now))
    if again is not None:
        again.drop(connection)
        aside.drop(connection, _PLACES)
    done = {"window_seconds": int(window.total_seconds()), "measured_at": now, "assigned_from": None, "stages": stages}
    connection.execute(update(measurings).where(measurings.c.run_id == run_id).values(done))
    returned = select(func.count(outcomes.c.customer_id.distinct())).where(outcomes.c.run_id == run_id, outcomes.c.orders > 0)
    return connection.execute(returned).scalar_one()


def begin(connection: Connection, run_id: int) -> None:
    """From now on what changes is noted for this run. In a transaction of its own before the first measuring, where others write meanwhile."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    never = {"run_id": run_id, "window_seconds": 0, "measured_at": _NEVER}
    connection.execute(dialect.insert(measurings).values(never).on_conflict_do_nothing())


def last_measured(connection: Connection, run_id: int) -> Measured | None:
    """What the run's outcomes are known by: the window and the moment of the last measuring; None while there was none."""
    row = connection.execute(select(measurings).where(measurings.c.run_id == run_id)).one_or_none()
    if row is None or row.measured_at <= _NEVER:
        return None
    return Measured(run_id, timedelta(seconds=row.window_seconds), row.measured_at)


def measured_at(connection: Connection) -> dict[int, datetime]:
    """By run, the moment as of which its outcomes are known; of those that were measured."""
    rows = connection.execute(select(measurings.c.run_id, measurings.c.measured_at).where(measurings.c.measured_at > _NEVER))
    return dict(rows.all())


def aggregates(connection: Connection, run_id: int, window: timedelta, now: datetime, currency: str, *, terms: Terms = NO_TERMS) -> Figures:
    """Everything that the report shows, as counts; `measure` must have been done for the same window and moment."""
    measured = Measured(run_id, window, now)
    room.give(connection, _MEMORY)
    stages = connection.execute(select(measurings.c.stages).where(measurings.c.run_id == run_id)).scalar_one()
    stand, reached = standing.find(connection, measured), responses.count(connection, measured, stages)
    with movers.aside_of(connection, measured, currency, outcome_parts.all_known_then(connection)) as moved:
        strata = outcome_parts.strata(connection, measured, moved, terms)
        return Figures(
            arms=outcome_figures.arms(connection, measured, currency, terms, moved, stand=stand, reached=reached.by_arm),
            stages=reached.stages,
            curve=outcome_figures.curve(connection, measured, moved, stand),
            skips=stand.skips(),
            locales=outcome_figures.locales(strata),
            others=outcome_figures.others(connection, measured, currency),
            codes=code_figures.by_arm(connection, run_id, now),
            ends=stand.ends(),
            strata=strata,
            days=outcome_parts.days(connection, measured, currency, moved, stand),
            money=outcome_parts.money(connection, moved),
            waves=waves.figures(connection, run_id, now),
            merged=stand.merged(),
            cap_minor=terms.cap_minor,
        )


def responded(connection: Connection, measured: Measured) -> dict[str, dict[str, int]]:
    """By arm, how many were written to and what they did about it, as the report counts it. The run must have been measured."""
    stages = connection.execute(select(measurings.c.stages).where(measurings.c.run_id == measured.run_id)).scalar_one()
    return responses.count(connection, measured, stages).by_arm


def _is_another_question(before: Row[Any], measured: Measured) -> bool:
    return bool(before.window_seconds != int(measured.window.total_seconds()) or before.measured_at > measured.now)


def _whom(connection: Connection, before: Row[Any]) -> Table | None:
    """Those to count anew, in a temporary table; None: so many that everybody is counted."""
    with jumping(connection):
        again = outcomes_due.take(connection, before.run_id, before.assigned_from)
    so_many = connection.execute(select(func.count()).select_from(again)).scalar_one()
    some = select(recipients.c.customer_id).where(recipients.c.run_id == before.run_id).limit(int(so_many / _MOST) + 1).subquery()
    if so_many <= _MOST * connection.execute(select(func.count()).select_from(some)).scalar_one():
        return again
    again.drop(connection)
    return None


def _places(connection: Connection, measured: Measured, whose: Whose) -> FromClause:
    """(customer_id, assigned_at) of those who count."""
    found = select(recipients.c.customer_id, recipients.c.assigned_at).where(measured.assigned(), of(recipients.c.customer_id, whose))
    return found.subquery("places") if whose is None else aside.put(connection, _PLACES, found, analysed=False)


def _count(connection: Connection, measured: Measured, whose: Whose, places: FromClause) -> None:
    theirs = outcomes.c.run_id == measured.run_id, of(outcomes.c.customer_id, whose)
    connection.execute(delete(outcomes).where(*theirs))
    since = _since(places)
    if whose is None:  # most orders are older than the run: they needn't be looked up
        since = since.where(orders.c.ordered_at > select(func.min(recipients.c.assigned_at)).where(measured.assigned()).scalar_subquery())
    bought = aside.put(connection, _BOUGHT, since, key="id", analysed=False)
    connection.execute(insert(outcomes).from_select(_COLUMNS, _fresh(measured, bought)))
    outcomes_due.keep(connection, _to_come(measured, bought))
    aside.drop(connection, _BOUGHT)
    if whose is None and connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE outcomes"))


_COLUMNS = (
    *("run_id", "customer_id", "currency", "returned_at", "orders", "revenue_minor", "margin_minor", "margin_known_minor"),
    *("window_closed", "measured_at", "first_minor", "second_at"),
)


def _since(places: FromClause) -> Select[Any]:
    """Orders of recipients after their assignment, with its moment."""
    return select(
        *(orders.c[name] for name in ("id", "customer_id", "ordered_at", "amount_minor", "margin_minor", "currency", "status")),
        places.c.assigned_at,
    ).where(
        orders.c.customer_id == places.c.customer_id,
        orders.c.ordered_at > places.c.assigned_at,
        or_(is_purchase(), orders.c.status == OrderStatus.RETURNED, orders.c.amount_minor < 0),
    )


def _fresh(measured: Measured, bought: FromClause) -> Select[Any]:
    """The outcomes as they should be, in the order of `_COLUMNS`."""
    each = _told_apart(measured, bought)
    told = each.c.margin_minor.is_not(None)
    ends_at = later(each.c.assigned_at, measured.window)
    has_bought = count_if(is_purchase(each)) > 0
    return (
        select(
            literal(measured.run_id),
            each.c.customer_id,
            each.c.currency,
            func.min(case((is_purchase(each), each.c.ordered_at))),
            count_if(is_purchase(each)),
            func.sum(each.c.amount_minor),
            func.coalesce(func.sum(each.c.margin_minor), 0),
            func.coalesce(func.sum(case((told, each.c.amount_minor))), 0),
            case((ends_at <= measured.now, true()), else_=false()),
            literal(measured.now, Utc()),
            case((has_bought, func.min(each.c.first_minor)), else_=0),
            case((has_bought, func.min(each.c.second_at, type_=Utc()))),
        )
        .where(measured.in_window(each, each.c.assigned_at))
        .group_by(each.c.customer_id, each.c.assigned_at, each.c.currency)
    )


def _told_apart(measured: Measured, bought: FromClause) -> FromClause:
    """Orders with what their customer's first purchase in the window came to, and when the second one was.

    Of two first ones at the same moment in a currency, the one that came in first. A second one comes a day after the first or later: a
    basket that the till splits in two is one visit.
    """
    counts = and_(is_purchase(bought), measured.in_window(bought, bought.c.assigned_at))
    first_at = func.min(case((counts, bought.c.ordered_at)), type_=Utc()).over(partition_by=bought.c.customer_id)
    first_minor = func.first_value(bought.c.amount_minor).over(
        partition_by=(bought.c.customer_id, bought.c.currency), order_by=(case((counts, 0), else_=1), bought.c.ordered_at, bought.c.id)
    )
    each = select(*bought.c, first_at.label("first_at"), first_minor.label("first_minor")).subquery("each_order")
    follows = and_(
        is_purchase(each),
        each.c.ordered_at >= later(each.c.first_at, _A_DAY),
        each.c.ordered_at <= later(each.c.first_at, measured.window),
        each.c.ordered_at <= measured.now,
    )
    second_at = func.min(case((follows, each.c.ordered_at)), type_=Utc()).over(partition_by=each.c.customer_id)
    return select(*each.c, second_at.label("second_at")).subquery("told_apart")


def _to_come(measured: Measured, bought: FromClause) -> Select[Any]:
    """Recipients with an order that lies in the future still, by the shop's clock or ours: they stay due until it doesn't."""
    last = later(bought.c.assigned_at, 2 * measured.window)  # of a second purchase
    ahead = bought.c.ordered_at > measured.now, bought.c.ordered_at <= last
    money = or_(is_purchase(bought), bought.c.amount_minor < 0)
    return select(literal(measured.run_id), bought.c.customer_id).where(money, *ahead).distinct()

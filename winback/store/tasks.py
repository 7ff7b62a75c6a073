"""What people are asked to do. One row per delivery, written in the transaction that concludes it: nothing leaves the house in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, literal, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ChannelName, EventKind, RecipientStatus, TaskKind, TaskStatus, Verdict
from winback.store import refreshing
from winback.store.counting import is_purchase
from winback.store.tables import campaign_runs, customers, deliveries, events, orders, preferences, recipients, tasks, touches

TOUCHED_BY = {TaskKind.CALL: "phone", TaskKind.VISIT: "visit", TaskKind.CARD: "card"}
"""What touches call the channel of a task."""


def give(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> int:
    """Ask people: each row holds delivery_id, customer_id, kind, manager, text, due_at. What was asked already stays. Returns how many are new."""
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(tasks).on_conflict_do_nothing(index_elements=["delivery_id"]).returning(tasks.c.delivery_id)
    return len(connection.execute(statement, [{**row, "status": TaskStatus.OPEN, "asked_at": now} for row in rows]).all())


LAST_FIRST = tasks.c.due_at.desc()


def listed(
    *,
    manager: str | None = None,
    open_only: bool = True,
    due_by: datetime | None = None,
    run_id: int | None = None,
    customer_id: int | None = None,
    customer: str = "",
) -> Select[Any]:
    """The statement behind `winback tasks`: the soonest due first, with the customer's id, names and phone, and the campaign and stage."""
    statement = (
        select(
            tasks,
            customers.c.key.label("customer"),
            customers.c.given_name,
            customers.c.family_name,
            customers.c.phone,
            campaign_runs.c.campaign,
            deliveries.c.stage,
            deliveries.c.locale,
        )
        .join(customers, customers.c.id == tasks.c.customer_id)
        .join(deliveries, deliveries.c.id == tasks.c.delivery_id)
        .join(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .order_by(tasks.c.due_at, tasks.c.delivery_id)
    )
    if open_only:
        statement = statement.where(tasks.c.status == TaskStatus.OPEN)
    if manager is not None:
        statement = statement.where(tasks.c.manager == manager)
    if run_id is not None:
        statement = statement.where(deliveries.c.run_id == run_id)
    if customer_id is not None:
        statement = statement.where(tasks.c.customer_id == customer_id)
    if customer:
        statement = statement.where(customers.c.key == customer)
    return statement if due_by is None else statement.where(tasks.c.due_at <= due_by)


def open_counts(connection: Connection, today: datetime) -> tuple[int, int]:
    """How many are open, and how many of them were due before the day that began at `today`."""
    late = func.count(case((tasks.c.due_at < today, 1)))
    found = connection.execute(select(func.count(), late).select_from(tasks).where(_is_open())).one()
    return found[0], found[1]


def find(connection: Connection, delivery_id: int) -> Row[Any] | None:
    """One task with the same columns; None when there is none of that number."""
    return connection.execute(listed(open_only=False).where(tasks.c.delivery_id == delivery_id)).one_or_none()


def close(connection: Connection, delivery_id: int, status: TaskStatus, *, now: datetime, by: str, note: str) -> bool:
    """Conclude an open task; whether it was open. Done or declined it is a touch, in the same transaction."""
    done = connection.execute(
        update(tasks)
        .where(tasks.c.delivery_id == delivery_id, tasks.c.status == TaskStatus.OPEN)
        .values(status=status, done_at=now, done_by=by, note=note)
        .returning(tasks.c.customer_id, tasks.c.kind)
    ).one_or_none()
    if done is None:
        return False
    if status in {TaskStatus.DONE, TaskStatus.DECLINED}:
        kind = TaskKind(done.kind)
        spoken_to = status is TaskStatus.DECLINED or kind is not TaskKind.CARD  # a card was written: whether it was read, nobody knows
        _touch(connection, delivery_id, done.customer_id, TOUCHED_BY[kind], now, now if spoken_to else None)
    return True


def hand_on(connection: Connection, delivery_id: int, manager: str) -> bool:
    """Give an open task to another manager; whether it was open."""
    return connection.execute(update(tasks).where(tasks.c.delivery_id == delivery_id, _is_open()).values(manager=manager)).rowcount > 0


def _touch(connection: Connection, delivery_id: int, customer_id: int, channel: str, now: datetime, reacted_at: datetime | None) -> None:  # noqa: PLR0917  one use
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"key": f"task:{delivery_id}", "customer_id": customer_id, "touched_at": now, "channel": channel, "reacted_at": reacted_at}
    connection.execute(dialect.insert(touches).values(values).on_conflict_do_nothing(index_elements=["key"]))
    refreshing.due(connection, [customer_id])


def drop_what_is_over(connection: Connection, now: datetime) -> int:
    """Drop open tasks of customers whose journey ended, or would have, or who asked for a pause: nobody is called who bought yesterday. Returns how many.

    A journey that came to its last stage isn't over for this: the task was that stage.
    """
    runs = connection.execute(
        select(campaign_runs.c.id, campaign_runs.c.plan)
        .where(campaign_runs.c.id.in_(select(deliveries.c.run_id).join(tasks, tasks.c.delivery_id == deliveries.c.id).where(_is_open())))
        .order_by(campaign_runs.c.id)
    ).all()
    return sum(_drop(connection, run_id, plan.get("stop_when", ()), now) for run_id, plan in runs)


def _drop(connection: Connection, run_id: int, stops: Sequence[str], now: datetime) -> int:
    why = _why_over(stops, now)
    over = (
        select(tasks.c.delivery_id, why.label("why"))
        .join(deliveries, deliveries.c.id == tasks.c.delivery_id)
        .join(customers, customers.c.id == tasks.c.customer_id)
        .join(recipients, and_(recipients.c.run_id == deliveries.c.run_id, recipients.c.customer_id == deliveries.c.customer_id))
        .where(
            _is_open(), deliveries.c.run_id == run_id, deliveries.c.channel.not_in(list(ChannelName))
        )  # one that a bad score asked for is no stage
        .subquery("over")
    )
    found = connection.execute(select(over.c.delivery_id, over.c.why).where(over.c.why.is_not(None))).all()
    for delivery_id, reason in found:
        connection.execute(
            update(tasks)
            .where(tasks.c.delivery_id == delivery_id, _is_open())
            .values(
                status=TaskStatus.DROPPED, done_at=now, note="They asked for a pause." if reason == "paused" else f"The journey is over: {reason}."
            )
        )
    return len(found)


def _why_over(stops: Sequence[str], now: datetime) -> ColumnElement[Any]:
    """The reason for which a customer of an open task is to be left alone; NULL while there is none."""
    ends = [(recipients.c.status == RecipientStatus.STOPPED, recipients.c.reason), (customers.c.black_list != "", literal("black-listed"))]
    paused = exists().where(preferences.c.customer_id == tasks.c.customer_id, preferences.c.paused_until > now.date())
    ends.append((paused, literal("paused")))
    if "ordered" in stops:
        bought = exists().where(
            orders.c.customer_id == tasks.c.customer_id, orders.c.ordered_at > tasks.c.asked_at, orders.c.ordered_at <= now, is_purchase()
        )
        ends.append((bought, literal("ordered")))
    kinds = {EventKind.UNSUBSCRIBE: "unsubscribed", EventKind.COMPLAINT: "complained"}
    kinds |= {EventKind.REPLY: "replied", EventKind.ANSWER: "answered"} if "replied" in stops else {}
    kinds |= {EventKind.ANSWER: "answered"} if "answered" in stops else {}
    for kind, reason in kinds.items():
        said = exists().where(
            events.c.customer_id == tasks.c.customer_id,
            events.c.kind == kind,
            events.c.verdict == Verdict.HUMAN,
            events.c.happened_at > tasks.c.asked_at,
            events.c.happened_at <= now,
        )
        ends.append((said, literal(reason)))
    return case(*ends, else_=null())


def _is_open() -> ColumnElement[bool]:
    return tasks.c.status == TaskStatus.OPEN


def managers(connection: Connection, due_by: datetime) -> dict[str, int]:
    """Who has open tasks that are due by a moment, and how many."""
    columns = (tasks.c.manager, func.count())
    rows = connection.execute(select(*columns).where(_is_open(), tasks.c.due_at <= due_by).group_by(tasks.c.manager).order_by(tasks.c.manager))
    return dict(rows.all())

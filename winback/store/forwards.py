"""Replies that a person is shown: one row per reply, written with it, marked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import campaign_runs, contacts, customers, deliveries, events, forwards


class ForwardStatus(StrEnum):
    """What became of a reply on its way to the customer's manager."""

    WAITING = "waiting"  # nobody was shown it yet
    HANDED_OVER = "handed_over"  # it may have left: whoever sent it never came back to say; not repeated
    SENT = "sent"  # the other side accepted it
    FAILED = "failed"  # the other side refused it, or wasn't there: it is tried again
    UNCERTAIN = "uncertain"  # it may have left; not repeated


MOST_TRIES = 10
"""After so many refusals a reply stays where it is, and is shown by `winback customer show` and the events only."""


def ask(connection: Connection, dedupe_key: str, now: datetime) -> None:
    """A reply (an event by its key) is to be shown to the customer's manager."""
    connection.execute(_asking(connection.dialect.name), {"said_by": dedupe_key, "now": now})


@cache
def _asking(dialect: str) -> Any:
    now = bindparam("now", type_=forwards.c.asked_at.type)
    row = select(events.c.id, literal(str(ForwardStatus.WAITING)), now).where(events.c.dedupe_key == bindparam("said_by"))
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(forwards)
    return insert.from_select(["event_id", "status", "asked_at"], row).on_conflict_do_nothing()


def waiting(connection: Connection, limit: int = 500) -> Sequence[Row[Any]]:
    """Replies that nobody was shown yet, the oldest first, with who wrote them and which letter they answer."""
    answers_to = contacts.c.address.label("address")
    rows: Sequence[Any] = connection.execute(
        select(
            forwards.c.id,
            events.c.text,
            events.c.happened_at,
            events.c.signals,
            events.c.delivery_id,
            customers.c.key.label("customer"),
            customers.c.given_name,
            customers.c.family_name,
            customers.c.manager,
            deliveries.c.letter,
            deliveries.c.channel,
            campaign_runs.c.campaign,
            campaign_runs.c.plan,
            answers_to,
        )
        .join(events, events.c.id == forwards.c.event_id)
        .join(customers, customers.c.id == events.c.customer_id)
        .outerjoin(deliveries, deliveries.c.id == events.c.delivery_id)
        .outerjoin(campaign_runs, campaign_runs.c.id == deliveries.c.run_id)
        .outerjoin(contacts, (contacts.c.customer_id == customers.c.id) & (contacts.c.channel == "email"))
        .where(or_(forwards.c.status == ForwardStatus.WAITING, (forwards.c.status == ForwardStatus.FAILED) & (forwards.c.tries < MOST_TRIES)))
        .order_by(forwards.c.id)
        .limit(limit)
    ).all()
    return rows


UNSHOWN = (ForwardStatus.HANDED_OVER, ForwardStatus.UNCERTAIN, ForwardStatus.FAILED, ForwardStatus.WAITING)
"""Nobody knows of these that a person saw them."""


def listed(connection: Connection, *, everything: bool = False, customer: str = "", limit: int | None = None, offset: int = 0) -> Sequence[Row[Any]]:
    """Replies that nobody may have been shown, or all, the oldest first, with who wrote them and what; none of those whom the shop forgot."""
    names = (customers.c.key.label("customer"), customers.c.given_name, customers.c.family_name)
    statement = (
        select(forwards, events.c.happened_at, events.c.customer_id, events.c.text, *names)
        .join(events, events.c.id == forwards.c.event_id)
        .join(customers, customers.c.id == events.c.customer_id)
        .order_by(forwards.c.id)
        .limit(limit)
        .offset(offset)
    )
    if customer:
        statement = statement.where(customers.c.key == customer)
    return connection.execute(statement if everything else statement.where(forwards.c.status.in_(UNSHOWN))).all()


def count_unshown(connection: Connection) -> int:
    """How many replies nobody may have been shown."""
    return connection.execute(select(func.count()).select_from(forwards).where(forwards.c.status.in_(UNSHOWN))).scalar_one()


def settle(connection: Connection, forward_id: int, *, is_shown: bool) -> Row[Any] | None:
    """A person says of a reply that somebody saw it, or that it is to be shown again; the row with its customer_id. None: it isn't one of these."""
    values = {"status": ForwardStatus.SENT} if is_shown else {"status": ForwardStatus.WAITING, "tries": 0}
    done = connection.execute(
        update(forwards)
        .where(forwards.c.id == forward_id, forwards.c.status.in_([each for each in UNSHOWN if is_shown or each is not ForwardStatus.WAITING]))
        .values(values)
    )
    if not done.rowcount:
        return None
    return connection.execute(
        select(events.c.customer_id).join(forwards, forwards.c.event_id == events.c.id).where(forwards.c.id == forward_id)
    ).one()


def hand_over(connection: Connection, forward_id: int, manager: str, now: datetime) -> bool:
    """Mark a reply as handed over, just before it is. False: somebody else was quicker."""
    done = connection.execute(
        update(forwards)
        .where(forwards.c.id == forward_id, forwards.c.status.in_([ForwardStatus.WAITING, ForwardStatus.FAILED]))
        .values(status=ForwardStatus.HANDED_OVER, manager=manager, handed_over_at=now, tries=forwards.c.tries + 1, detail="")
    )
    return done.rowcount > 0


def record(connection: Connection, forward_id: int, status: ForwardStatus, detail: str = "") -> None:
    """What became of it."""
    connection.execute(
        update(forwards)
        .where(forwards.c.id == forward_id, forwards.c.status == ForwardStatus.HANDED_OVER)
        .values(status=status, detail=detail[:1000])
    )

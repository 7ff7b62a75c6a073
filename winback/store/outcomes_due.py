"""Recipients whose outcome has to be counted anew: noted when what is stored of their customers changed, taken when their run is measured.

Whatever changes orders or events notes its customers in `facts_due`, in the same transaction. Facts are refreshed more often than runs
are measured, so whoever empties those notes hands them on to the runs here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, FromClause, MetaData, Select, Table, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import RecipientStatus
from winback.store.tables import Id, facts_due, measurings, outcomes_due, recipients


def hand_on(connection: Connection, noted: FromClause) -> None:
    """Note that something of these customers changed, for each run that was measured with them in it."""
    concerned = (
        select(recipients.c.run_id, recipients.c.customer_id)
        .join(measurings, measurings.c.run_id == recipients.c.run_id)
        .where(recipients.c.customer_id.in_(select(noted.c.customer_id)), recipients.c.status != RecipientStatus.SKIPPED)
    )
    _note(connection, concerned)


def empty_facts_due(connection: Connection) -> None:
    """Everybody's facts are about to be counted: no note is needed any more but those of runs."""
    if connection.dialect.name == "postgresql":  # in one statement: a note that is committed meanwhile stays
        hand_on(connection, delete(facts_due).returning(facts_due.c.customer_id).cte("gone"))
        return
    hand_on(connection, facts_due)
    connection.execute(delete(facts_due))


def assigned(connection: Connection, run_id: int, since: datetime) -> None:
    """Somebody was assigned as of that moment or later: what they ordered since may have come in before."""
    earlier = or_(measurings.c.assigned_from.is_(None), measurings.c.assigned_from > since)
    connection.execute(update(measurings).where(measurings.c.run_id == run_id, earlier).values(assigned_from=since))


def keep(connection: Connection, concerned: Select[Any]) -> None:
    """These (run, customer) stay due, or become it."""
    _note(connection, concerned)


def take(connection: Connection, run_id: int, assigned_from: datetime | None) -> Table:
    """Whom of a run to count anew, in a temporary table `measured_again` that the caller drops. Who is noted from now on is heard the next time.

    `assigned_from`: the earliest moment of an assignment that was written since the last measuring; None: there was none.
    """
    taken = Table("measured_again", MetaData(), Column("customer_id", Id, primary_key=True), prefixes=["TEMPORARY"])
    taken.create(connection)
    due = outcomes_due.c.run_id == run_id
    if connection.dialect.name == "postgresql":
        gone = delete(outcomes_due).where(due).returning(outcomes_due.c.customer_id).cte("gone")
        connection.execute(insert(taken).from_select(["customer_id"], select(gone)))
    else:
        connection.execute(insert(taken).from_select(["customer_id"], select(outcomes_due.c.customer_id).where(due)))
        connection.execute(delete(outcomes_due).where(due))
    not_handed_on = recipients.c.customer_id.in_(select(facts_due.c.customer_id))
    newly = [] if assigned_from is None else [recipients.c.assigned_at >= assigned_from]
    for condition in (not_handed_on, *newly):
        found = select(recipients.c.customer_id).where(
            recipients.c.run_id == run_id,
            recipients.c.status != RecipientStatus.SKIPPED,
            condition,
            ~exists().where(taken.c.customer_id == recipients.c.customer_id),
        )
        connection.execute(insert(taken).from_select(["customer_id"], found))
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE measured_again"))
    return taken


def forget(connection: Connection, run_id: int) -> None:
    """All of a run is about to be counted anew."""
    connection.execute(delete(outcomes_due).where(outcomes_due.c.run_id == run_id))


def count(connection: Connection, run_id: int) -> int:
    """How many of a run are noted."""
    return int(connection.execute(select(func.count(type_=BigInteger())).where(outcomes_due.c.run_id == run_id)).scalar_one())


def _note(connection: Connection, concerned: Select[Any]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    ordered = concerned.order_by(*concerned.selected_columns)
    connection.execute(dialect.insert(outcomes_due).from_select(["run_id", "customer_id"], ordered).on_conflict_do_nothing())

"""Rows of customers who were merged into another one, as the shop goes on listing them: only what is strict in them is heard.

Their fields, addresses and consents say nothing any more; a consent taken back and a new entry on the black list count for the person.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, false, literal, or_, select, update

from winback.audience.consents import MARKETING
from winback.model import ChannelName
from winback.store.tables import consents, customers


def honour(connection: Connection, staged: Table, channels: tuple[ChannelName, ...], now: datetime) -> int:
    """Put persons on the black list for what stands in staged rows of records merged into them.

    Returns how many of those rows change anything, by this or by a consent taken back; the latter is written with all the others.
    """
    merged, person = customers.alias("merged"), customers.alias("person")
    rows: FromClause = staged.join(merged, merged.c.key == staged.c.key).join(person, person.c.id == merged.c.merged_into)
    takes_back: ColumnElement[bool] = false()
    for channel in channels:
        given = consents.alias(f"{channel}_given")
        stands = and_(given.c.customer_id == person.c.id, given.c.channel == channel.value, given.c.purpose == MARKETING)
        rows = rows.outerjoin(given, and_(stands, given.c.withdrawn_at.is_(None)))
        takes_back = or_(takes_back, and_(staged.c.consent == 0, given.c.customer_id.is_not(None)))
    reason = staged.c.black_list if "black_list" in staged.c else literal("")
    is_listed = and_(reason != "", person.c.black_list == "")
    heard = (
        select(person.c.id, reason, is_listed).select_from(rows).where(staged.c.again == 0, or_(takes_back, is_listed)).order_by(staged.c.position)
    )
    found = connection.execute(heard).all()
    for customer_id, why, is_new in found:
        if is_new:
            values = {"black_list": why, "updated_at": now}
            connection.execute(update(customers).where(customers.c.id == customer_id, customers.c.black_list == "").values(values))
    return len(found)

"""Codes of two records that are one person: they keep one, where that can still be had."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, update

from winback.model import CodeStatus
from winback.store import codes as life
from winback.store.tables import codes


def keep_one(connection: Connection, merged_id: int, into_id: int) -> None:
    """Of a code that was told and one that wasn't yet, the one that was told stays; of two that weren't, that of the record that stays.

    Of two places in one run the one that goes on then speaks of the code that was told. Two that were told are both in the customer's
    hands: nobody can take one back, and they get no third while either can be used.
    """
    held = connection.execute(
        select(codes.c.id, codes.c.customer_id, codes.c.status, codes.c.run_id, codes.c.offer)
        .where(codes.c.customer_id.in_((merged_id, into_id)), codes.c.status.in_(life.LIVE))
        .order_by(codes.c.id)
    ).all()
    if {row.customer_id for row in held} != {merged_id, into_id}:
        return
    told = {row.customer_id for row in held if row.status == CodeStatus.GIVEN}
    loser = into_id if told == {merged_id} else merged_id
    life.release(connection, and_(codes.c.customer_id == loser, codes.c.status == CodeStatus.RESERVED))
    theirs, ours = (next(row for row in held if row.customer_id == who) for who in (merged_id, into_id))
    if loser == into_id and (theirs.run_id, theirs.offer) == (ours.run_id, ours.offer):
        _exchange(connection, told=theirs.id, released=ours.id, merged_id=merged_id, into_id=into_id)


def _exchange(connection: Connection, *, told: int, released: int, merged_id: int, into_id: int) -> None:
    """The told code goes to the record that stays, a released one of its own to the merged record: nobody has two of one run at any moment."""
    connection.execute(update(codes).where(codes.c.id == told).values(customer_id=None))
    connection.execute(update(codes).where(codes.c.id == released, codes.c.customer_id == into_id).values(customer_id=merged_id))
    connection.execute(update(codes).where(codes.c.id == told).values(customer_id=into_id))


def move(connection: Connection, run_id: int, merged_id: int, into_id: int) -> None:
    """The code of a place in a run goes with it; a second one that was told stays with the merged record, as evidence."""
    mine = and_(codes.c.run_id == run_id, codes.c.customer_id == merged_id)
    if connection.execute(select(codes.c.id).where(codes.c.customer_id == into_id, codes.c.status.in_(life.LIVE))).first() is not None:
        mine = and_(mine, codes.c.status.not_in(life.LIVE))
    connection.execute(update(codes).where(mine).values(customer_id=into_id))


def end(connection: Connection, run_id: int, merged_id: int) -> None:
    """The journey of the merged record ends: nobody will be told of a code that was reserved for it."""
    life.release(connection, and_(codes.c.run_id == run_id, codes.c.customer_id == merged_id))

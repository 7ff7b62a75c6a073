"""The book of turns that all who send on a lane share: one stroke is one transaction, and the database's clock is everybody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from winback.channels import seats
from winback.channels.seats import Free, Granted, Stroke
from winback.store.tables import turn_chats, turn_seats

_KEPT = 5.0  # seconds that a chat's row outlives its use


def strike(  # noqa: PLR0917  one use
    connection: Connection, lane: str, per_second: int, stroke: Stroke, hashed: Callable[[str], bytes], clock: Callable[[], float]
) -> Granted:
    """Write a stroke down and grant turns; their moments are on `clock`, the sender's own. Others wait until the transaction ends.

    Between the two clocks lies the time of a query. It is reckoned so that nobody comes too early.
    """
    rows = _seats(connection, lane, per_second)
    hashes = {chat: hashed(chat) for chat in sorted(stroke.chats)}
    chats = {chat: Free(float("-inf")) for chat in hashes}
    chats |= _chats(connection, lane, hashes)
    before = {**_state(rows), **_state(chats)}
    asked_at = clock()
    now = _now(connection)
    granted = seats.strike(stroke, rows, chats, now=now, ago=now - asked_at)
    told_at = clock()
    _write(connection, turn_seats, lane, "number", {number: row for number, row in rows.items() if before[number] != (row.at, row.written_at)})
    _write(connection, turn_chats, lane, "chat_hash", {hashes[chat]: row for chat, row in chats.items() if before[chat] != (row.at, row.written_at)})
    granted.turns = [seats.Grant(each.chat, each.seat, each.at - now + told_at) for each in granted.turns]
    return granted


def sweep(connection: Connection, lane: str) -> None:
    """Chats that were written to some seconds ago are forgotten."""
    connection.execute(delete(turn_chats).where(turn_chats.c.lane == lane, turn_chats.c.free_at < _now(connection) - _KEPT))


def _seats(connection: Connection, lane: str, per_second: int) -> dict[int, Free]:
    """The door and the seats, held until the transaction ends; those that nobody used before are made."""
    numbers = list(seats.numbers(per_second))
    rows = _held(connection, lane, len(numbers))
    if len(rows) < len(numbers):
        new = [{"lane": lane, "number": number, "free_at": 0.0, "written_at": 0.0} for number in numbers if number not in rows]
        connection.execute(_dialect(connection).insert(turn_seats).on_conflict_do_nothing(), new)
        rows = _held(connection, lane, len(numbers))
    return rows


def _held(connection: Connection, lane: str, count: int) -> dict[int, Free]:
    held = select(turn_seats).where(turn_seats.c.lane == lane, turn_seats.c.number < count).order_by(turn_seats.c.number).with_for_update()
    return {row.number: Free(row.free_at, row.written_at) for row in connection.execute(held)}


def _chats(connection: Connection, lane: str, hashes: Mapping[str, bytes]) -> dict[str, Free]:
    names = {hashed: chat for chat, hashed in hashes.items()}
    found = connection.execute(select(turn_chats).where(turn_chats.c.lane == lane, turn_chats.c.chat_hash.in_(list(names))))
    return {names[bytes(row.chat_hash)]: Free(row.free_at, row.written_at) for row in found}


def _write(connection: Connection, table: Table, lane: str, key: str, rows: Mapping[Any, Free]) -> None:
    if not rows:
        return
    put = _dialect(connection).insert(table)
    put = put.on_conflict_do_update(index_elements=["lane", key], set_={"free_at": put.excluded.free_at, "written_at": put.excluded.written_at})
    connection.execute(put, [{"lane": lane, key: name, "free_at": row.at, "written_at": row.written_at} for name, row in rows.items()])


def _now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock, at this moment and not at the transaction's beginning."""
    return float(connection.execute(_NOW[connection.dialect.name]).scalar_one())


_NOW = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())::float8"),
}


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def _state(rows: Mapping[Any, Free]) -> dict[Any, tuple[float, float]]:
    return {name: (row.at, row.written_at) for name, row in rows.items()}

"""Turns as seats: so many of them as messages are allowed in a second, each taken at most once in any second.

A seat is free again one second after the message that sat on it was answered. The message had arrived by then, so whatever happens on
the way, no second sees more messages arrive than there are seats. The same holds for each chat, which is a seat of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SECOND = 1.002
"""What a second lasts: clocks of databases tell milliseconds."""
LEASE = 10.0
"""Seconds after which a seat is free of somebody who has died on it."""
DOOR = 0
"""The number of the seat that nobody sits on: as long as it isn't free, nobody gets one."""


@dataclass(slots=True)
class Free:
    """When a seat, or a chat, is free; in seconds of the clock of whoever keeps the book."""

    at: float
    written_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Answered:
    """A message that was answered, on the clock of whoever sent it; its chat wants nothing for `again_after` seconds more."""

    seat: int
    chat: str
    at: float
    again_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Grant:
    """A turn: on this seat, at this moment."""

    chat: str
    seat: int
    at: float


@dataclass(frozen=True, slots=True)
class Stroke:
    """What is written into the book, and asked of it, at once."""

    answered: Sequence[Answered] = ()
    under_way: Sequence[tuple[int, str]] = ()  # seats and chats that are kept for another lease
    unused: Sequence[Grant] = ()  # turns that nobody took after all
    wanted: Sequence[str] = ()  # chats, those that came first first
    pause: float = 0.0  # seconds for which nobody gets a turn
    per_chat: float = SECOND  # seconds between two messages to a chat
    ahead: float = 0.0  # seats are taken so many seconds before they are free

    @property
    def chats(self) -> set[str]:
        kept = {chat for _, chat in self.under_way}
        return {*self.wanted, *kept, *(each.chat for each in self.answered), *(each.chat for each in self.unused)}


@dataclass(slots=True)
class Granted:
    """What the book says: the turns, how long the other chats must wait for theirs, and when to ask again."""

    turns: list[Grant] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=dict)  # seconds until a chat may be written to, where it is the chat that isn't free
    closed: float = 0.0  # seconds until the door opens
    again_in: float = 0.0


def strike(stroke: Stroke, seats: Mapping[int, Free], chats: dict[str, Free], *, now: float, ago: float) -> Granted:
    """Write a stroke into the book, and say who gets a turn. `seats` hold the door too; rows that change are changed in place.

    `now` is by the book's clock, and `ago` what has to be added to the sender's clock to get it.
    """
    for row in (*seats.values(), *chats.values()):
        if row.written_at > now + SECOND:  # the clock went back
            row.at, row.written_at = now + min(row.at - row.written_at, LEASE), now
    for each in stroke.answered:
        _set(seats.get(each.seat), each.at + ago + SECOND, now)
        _set(chats[each.chat], each.at + ago + stroke.per_chat + each.again_after, now)
    for seat, chat in stroke.under_way:
        _set(seats.get(seat), now + LEASE, now)
        _set(chats[chat], now + LEASE, now)
    for turn in stroke.unused:
        _set(seats.get(turn.seat), turn.at + ago, now)
        _set(chats[turn.chat], turn.at + ago, now)
    door = seats[DOOR]
    if stroke.pause:
        _set(door, max(door.at, now + stroke.pause), now)
    return _given(stroke, seats, chats, now)


def _set(row: Free | None, at: float, now: float) -> None:
    if row is not None:  # the pace was lowered: there is no such seat any more
        row.at, row.written_at = at, now


def _given(stroke: Stroke, seats: Mapping[int, Free], chats: Mapping[str, Free], now: float) -> Granted:
    granted, opens, horizon = Granted(), seats[DOOR].at, now + stroke.ahead
    granted.closed = max(0.0, opens - now)
    free = sorted((row.at, number) for number, row in seats.items() if number != DOOR)
    nexts: list[float] = []
    for chat in stroke.wanted:
        row = chats[chat]
        if row.at > horizon:
            granted.busy[chat] = row.at - now
            nexts.append(row.at)
        elif not free or max(free[0][0], opens) > horizon:
            nexts.append(max(free[0][0] if free else now + LEASE, opens))
            break
        else:
            seat_at, number = free.pop(0)
            at = max(now, seat_at, row.at, opens)
            granted.turns.append(Grant(chat, number, at))
            _set(seats[number], at + LEASE, now)
            _set(row, at + LEASE, now)
    granted.again_in = max(0.0, min(nexts, default=now + LEASE) - stroke.ahead - now)
    return granted


def numbers(per_second: int) -> Iterable[int]:
    """The door, and the seats of a pace."""
    return range(per_second + 1)

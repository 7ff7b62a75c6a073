"""Which letters of a batch may leave now, and the places of the others. Pure: lanes and letters in, places out.

A lane is a bucket of tokens that fills at its pace; a letter that leaves takes one from each of its lanes. Who finds a bucket empty, or
others waiting, gets a place behind them: the moment at which there would be a token. Whoever comes at that moment still needs the token.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from winback import clock
from winback.sending.pace import SlowDown, Terms
from winback.speech import N_, said
from winback.store.paces import State

_CLOCKS_DIFFER = timedelta(minutes=5)
"""Two machines' clocks: what lies further ahead than this was written by a clock that has gone back since."""
_LAID_LATELY = timedelta(minutes=1)
_NEARLY = 1e-3
"""Of a token: moments are whole microseconds. What a letter takes too early is owed."""
_AN_HOUR = 3600


@dataclass(slots=True)
class Lane:
    """One lane as a batch meets it; `state` is changed by what the batch takes."""

    terms: Terms
    state: State
    zone: ZoneInfo  # of the shop
    lacking: int = 0  # letters whose place had come, and no token for them

    @property
    def rate(self) -> float:
        """Letters a second."""
        return self.state.milli_per_hour / 1000 / _AN_HOUR

    @property
    def today(self) -> int:
        """Which day of the warm-up it is; below 0 or beyond its days there is no allowance."""
        return (self.state.day - self.terms.starts_on).days

    @property
    def allowance(self) -> int | None:
        """Of today; None: the warm-up is over, or hasn't begun."""
        return self.terms.per_day[self.today] if 0 <= self.today < len(self.terms.per_day) else None

    @property
    def before(self) -> int:
        """Places of all days before today."""
        return sum(self.terms.per_day[: max(self.today, 0)])

    @property
    def next_place(self) -> int:
        """In the warm-up: the first that wasn't given to anybody and isn't past."""
        return max(self.state.placed, self.before)

    def begins(self, day: int) -> datetime:
        """The first moment of a day of the warm-up."""
        return clock.start_of_day(self.terms.starts_on + timedelta(days=day), self.zone)

    def begin_of_place(self, place: int) -> datetime:
        """The first moment of the day that a place is on."""
        day = next((day for day, places in enumerate(accumulate(self.terms.per_day)) if place < places), len(self.terms.per_day))
        return self.begins(day)


@dataclass(frozen=True, slots=True)
class Asking:
    """A letter that would leave now."""

    id: int
    lanes: tuple[str, ...]
    waited_for: tuple[str, ...] = ()  # the words of those lanes in which its place has come
    goes_first: bool = False  # it was on its way before: it waits behind nobody

    def has_place(self, word: str) -> bool:
        return self.goes_first or word in self.waited_for


@dataclass(frozen=True, slots=True)
class Wait:
    """A letter's place; the first of `words` is what it waits for, the others it has waited for."""

    until: datetime
    words: tuple[str, ...]


def word(lane: str) -> str:
    """A lane as people call it."""
    kind, _, name = lane.partition(":")
    if kind == "relay":
        return said(N_("relay %(name)s"), name=name)
    return name if kind == "group" else said(N_("all e-mail")) if kind == "email" else kind


def warming(lane: str) -> str:
    return said(N_("the warm-up of %(lane)s"), lane=word(lane))


def told(words: Sequence[str]) -> str:
    """What stands with a letter that waits."""
    return f"waits for {words[0]}" + (f", after {', '.join(words[1:])}" if len(words) > 1 else "")


def read(text: str) -> tuple[str, ...]:
    """The words again."""
    found = re.fullmatch("waits for (.+?)(?:, after (.+))?", text)
    return () if found is None else (found[1], *(found[2].split(", ") if found[2] else ()))


def pace_of(terms: Terms, factor: float, slow: SlowDown | None) -> int:
    """Thousandths of a letter an hour; 0 where there is no limit."""
    full = (terms.per_hour or 0) * 1000
    floor = min(slow.floor_per_hour * 1000, full) if slow else full
    return max(round(full * factor), floor)


def refill(lane: Lane, slow: SlowDown | None, now: datetime) -> bool:
    """Bring a lane up to now. Returns whether those who wait in it must get their places anew: they come too early, or too late.

    A clock that went back gives no tokens; where it went far, the bucket begins to fill from now on instead of when the clock is there again.
    """
    state, day = lane.state, clock.local_day(now, lane.zone)
    has_jumped = state.refilled_at - now > _CLOCKS_DIFFER
    if day > state.day:
        state.day, state.day_count = day, 0
    if state.began_on != lane.terms.starts_on:
        state.began_on, state.placed = lane.terms.starts_on, 0
    if has_jumped:
        state.refilled_at, state.day = now, day
        state.slowed_at, state.laid_at = min(state.slowed_at, now), min(state.laid_at, now)
        state.placed = min(state.placed, lane.before + state.day_count)
    came = state.tokens + max(0.0, (now - state.refilled_at).total_seconds()) * lane.rate
    state.tokens, state.refilled_at = min(came, lane.terms.burst), max(state.refilled_at, now)
    _speed_up(state, slow, now)
    before, state.milli_per_hour = state.milli_per_hour, pace_of(lane.terms, state.factor, slow)
    if not state.milli_per_hour or state.horizon_at <= now:
        return False
    stood_idle = came > 1.5 * lane.terms.burst and now - state.laid_at > _LAID_LATELY
    return has_jumped or before != state.milli_per_hour or stood_idle


def _speed_up(state: State, slow: SlowDown | None, now: datetime) -> None:
    if slow is None:
        state.factor = 1.0
        return
    while state.factor < 1 and now - state.slowed_at >= slow.speed_up_after:
        state.factor, state.slowed_at = min(1.0, state.factor / slow.factor), state.slowed_at + slow.speed_up_after


def come(lane: Lane, letters: Iterable[Asking]) -> int:
    """How many letters' place in a lane has come."""
    return sum(lane.terms.lane in each.lanes and each.has_place(word(lane.terms.lane)) for each in letters)


def falls_behind(lane: Lane, places: int, now: datetime) -> bool:
    """Whether more places have come than there are tokens, so that all who wait must move back. They have only just moved for a minute."""
    return lane.state.milli_per_hour > 0 and places > lane.state.tokens + _NEARLY and now - lane.state.laid_at > _LAID_LATELY


def decide(letters: Sequence[Asking], lanes: Mapping[str, Lane], now: datetime) -> dict[int, Wait]:
    """Who must wait, and until when; the others leave. Those who have waited come before those who haven't."""
    waits = {}
    for letter in sorted(letters, key=lambda each: not (each.waited_for or each.goes_first)):
        closed = [each for name in letter.lanes for each in _closed(letter, lanes[name], now)]
        if not closed:
            for name in letter.lanes:
                _leaves(letter, lanes[name])
            continue
        last = max(closed, key=lambda each: each.until)
        _gets(last)
        waits[letter.id] = Wait(last.until, tuple(dict.fromkeys((last.word, *letter.waited_for))))
    return waits


@dataclass(frozen=True, slots=True)
class _Closed:
    """A lane that doesn't let a letter through now, and the place that it would give."""

    lane: Lane
    word: str
    until: datetime
    place: int | None = None  # in the warm-up
    is_again: bool = False


def _closed(letter: Asking, lane: Lane, now: datetime) -> Iterator[_Closed]:
    state, name = lane.state, lane.terms.lane
    if (allowance := lane.allowance) is not None:
        over = lane.before + allowance
        if state.day_count >= allowance or (state.placed >= over and not letter.has_place(warming(name))):
            place = max(state.placed, over)
            yield _Closed(lane, warming(name), lane.begin_of_place(place), place=place)
    if not state.milli_per_hour:
        return
    is_again = letter.has_place(word(name))
    if state.tokens >= 1 - _NEARLY and (is_again or state.horizon_at <= now):
        return
    next_token = max(now, state.refilled_at) + _seconds((1 - state.tokens + (lane.lacking if is_again else 0)) / lane.rate)
    until = next_token if is_again or state.horizon_at <= now else max(state.horizon_at + _seconds(1 / lane.rate), next_token)
    yield _Closed(lane, word(name), until, is_again=is_again)


def _gets(closed: _Closed) -> None:
    state = closed.lane.state
    if closed.place is not None:
        state.placed = closed.place + 1
        return
    closed.lane.lacking += closed.is_again
    state.horizon_at = max(state.horizon_at, closed.until)


def _leaves(letter: Asking, lane: Lane) -> None:
    state, allowance = lane.state, lane.allowance
    if state.milli_per_hour:
        state.tokens -= 1
    if allowance is not None and not letter.has_place(warming(lane.terms.lane)):
        state.placed = lane.next_place + 1
    state.day_count += 1


def _seconds(seconds: float) -> timedelta:
    """To the microsecond, and rather later: places that came earlier than their tokens would all be given anew."""
    return timedelta(microseconds=math.ceil(seconds * 1_000_000 - 0.01))

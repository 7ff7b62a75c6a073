"""The pace at work: letters of a batch take their turn in their lanes, and what the other side answers slows a lane down."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from winback import clock
from winback.channels import smtp_replies
from winback.errors import LaneError, TemporaryError
from winback.journey.last_check import Postpone
from winback.model import ChannelName, DeliveryStatus, Email, Message, Reason
from winback.sending import lanes as ways
from winback.sending import outcomes, places, warming
from winback.sending.outgoing import Passed
from winback.sending.pace import Pace, Terms
from winback.sending.places import Asking, Lane
from winback.sending.prepared import Prepared
from winback.store import paces
from winback.store.deliveries import Claimed, Outcome
from winback.store.paces import Came, State
from winback.store.runs import Run

_KEPT = (Reason.PACE, smtp_replies.GREYLISTED)
_ON_ITS_WAY = timedelta(minutes=5)
"""What was sent before a lane slowed down is still being answered: so long it isn't slowed again."""
_TOO_FAST = re.compile(r"^421\b|\b4\.7\.[0-9]+\b")
_TOO_FAST_REASONS = frozenset({"busy", "slow-down"})


Writing: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One that passed the last check, and the lanes that it takes."""

    id: int
    lanes: tuple[Terms, ...]
    attempts: int = 0


def hold(
    writing: Writing, prepared: Prepared, run: Run, passed: list[Passed], settled: list[tuple[Claimed, Outcome]], *, now: datetime
) -> tuple[list[Passed], list[tuple[Claimed, Outcome]]]:
    """Of those in a batch who passed the last check, whose turn it is; the others join those who are settled, with their place.

    Whoever is put off by the customer's hours keeps a place that they had. Without a pace in config/pace.yaml nothing is asked.
    """
    pace = prepared.pace
    if pace.is_unlimited:
        return passed, settled
    letters = [Letter(each.claimed.id, _lanes(prepared, each), each.claimed.attempts) for each in passed]
    late = take(writing, pace, run.id, [each for each in letters if each.lanes], now=now, zone=prepared.project.zone)
    waiting = [(each.claimed, outcomes.not_sent(each.claimed, late[each.claimed.id])) for each in passed if each.claimed.id in late]
    return [each for each in passed if each.claimed.id not in late], [*_keeping_places(writing, settled), *waiting]


def _lanes(prepared: Prepared, passed: Passed) -> tuple[Terms, ...]:
    pace, channel = prepared.pace, passed.send.channel
    relay = ways.relay_of(prepared.project.settings.email, pace.paced_relays, passed.claimed.id, passed.claimed.attempts)
    return pace.lanes(channel, passed.candidate.reach[channel].address, relay)


def _keeping_places(writing: Writing, settled: list[tuple[Claimed, Outcome]]) -> list[tuple[Claimed, Outcome]]:
    put_off = [claimed.id for claimed, outcome in settled if outcome.status is DeliveryStatus.PLANNED and not outcome.reason]
    if not put_off:
        return settled
    with writing() as connection:
        came = paces.came_again(connection, put_off, [Reason.PACE])
    return [
        (claimed, replace(outcome, reason=Reason.PACE, detail=came[claimed.id].detail) if claimed.id in came else outcome)
        for claimed, outcome in settled
    ]


def take(writing: Writing, pace: Pace, run_id: int, letters: Sequence[Letter], *, now: datetime, zone: ZoneInfo) -> dict[int, Postpone]:
    """A turn for each of these letters that a worker holds; those for whom there is none come back with their place."""
    terms = {each.lane: each for letter in letters for each in letter.lanes}
    while terms:
        with writing() as connection:
            states = paces.hold(connection, terms)
            if len(states) == len(terms):
                lanes = {name: Lane(terms[name], states[name], zone) for name in terms}
                return _take(connection, pace, run_id, letters, lanes, now)
        with writing() as connection:
            paces.create(connection, [_full(each, pace, now, zone) for each in terms.values() if each.lane not in states])
    return {}


def _full(terms: Terms, pace: Pace, now: datetime, zone: ZoneInfo) -> State:
    """A lane that nobody has used yet."""
    milli = places.pace_of(terms, 1, pace.slow_down)
    return State(terms.lane, terms.burst, now, 1.0, now, now, milli, now, clock.local_day(now, zone), 0, 0, terms.starts_on)


def _take(  # noqa: PLR0917  one use
    connection: Connection, pace: Pace, run_id: int, letters: Sequence[Letter], lanes: Mapping[str, Lane], now: datetime
) -> dict[int, Postpone]:
    came = paces.came_again(connection, [letter.id for letter in letters], _KEPT)
    asking = [_asking(letter, came.get(letter.id)) for letter in letters]
    disturbed = [lane for lane in lanes.values() if places.refill(lane, pace.slow_down, now)]
    asking, waits = warming.lay_out(connection, run_id, asking, lanes, now)
    for lane in lanes.values():
        come = places.come(lane, asking)
        if lane in disturbed or places.falls_behind(lane, come, now):
            _lay_again(connection, lane, come, now)
    waits |= places.decide(asking, lanes, now)
    paces.write(connection, [lane.state for lane in lanes.values()])
    return {delivery: Postpone(wait.until, Reason.PACE, places.told(wait.words)) for delivery, wait in waits.items()}


def _asking(letter: Letter, came: Came | None) -> Asking:
    waited_for = places.read(came.detail) if came is not None and came.reason == Reason.PACE else ()
    goes_first = letter.attempts > 0 or (came is not None and came.reason == smtp_replies.GREYLISTED)
    return Asking(letter.id, tuple(each.lane for each in letter.lanes), waited_for, goes_first)


def _lay_again(connection: Connection, lane: Lane, ahead: int, now: datetime) -> None:
    """All who wait in a lane get their places anew, behind the `ahead` letters of this batch."""
    state = lane.state
    base = max(now, state.refilled_at) + timedelta(seconds=(ahead - state.tokens) / lane.rate)
    count = paces.lay(connection, places.told([places.word(lane.terms.lane)]), base, state.milli_per_hour)
    state.horizon_at = max(now, base + timedelta(seconds=count / lane.rate))
    state.laid_at = now


def learn(connection: Connection, pace: Pace, answered: Collection[tuple[Email | Message, object]], now: datetime) -> None:
    """Slow down the lanes of letters whose answer says that we are too fast; once, whatever the number of such answers.

    That is the lane of the provider, or where it has no pace, the relay's, or that of all e-mail.
    """
    if pace.slow_down is None or pace.is_unlimited:
        return
    slow = {
        lane
        for letter, answer in answered
        if isinstance(letter, Email) and is_too_fast(answer)
        for lane in [
            each.lane for each in pace.lanes(ChannelName.EMAIL, letter.to, getattr(answer, "relay", "") or letter.relay) if each.per_hour is not None
        ][:1]
    }
    if not slow:
        return
    states = paces.hold(connection, slow)
    for state in states.values():
        if state.factor == 1 or now - state.slowed_at >= _ON_ITS_WAY:
            state.factor, state.tokens = state.factor * pace.slow_down.factor, 0
        state.slowed_at = max(state.slowed_at, now)
    paces.write(connection, states.values())


def is_too_fast(answer: object) -> bool:
    """Whether an answer asks us to slow down: 421, 4.7.x, but not greylisting, which is said to everybody."""
    if not isinstance(answer, TemporaryError | LaneError) or answer.reason == smtp_replies.GREYLISTED:
        return False
    return answer.reason in _TOO_FAST_REASONS or _TOO_FAST.search(answer.text) is not None

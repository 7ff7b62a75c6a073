"""Says what is owed: chats side by side, in each one answer after another, at the pace of the line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Engine

from winback.bot import speaking
from winback.bot.shift import Shift
from winback.bot.speaking import Manner
from winback.errors import ChannelError, LaneError, TemporaryError, UncertainError
from winback.model import Reason
from winback.store import database, owed_answers
from winback.store.owed_answers import Owed

log = logging.getLogger(__name__)

HELD_BACK = "held-back"
"""The word for answers that would have been given in production."""
IN_DOUBT = "in-doubt"
"""The word for answers that may have been given, and aren't repeated."""
_CHATS = 50  # that are spoken to side by side: the pace is the line's
_LOOK_EVERY = 0.3  # seconds
_SAY_SO_EVERY = 5.0  # that the line is ours
_STOP_WITHIN = 10.0
_AGAIN = timedelta(seconds=5)
_UNREACHABLE = "unreachable"


async def say_owed(shift: Shift) -> None:
    """Say everything that is due, and return when nothing is."""
    await _speak(shift, until=None)


async def keep_saying(shift: Shift, until: asyncio.Event) -> None:
    """Say what is owed and what comes to be, whenever the line is ours; once it is over, what is still due, for ten seconds at most.

    Of several processes one speaks, and another takes over when it is gone. What is still owed at the end is said by the next.
    """
    while not until.is_set():
        try:
            if await asyncio.to_thread(_own, shift):
                await asyncio.to_thread(_resolve, shift)
                await _while_ours(shift, until)
        except database.Failure as error:
            log.warning("what is owed can't be read now (%s)", type(error).__name__)
        await unless_over(until, 1.0)
    with contextlib.suppress(database.Failure):
        await asyncio.to_thread(_leave, shift)


async def _while_ours(shift: Shift, until: asyncio.Event) -> None:
    enough = asyncio.Event()
    saying = asyncio.create_task(_speak(shift, until=enough))
    while not until.is_set() and not saying.done():
        await unless_over(until, _SAY_SO_EVERY)
        if not until.is_set() and not await asyncio.to_thread(_own, shift):
            saying.cancel()  # we were away for too long: another one speaks
    enough.set()
    done, _ = await asyncio.wait({saying}, timeout=_STOP_WITHIN)
    if not done:
        saying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await saying


async def unless_over(until: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until it is over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


def _own(shift: Shift) -> bool:
    with database.writing(shift.engine) as connection:
        return owed_answers.own_line(connection, shift.owner, shift.now())


def _leave(shift: Shift) -> None:
    with database.writing(shift.engine) as connection:
        owed_answers.leave_line(connection, shift.owner)


def _resolve(shift: Shift) -> None:
    if doubtful := resolve(shift.engine):
        shift.counts[IN_DOUBT] += doubtful
        log.warning("%d answers of the bot may have been given before it was stopped; they aren't repeated", doubtful)


def resolve(engine: Engine) -> int:
    """After a stop in mid-sentence: what may have been said isn't said again, except over a message, where twice is as good as once.

    For whoever has the line to himself. Returns how many answers stay in doubt.
    """
    with database.writing(engine) as connection:
        doubtful = owed_answers.left_in_doubt(connection)
        for each in doubtful:
            if _may_repeat(each):
                owed_answers.put_off(connection, each.id, _LONG_AGO)
            else:
                owed_answers.settle(connection, each.id)
    return sum(not _may_repeat(each) for each in doubtful)


_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _may_repeat(answer: Owed) -> bool:
    return speaking.from_json(answer.utterance).manner is Manner.CONCLUSION


async def _speak(shift: Shift, until: asyncio.Event | None) -> None:
    talking: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            found = await asyncio.to_thread(_due, shift.engine, set(talking), shift.now()) if len(talking) < _CHATS else []
            for chat_id, answers in groupby(sorted(found, key=lambda owed: owed.chat_id), key=lambda owed: owed.chat_id):
                talking[chat_id] = asyncio.create_task(_say_to_chat(shift, list(answers)))
            if not talking:
                if until is None or until.is_set():
                    return
                await unless_over(until, _LOOK_EVERY)
                continue
            done, _ = await asyncio.wait(talking.values(), timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
            talking = {chat_id: task for chat_id, task in talking.items() if task not in done}
            for task in done:
                task.result()
    finally:
        for task in talking.values():
            task.cancel()
        await asyncio.gather(*talking.values(), return_exceptions=True)


def _due(engine: Engine, busy: set[str], now: datetime) -> list[Owed]:
    with database.reading(engine) as connection:
        return owed_answers.due(connection, busy, _CHATS - len(busy), now)


async def _say_to_chat(shift: Shift, answers: list[Owed]) -> None:
    """In the order in which they are owed; what has to wait holds up what comes after it."""
    for owed in answers:
        try:
            await _say(shift, owed)
        except ChannelError as error:
            if await _told(shift, owed, error):
                return


async def _say(shift: Shift, owed: Owed) -> None:
    utterance = speaking.from_json(owed.utterance)
    if utterance.press_id:
        await shift.line.acknowledge(utterance)
    if utterance.manner is not Manner.TOAST:
        await shift.line.turn(utterance)
        if not await asyncio.to_thread(_hand_over, shift.engine, owed, shift.now()):
            return
        await shift.line.say(utterance)
    await asyncio.to_thread(_settle, shift.engine, owed)


async def _told(shift: Shift, owed: Owed, error: ChannelError) -> bool:
    """What a refusal means for the answer; a customer who can't be reached has been understood all the same. Returns whether it waits."""
    if isinstance(error, TemporaryError) or (isinstance(error, LaneError) and error.reason == _UNREACHABLE):
        after = error.after if isinstance(error, TemporaryError) and error.after else _AGAIN
        if await asyncio.to_thread(_put_off, shift.engine, owed, shift.now() + after):
            return True
    elif error.reason == Reason.NOT_ALLOWED_HERE:
        shift.counts[HELD_BACK] += 1
    elif isinstance(error, UncertainError):
        shift.counts[IN_DOUBT] += 1
    log.warning("an answer of the bot didn't arrive: %s", error.reason)
    await asyncio.to_thread(_settle, shift.engine, owed)
    return False


def _hand_over(engine: Engine, owed: Owed, now: datetime) -> bool:
    with database.writing(engine) as connection:
        return owed_answers.hand_over(connection, owed.id, now)


def _settle(engine: Engine, owed: Owed) -> None:
    with database.writing(engine) as connection:
        owed_answers.settle(connection, owed.id)


def _put_off(engine: Engine, owed: Owed, due_at: datetime) -> bool:
    with database.writing(engine) as connection:
        return owed_answers.put_off(connection, owed.id, due_at)

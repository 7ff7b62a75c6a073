"""Says what is owed: chats side by side, in each one answer after another, at the pace of the line."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Engine

from winback.bot import speaking
from winback.bot.line import Line
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
_AGAIN = timedelta(seconds=5)
_UNREACHABLE = "unreachable"


async def say_owed(line: Line, engine: Engine, now: Callable[[], datetime], counts: Counter[str]) -> None:
    """Say everything that is due, and return when nothing is."""
    await _speak(line, engine, now, counts, until=None)


async def keep_saying(line: Line, engine: Engine, now: Callable[[], datetime], counts: Counter[str], until: asyncio.Event) -> None:
    """Say what is owed and what comes to be, until it is over; then what is still due."""
    await _speak(line, engine, now, counts, until=until)


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


async def _speak(line: Line, engine: Engine, now: Callable[[], datetime], counts: Counter[str], until: asyncio.Event | None) -> None:
    talking: dict[str, asyncio.Task[None]] = {}
    while True:
        found = await asyncio.to_thread(_due, engine, set(talking), now()) if len(talking) < _CHATS else []
        for chat_id, answers in groupby(sorted(found, key=lambda owed: owed.chat_id), key=lambda owed: owed.chat_id):
            talking[chat_id] = asyncio.create_task(_say_to_chat(line, engine, now, counts, list(answers)))
        if not talking:
            if until is None or until.is_set():
                return
            await asyncio.sleep(_LOOK_EVERY)
            continue
        done, _ = await asyncio.wait(talking.values(), timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        talking = {chat_id: task for chat_id, task in talking.items() if task not in done}
        for task in done:
            task.result()


def _due(engine: Engine, busy: set[str], now: datetime) -> list[Owed]:
    with database.reading(engine) as connection:
        return owed_answers.due(connection, busy, _CHATS - len(busy), now)


async def _say_to_chat(line: Line, engine: Engine, now: Callable[[], datetime], counts: Counter[str], answers: list[Owed]) -> None:
    """In the order in which they are owed; what has to wait holds up what comes after it."""
    for owed in answers:
        try:
            await _say(line, engine, now, owed)
        except ChannelError as error:
            if await _told(engine, now, owed, error, counts):
                return


async def _say(line: Line, engine: Engine, now: Callable[[], datetime], owed: Owed) -> None:
    utterance = speaking.from_json(owed.utterance)
    if utterance.press_id:
        await line.acknowledge(utterance)
    if utterance.manner is not Manner.TOAST:
        await line.turn(utterance)
        if not await asyncio.to_thread(_hand_over, engine, owed, now()):
            return
        await line.say(utterance)
    await asyncio.to_thread(_settle, engine, owed)


async def _told(engine: Engine, now: Callable[[], datetime], owed: Owed, error: ChannelError, counts: Counter[str]) -> bool:
    """What a refusal means for the answer; a customer who can't be reached has been understood all the same. Returns whether it waits."""
    if isinstance(error, TemporaryError) or (isinstance(error, LaneError) and error.reason == _UNREACHABLE):
        after = error.after if isinstance(error, TemporaryError) and error.after else _AGAIN
        if await asyncio.to_thread(_put_off, engine, owed, now() + after):
            return True
    elif error.reason == Reason.NOT_ALLOWED_HERE:
        counts[HELD_BACK] += 1
    elif isinstance(error, UncertainError):
        counts[IN_DOUBT] += 1
    log.warning("an answer of the bot didn't arrive: %s", error.reason)
    await asyncio.to_thread(_settle, engine, owed)
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

"""Look after threads: replies come into them, answers leave, the staff's group sees what is new, and who is late is reminded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from winback.errors import ChannelError, WinbackError
from winback.journey import office
from winback.journey.threads import Why
from winback.model import ChannelName
from winback.operations import thread_reminders
from winback.operations.reminding import OpenChannel
from winback.sending import allowing, answering, lanes
from winback.settings import Project
from winback.store import database, thread_replies, thread_topics, threads
from winback.store.threads import Asker, Words

log = logging.getLogger(__name__)

_LOOK_SECONDS, _AGAIN_SECONDS = 1.0, 30.0
GROUP = "group"
"""What a refusal of the staff's group is counted by."""


async def tend(project: Project, engine: Engine, *, now: datetime) -> Counter[str]:
    """All of it, once; counts by word. What is refused for now waits for the next call. Raises ConfigError."""
    counts = Counter({"queued": queue(project, engine, now=now)})
    if project.config("senders.yaml").exists():
        counts += await answer(project, engine, now=now)
        reminded = await thread_reminders.remind(project, engine, now=now)
        counts += Counter(f"reminder-{each.status}" for each in reminded)
    counts += await show(project, engine, now=now)
    return +counts


async def keep(project: Project, engine: Engine, now: Callable[[], datetime], until: asyncio.Event) -> None:
    """Beside a bot that listens: what people answer in their group leaves within seconds, until it is over. What fails is the schedule's to try again."""
    while not until.is_set():
        try:
            if await asyncio.to_thread(_anything, engine, now()):
                await asyncio.to_thread(lambda: asyncio.run(tend(project, engine, now=now())))
        except (WinbackError, database.Failure) as error:
            log.warning("threads can't be looked after now: %s", error)
            await _unless_over(until, _AGAIN_SECONDS)
        await _unless_over(until, _LOOK_SECONDS)


def _anything(engine: Engine, now: datetime) -> bool:
    with database.reading(engine) as connection:
        return thread_topics.anything(connection, now)


async def _unless_over(until: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


def queue(project: Project, engine: Engine, *, now: datetime) -> int:
    """Put replies that came by mail beside what customers wrote to the bot. Returns how many there were. Raises ConfigError."""
    hours = office.read(project)
    with database.writing(engine) as connection:
        waiting = thread_replies.waiting(connection)
        for row in waiting:
            words = Words(
                key=row.dedupe_key,
                why=Why.REPLY,
                channel=ChannelName.TELEGRAM if row.signals.get("by") == "telegram" else ChannelName.EMAIL,
                at=row.happened_at,
                due_at=hours.due_at(row.happened_at),
                text=row.text,
                event_id=row.event_id,
            )
            threads.hear(connection, Asker(row.customer_id, language=row.locale), words, show=shows(project))
        thread_replies.queued(connection, [row.id for row in waiting], now)
    return len(waiting)


async def answer(project: Project, engine: Engine, *, now: datetime, open_channel: OpenChannel = answering.open_channel) -> Counter[str]:
    """Send what was answered; counts by `answer-` and what became of it."""
    sent = await answering.send(project, engine, now=now, open_channel=open_channel)
    return Counter({f"answer-{status}": count for status, count in sent.items()})


def shows(project: Project) -> bool:
    """Whether there is a group of the shop's people to show words in."""
    return bool(project.settings.telegram.staff_chat)


async def show(project: Project, engine: Engine, *, now: datetime) -> Counter[str]:
    """Show the staff's group what is new; nothing where there is none, or no bot."""
    telegram = project.settings.telegram
    if not shows(project) or telegram.via != "bot-api":
        return Counter()
    from winback.bot import staff_topics
    from winback.bot.staff_line import StaffLine

    allowed = allowing.allow_list(project, ChannelName.TELEGRAM)
    try:
        async with StaffLine(lanes.bot_token(project), telegram.staff_chat, api_url=telegram.api_url, allowed=allowed) as line:
            return await staff_topics.show(line, engine, project, now)
    except ChannelError as error:
        return Counter([f"{GROUP}-{error.reason}"])

"""Show the shop's people in their group what customers wrote and what was answered elsewhere: each word once, in its customer's topic."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback.bot.staff_line import TOPIC_GONE, StaffLine
from winback.errors import ChannelError, TemporaryError, UncertainError
from winback.journey.threads import Author, Topic, WordStatus
from winback.settings import Project
from winback.store import database, thread_topics

log = logging.getLogger(__name__)

_AT_ONCE = 15
"""Words of one call: a group takes 20 messages a minute (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""
_AGAIN = timedelta(minutes=1)
SHOWN = "shown-to-staff"
"""The word that shown words are counted by."""


async def show(line: StaffLine, engine: Engine, project: Project, now: datetime) -> Counter[str]:
    """Show what is to be shown, close the topics of closed threads, delete those of who was forgotten.

    The mark comes before the words: in doubt they are not shown again, and stand in the studio. A group that takes nothing now gets the
    rest with a later call.
    """
    counts: Counter[str] = Counter()
    with database.reading(engine) as connection:
        due = thread_topics.to_show(connection, now, _AT_ONCE)
    topics: dict[int, int] = {}  # of threads that got theirs in this call
    for row in due:
        try:
            topic = topics.get(row.thread_id) or await _topic(line, engine, project, row)
            topics[row.thread_id] = topic
            counts[SHOWN] += await _show(line, engine, row, topic, now)
        except ChannelError as error:
            if error.reason == TOPIC_GONE:  # somebody deleted it: the next call begins another
                _record_gone(engine, row)
                continue
            wait = error.after if isinstance(error, TemporaryError) and error.after else _AGAIN
            with database.writing(engine) as connection:
                thread_topics.put_off(connection, now + wait)
            log.warning("the staff's group doesn't take what is to be shown: %s", error)
            return +counts
    await _tidy(line, engine)
    return +counts


async def _topic(line: StaffLine, engine: Engine, project: Project, row: Row[Any]) -> int:
    """The thread's topic, begun or opened again. One that is begun twice, after a crash, is an empty topic more."""
    if row.topic and row.topic_status == Topic.OPEN:
        return int(row.topic)
    if row.topic and row.topic_status == Topic.CLOSED:
        await line.reopen(row.topic)
        with database.writing(engine) as connection:
            thread_topics.record_status(connection, row.topic, Topic.OPEN)
        return int(row.topic)
    topic = await line.begin(_named(row))
    with database.writing(engine) as connection:
        thread_topics.record_topic(connection, row.thread_id, topic, Topic.OPEN)
    await line.post(topic, _heading(project, row))
    return topic


async def _show(line: StaffLine, engine: Engine, row: Row[Any], topic: int, now: datetime) -> bool:
    with database.writing(engine) as connection:
        if not thread_topics.hand_over(connection, row.id, now):
            return False
    status = WordStatus.SENT
    try:
        if row.has_media and row.remote_id and row.chat_id:
            await line.copy(topic, row.chat_id, int(row.remote_id))
        else:
            await line.post(topic, _told(row))
    except UncertainError:
        status = WordStatus.UNCERTAIN
    except ChannelError as error:
        if isinstance(error, TemporaryError) or error.reason == TOPIC_GONE:
            with database.writing(engine) as connection:
                thread_topics.record(connection, row.id, WordStatus.PLANNED, now)
            raise
        log.warning("the staff's group refused what was to be shown: %s", error)
        status = WordStatus.FAILED
    with database.writing(engine) as connection:
        thread_topics.record(connection, row.id, status, now)
    return status is WordStatus.SENT


def _record_gone(engine: Engine, row: Row[Any]) -> None:
    with database.writing(engine) as connection:
        thread_topics.record_topic(connection, row.thread_id, 0, Topic.NONE)


async def _tidy(line: StaffLine, engine: Engine) -> None:
    with database.reading(engine) as connection:
        closed, gone = thread_topics.to_close(connection), thread_topics.to_delete(connection)
    for topics, do, status in ((closed, line.close, Topic.CLOSED), (gone, line.delete, Topic.GONE)):
        for topic in topics:
            try:
                await do(topic)
            except ChannelError as error:
                if error.reason != TOPIC_GONE:
                    log.warning("a topic of the staff's group stays as it is: %s", error)
                    continue
            with database.writing(engine) as connection:
                thread_topics.record_status(connection, topic, status)


def _named(row: Row[Any]) -> str:
    return " ".join(filter(None, (row.given_name, row.family_name))) or row.customer or row.name or f"Chat {row.thread_id}"


def _heading(project: Project, row: Row[Any]) -> str:
    who = f"Customer {row.customer}" if row.customer else "Nobody that the shop knows"
    due = f", promised an answer by {row.due_at.astimezone(project.zone):%Y-%m-%d %H:%M}" if row.due_at else ""
    return (
        f"{who}: {row.why}{due}.\n"
        f"What you write here goes to them. /take makes it yours, /close ends it. All of it: winback thread show {row.thread_id}"
    )


def _told(row: Row[Any]) -> str:
    changed = " (changed)" if row.changed_at else ""
    match row.author:
        case Author.BOT:
            return f"({row.text})"
        case Author.MANAGER:
            return f"{row.by} answered:\n{row.text}"
    way = " by mail" if row.channel == "email" else ""
    return f"{_named(row)}{way}{changed}:\n{row.text or '(no words)'}"

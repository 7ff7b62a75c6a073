"""Collect what came back by itself: mail in the folder for replies, and what customers told the bot. Hits come through the web."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback.errors import ChannelError, LaneError, Problem, Refused
from winback.operations import alarming, forwarding, returning, tending
from winback.operations.alarming import Tell
from winback.settings import Project
from winback.tracking import incoming


@dataclass(frozen=True, slots=True)
class Collected:
    """How much of what came back; the words are those of tracking.replies.Meaning and of the bot."""

    counts: Mapping[str, int]

    @property
    def held_back(self) -> int:
        """Answers of the bot that would have been given in production."""
        return self.counts.get("held-back", 0)

    def as_json(self) -> dict[str, int]:
        return dict(sorted(self.counts.items()))


def collect(project: Project, engine: Engine, *, now: datetime, replies: Path | None = None, tell: Tell | None = None) -> Collected:
    """Read the Maildir `replies` (else what settings.yaml names: a Maildir, or a mailbox on a server), and the bot's updates, if the project has a bot.

    Once each, until nothing is left. Replies are then forwarded to the customers' managers.

    Raises SourceError when the folder isn't a Maildir, ConfigError when Telegram doesn't let the bot in, Refused when it can't be
    reached now. Whatever was taken in before is stored, and nothing is taken in twice. Where too many letters came back, or were called
    spam, their lane stops, and an alarm is raised.
    """
    counts = mail(project, engine, now=now, replies=replies, tell=tell) + hear(project, engine, now=now)
    if project.config("senders.yaml").exists():
        counts += asyncio.run(forwarding.forward(project, engine, now=now))
        counts += asyncio.run(tending.tend(project, engine, now=now))
    return Collected(counts)


def mail(project: Project, engine: Engine, *, now: datetime, replies: Path | None = None, tell: Tell | None = None) -> Counter[str]:
    """What the mailbox holds, once; nothing where the project has none. Nobody is told of replies yet."""
    counts: Counter[str] = Counter()
    if replies is None and project.settings.replies:
        replies = project.root / project.settings.replies
    imap = project.settings.imap
    if replies is not None:
        counts += incoming.read_maildir(replies, engine, project, now)
    elif imap.host:
        password = returning.imap_password(project.secret("WINBACK_IMAP_PASSWORD"))
        counts += Counter(word for _, _, word in incoming.read_imap(project, engine, imap, password, now))
    if replies is not None or imap.host:
        alarming.look(project, engine, now, tell)
    return counts


def hear(project: Project, engine: Engine, *, now: datetime) -> Counter[str]:
    """What waits at the bot, once; nothing where there is none, or where a webhook brings it."""
    telegram = project.settings.telegram
    return asyncio.run(_hear(project, engine, now)) if telegram.via == "bot-api" and not telegram.webhook else Counter()


async def _hear(project: Project, engine: Engine, now: datetime) -> Counter[str]:
    from winback.bot import listening, shift

    at_work = shift.begin(project, engine, lambda: now)
    try:
        async with at_work.line:
            return await listening.take_in(at_work)
    except LaneError as error:
        raise shift.problem(project, error) from error
    except ChannelError as error:
        raise Refused(Problem("", None, f"the bot's messages can't be read now: {error}.", "Nothing is lost: run it again later.")) from error

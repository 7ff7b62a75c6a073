"""Messages from the queue on, at a strict pace: how many arrive in any second, and how much of the pace is used.

Telegram lets about 30 leave in a second, and settings.yaml no more; so that 10,000 don't last six minutes, the same channel is measured at
a pace of its own here, over the same book of turns in the project's database. Figures of the area `messenger`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks import big_letter, mailing
from benchmarks.bot_api_apart import Apart, apart
from benchmarks.figure import Figure, compared
from winback.channels.telegram import TelegramChannel
from winback.model import ChannelName, Message
from winback.sending import turnstile
from winback.sending.compose import Writer
from winback.sending.loop import Lanes, Worker
from winback.sending.prepared import Prepared
from winback.settings import Project, open_project
from winback.store import contacts, database
from winback.store.runs import Run

MESSAGES = 10_000
PACE = 100  # messages a second
_USED = 0.95  # of the pace, at least
_FEW = 1_000


def figures(messages: int = MESSAGES, pace: int = PACE) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, apart() as api:
        ready = _ready(Path(folder), api)
        engine = mailing.opened(ready.project.root, "SQLite", "")
        try:
            run = _queued(ready, engine, messages)
            return [*_at_pace(ready, engine, run, api, messages, pace), *_beside_one_that_waits(ready.project, api, pace)]
        finally:
            engine.dispose()


def _at_pace(ready: Prepared, engine: Engine, run: Run, api: Apart, messages: int, pace: int) -> list[Figure]:
    asyncio.run(_send(ready, engine, run, api, pace))
    arrived = api.arrived()
    if len(arrived) != messages:
        raise RuntimeError(f"{len(arrived):,} of {messages:,} messages arrived")
    chats = defaultdict[str, list[float]](list)
    for chat, at in arrived:
        chats[chat].append(at)
    moments = sorted(at for _, at in arrived)
    used = (messages - pace) / (moments[-1] - moments[0])  # the first second's worth waits for nobody
    name = f"{messages:,} queued messages at {pace} a second"
    return [
        Figure("messenger", f"{name}: most in any second / allowed", most_within_a_second(moments), "messages", 1, 0.0, pace, 1.0),
        Figure("messenger", f"{name}: most in any second to one chat", max(map(most_within_a_second, chats.values())), "messages", 1, 0.0, None, 1.0),
        Figure("messenger", f"{name}: time of one / allowed", 1 / used, "s", 1, 0.0, 1 / pace, 1 / _USED),
    ]


def most_within_a_second(moments: list[float]) -> int:
    """Of moments in order: the most that lie in [start, start + 1 s), wherever it begins."""
    return max(bisect_left(moments, start + 1) - place for place, start in enumerate(moments))


async def _send(ready: Prepared, engine: Engine, run: Run, api: Apart, pace: int) -> None:
    async with _channel(ready.project, api, pace) as channel:
        lanes = Lanes({ChannelName.TELEGRAM: channel}, "bench", 500)
        await Worker(engine, run, Writer(ready, engine), lanes, lambda: mailing.NOW).send_due()


def _beside_one_that_waits(project: Project, api: Apart, pace: int) -> list[Figure]:
    """How long others take while one chat is told to wait, beside the same without."""

    async def others(first: int) -> float:
        async with _channel(project, api, pace) as channel:
            begun = time.perf_counter()
            answers = (channel.send(Message(n, str(n), "Hello", "en")) for n in range(first, first + _FEW))
            await asyncio.gather(*answers, return_exceptions=True)
            return time.perf_counter() - begun

    numbers = iter(range(1_000_000, 100_000_000, _FEW))

    def taken(*, fails: bool) -> float:
        first = next(numbers)
        time.sleep(1.1)  # every seat is free again
        if fails:
            api.fail(first + 7, 30)
        took = asyncio.run(others(first))
        if len(api.arrived()) != _FEW - fails:
            raise RuntimeError("messages are missing")
        return took

    reference = ("without", lambda: taken(fails=False), 1.05)
    return compared("messenger", f"{_FEW:,} messages while one chat is told to wait", lambda: taken(fails=True), reference, rounds=3)


def _channel(project: Project, api: Apart, pace: int) -> TelegramChannel:
    spacing = turnstile.of(project, ChannelName.TELEGRAM, pace)
    return TelegramChannel(api.token, api_url=api.url, messages_per_second=pace, spacing=spacing)


def _ready(folder: Path, api: Apart) -> Prepared:
    mailing.project(folder, 25)
    plan = folder / "config" / "campaigns" / f"{mailing.CAMPAIGN}.yaml"
    written = plan.read_text(encoding="utf-8")
    plan.write_text(written.replace(f"letter: {big_letter.NAME}", "channels: [telegram], message: we-miss-you"), encoding="utf-8")
    settings = folder / "config" / "settings.yaml"
    written = settings.read_text(encoding="utf-8").replace("  via: smtp  ", "  via: file  ")
    settings.write_text(written.replace("database: sqlite:///winback.db", "database: sqlite:///mailing.db"), encoding="utf-8")
    return mailing.prepare(open_project(folder, {"WINBACK_SECRET": "k" * 32, "WINBACK_TELEGRAM_TOKEN": api.token}))


def _queued(ready: Prepared, engine: Engine, messages: int) -> Run:
    """Everybody's e-mail address becomes a chat."""
    run = mailing.enrolled(ready, engine, messages)
    hashed = contacts.hasher(ready.project.key, ChannelName.TELEGRAM)
    rows = [{"id": n, "chat": str(10_000_000 + n), "hash": hashed(str(10_000_000 + n))} for n in range(1, messages + 1)]
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE contacts SET channel = 'telegram', address = :chat, address_hash = :hash WHERE customer_id = :id"), rows)
        connection.execute(text("UPDATE consents SET channel = 'telegram'"))
    return run

"""The messenger: messages at a strict pace (messenger_sending.py), and ten thousand customers who answer the bot at once, heard over real HTTP, with everything that follows from it stored."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, insert, select

from benchmarks import messenger_sending
from benchmarks.figure import Figure, alone
from winback import settings
from winback.bot import listening, shift
from winback.bot.wishing import Field
from winback.demo.bot_api import BotApi
from winback.settings import Project
from winback.store import contacts as addresses
from winback.store import database
from winback.store.tables import campaign_runs, contacts, customers, deliveries, events, heard_updates, owed_answers, recipients
from winback.tracking import presses
from winback.tracking.presses import Verb

AREA = "messenger"
CUSTOMERS = 10_000
ROUNDS = 2
BAR_MS = 1000 / 300  # an update
_SENT_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
_NOW = _SENT_AT + timedelta(hours=2)
_WORDS = ("Дякую! Якраз збиралася замовити.", "А доставка до Луцька ще працює?", "Коли буде знижка?")


def figures() -> list[Figure]:
    what = f"{CUSTOMERS:,} customers answer at once: one update, stored (SQLite)"
    return [alone(AREA, what, lambda: _hear(CUSTOMERS), unit="ms", bar=BAR_MS, rounds=ROUNDS), *messenger_sending.figures()]


def _hear(count: int) -> float:
    """Milliseconds for an update, from the first question to the commit of the last batch. Raises where any of them was lost."""
    with tempfile.TemporaryDirectory() as folder, BotApi() as api, _shop(Path(folder), api, count) as (project, engine):
        _all_speak(api, project, count)
        began = time.perf_counter()
        asyncio.run(_take_in(project, engine))
        took = time.perf_counter() - began
        with database.reading(engine) as connection:
            heard, owed, kept = (
                connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (heard_updates, owed_answers, events)
            )
        if (heard, owed) != (count, count) or kept < count * 0.7:
            raise RuntimeError(f"of {count} updates {heard} were heard, {owed} are answered, {kept} are events")
        return took / count * 1000


async def _take_in(project: Project, engine: Engine) -> None:
    """What `winback bot` does with updates, without saying the answers: those leave at Telegram's pace."""
    at_work = shift.begin(project, engine, lambda: _NOW)
    async with at_work.line:
        while heard := await at_work.line.listen(listening.offset(engine, _NOW)):
            await asyncio.to_thread(listening.take_in_batch, engine, heard, at_work.scene, at_work.counts)


def _all_speak(api: BotApi, project: Project, count: int) -> None:
    """Seven of ten write something, one leaves, one asks for the settings, one presses a button of them."""
    for number in range(count):
        chat = 1_000_000 + number
        match number % 10:
            case 0:
                api.customer_says(chat, "/stop")
            case 1:
                api.customer_says(chat, "/settings")
            case 2:
                api.customer_presses(chat, presses.write(project.link_keys, str(chat), Verb.WISH, Field.MOST, 1))
            case _:
                api.customer_says(chat, _WORDS[number % len(_WORDS)])


@contextmanager
def _shop(folder: Path, api: BotApi, count: int) -> Iterator[tuple[Project, Engine]]:
    """Everybody in the middle of a journey, with a message in their chat."""
    root = Path(__file__).resolve().parents[1]
    for name in ("config", "templates"):
        shutil.copytree(root / name, folder / name)
    file = folder / "config" / "settings.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("  via: file                           # file, or", f"  api_url: {api.url}\n  via: bot-api                        # file, or"),
        encoding="utf-8",
    )
    environment = {**os.environ, "WINBACK_SECRET": "k" * 32, "WINBACK_TELEGRAM_TOKEN": api.token, "WINBACK_ENVIRONMENT": "production"}
    project = settings.open_project(folder, environment)
    engine = database.open_engine(f"sqlite:///{folder / 'bench.db'}")
    hashed = addresses.hasher(project.key, "telegram")
    with database.writing(engine) as c:
        plan = {"stop_when": ["ordered", "replied"]}
        run = {
            "id": 1,
            "campaign": "spring",
            "number": 1,
            "status": "active",
            "salt": "s",
            "started_at": _SENT_AT,
            "enrolled_at": _SENT_AT,
            "plan": plan,
        }
        c.execute(insert(campaign_runs).values(run))
        ids = range(1, count + 1)
        chats = {each: str(1_000_000 + each - 1) for each in ids}
        c.execute(insert(customers), [{"id": each, "key": f"c{each}", "locale": "uk", "country": "UA", "updated_at": _SENT_AT} for each in ids])
        c.execute(
            insert(contacts),
            [{"customer_id": each, "channel": "telegram", "address": chats[each], "address_hash": hashed(chats[each])} for each in ids],
        )
        place = {"run_id": 1, "status": "active", "facts": {}, "assigned_at": _SENT_AT, "next_stage": 1, "next_due_at": _NOW}
        c.execute(insert(recipients), [{"customer_id": each, **place} for each in ids])
        sent = {"stage": "first", "tactic": "word", "channel": "telegram", "locale": "uk", "status": "sent", "due_at": _SENT_AT}
        moments = {"handed_over_at": _SENT_AT, "sent_at": _SENT_AT}
        c.execute(insert(deliveries), [{"run_id": 1, "customer_id": each, **sent, **moments, "message_id": ""} for each in ids])
    yield project, engine
    engine.dispose()

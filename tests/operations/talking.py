"""A shop with customers who wrote to it, and its people who answer: what tests of threads begin with."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from tests import letterbox
from tests.letterbox import NOW, Letterbox
from winback.channels.memory import MemoryChannel
from winback.journey import office
from winback.journey.threads import Why
from winback.model import ChannelName
from winback.operations import tending
from winback.operations import threads as operation
from winback.settings import Project
from winback.store import database, threads
from winback.store.threads import Asker, Words

ROOT = Path(__file__).resolve().parents[2]


class Failing(MemoryChannel):
    """Refuses everything in the same way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def send(self, letter):
        raise self.error


def project(folder: Path) -> Project:
    """A project with senders, and with what the bot says."""
    opened = letterbox.project(folder)
    for name in ("senders.yaml", "brand.yaml"):
        shutil.copy(ROOT / "config" / name, opened.config(name))
    shutil.copytree(ROOT / "templates" / "messages" / "_bot", opened.templates / "messages" / "_bot")
    return opened


def asks(shop: Letterbox, project: Project, who: int, key: str, text: str = "Де моє замовлення?", at: datetime = NOW, **more) -> int:
    """The customer writes in their chat; the thread's number."""
    words = Words(key, more.pop("why", Why.WORDS), more.pop("channel", ChannelName.TELEGRAM), at, office.read(project).due_at(at), text)
    with database.writing(shop.engine) as connection:
        return threads.hear(connection, Asker(who, more.pop("chat", "501"), language="uk"), words, show=bool(more.pop("show", False))).thread_id


def answers(project: Project, shop: Letterbox, thread: int, text: str = "Вже їде до вас.", at: datetime = NOW, **more) -> int:
    """Olena writes an answer; its number."""
    key = more.pop("key", f"test:{text}:{at}")
    return operation.answer(project, shop.engine, thread, text, by=more.pop("by", "olena"), key=key, now=at, **more)


def sends(project: Project, shop: Letterbox, channel: MemoryChannel, at: datetime = NOW) -> dict[str, int]:
    """Everything that is due leaves through the channel; counts."""
    with ThreadPoolExecutor(1) as outside:  # of the loop of a test that has one
        work = tending.answer(project, shop.engine, now=at, open_channel=lambda *_: channel)
        return dict(outside.submit(asyncio.run, work).result())

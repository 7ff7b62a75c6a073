"""A campaign to many lost customers at several providers, and a mail server's answers by address: what tests of the fuse begin with."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select

from tests import projects
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import ChannelError
from winback.model import ChannelName, Email, Message, Receipt
from winback.operations import running
from winback.sending import prepared
from winback.store import database
from winback.store.tables import deliveries

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CAMPAIGN = "winter-tea"


class AnsweringChannel(MemoryChannel):
    """Takes what `answer` has nothing against; remembers in `tried` every address that it was asked to send to."""

    in_flight = 10

    def __init__(self, answer: Callable[[str], ChannelError | None]) -> None:
        super().__init__()
        self._answer = answer
        self.tried: list[str] = []

    async def send(self, letter: Email | Message) -> Receipt:
        assert isinstance(letter, Email)
        self.tried.append(letter.to)
        if (refusal := self._answer(letter.to)) is not None:
            raise refusal
        return await super().send(letter)


def number(address: str) -> int:
    """Of a customer's address: c17@gmail.com."""
    return int(address.partition("@")[0].removeprefix("c"))


def populate(engine, domains: list[str], count: int) -> None:
    """Lost customers, their addresses in turn at these domains."""
    with database.writing(engine) as connection:
        for each in range(count):
            who = world.customer(connection, f"c{each:04d}", given_name="Emma", country="GB", locale="en", time_zone="Europe/London")
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
            world.reach(connection, who, ChannelName.EMAIL, f"c{each}@{domains[each % len(domains)]}")


def make(folder, *changes, environment=None):
    """The campaign without a holdout, going by itself."""
    project = projects.make(
        folder,
        ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"),
        ("config/settings.yaml", "approve_above: 200", "approve_above: never"),
        *changes,
        environment=environment,
    )
    return prepared.prepare(project, CAMPAIGN)


def go(ready, engine, now, channel, worker="w"):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"{worker}-{now}", open_channel=lambda *_: channel))


def letters(engine) -> Counter[tuple[str, str]]:
    """Deliveries by status and reason."""
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries.c.status, deliveries.c.reason, func.count()).group_by(deliveries.c.status, deliveries.c.reason))
        return Counter({(status, reason): count for status, reason, count in rows})

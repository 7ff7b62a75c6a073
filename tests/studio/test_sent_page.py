"""The page of one letter as it was sent, whatever became of its template since."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import ChannelName, Message
from winback.sending import prepared
from winback.store import database
from winback.store.tables import deliveries
from winback.studio import bubble
from winback.studio.app import create_app

PORT = 8010
LATER = START + timedelta(days=12)


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def sent(project, engine):
    """Messages that left by messenger, each with our number of it."""
    people = populate(engine, 12)
    with database.writing(engine) as connection:
        for number, who in enumerate(people):
            world.reach(connection, who, ChannelName.TELEGRAM, f"77{number}")
    channel = MemoryChannel()
    for day in range(12):
        go(prepared.prepare(project, CAMPAIGN), engine, START + timedelta(days=day), channel)
    messages = {letter.delivery_id: letter for letter in channel.letters if isinstance(letter, Message)}
    with database.reading(engine) as connection:
        numbers = connection.execute(select(deliveries.c.id).where(deliveries.c.channel == ChannelName.TELEGRAM, deliveries.c.status == "sent"))
        assert set(numbers.scalars()) == set(messages), "each has its number"
    assert messages
    return messages


@pytest.fixture
async def browser(project, engine, sent):
    app = create_app(project, engine, port=PORT, clock=lambda: LATER)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=f"http://127.0.0.1:{PORT}", timeout=60) as client:
        yield client


async def test_a_messenger_letter_is_shown_as_it_was_sent(browser, project, sent):
    for file in (project.templates / "messages" / "gift-reminder").iterdir():
        file.write_text("Something else altogether.", encoding="utf-8")
    for number, message in sent.items():
        page = (await browser.get(f"/sent/{number}")).text
        shown = re.search(r'<div class="bubble">(.*?)</div>', page, re.DOTALL)[1]
        assert shown == str(bubble.draw(message.text))
        assert [html.unescape(label) for label in re.findall(r'<div class="key">(.*?)</div>', page)][-len(message.buttons) :] == [
            button.label for button in message.buttons
        ]
        assert "Something else altogether" not in page
        assert "<iframe" not in page, "it has no HTML"
        assert (await browser.get(f"/sent/{number}/html")).status_code == 404

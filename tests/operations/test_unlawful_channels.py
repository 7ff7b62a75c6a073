"""Advertising over Telegram is unlawful in Russia (Law 38-FZ, as amended in 2025): whoever lives there gets an e-mail, or nothing with its reason."""

from __future__ import annotations

from sqlalchemy import select

from tests.sending import lane_shop
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import ChannelName, Email, Message, Reason
from winback.store import database
from winback.store.tables import customers, recipients

FIRST = "  - name: first-letter\n    channels: [email]"
TELEGRAM_FIRST = "  - name: first-letter\n    channels: [telegram, email]\n    message: we-miss-you"


def test_nobody_in_russia_is_written_to_over_telegram_whatever_they_agreed_to(tmp_path, engine):
    ready = lane_shop.make(tmp_path / "shop", ("config/campaigns/winter-tea.yaml", FIRST, TELEGRAM_FIRST))
    with database.writing(engine) as connection:
        for key, country, zone, ways in (
            ("both", "RU", "Europe/Kaliningrad", (ChannelName.TELEGRAM, ChannelName.EMAIL)),
            ("chat", "RU", "Europe/Kaliningrad", (ChannelName.TELEGRAM,)),
            ("elsewhere", "GB", "Europe/London", (ChannelName.TELEGRAM, ChannelName.EMAIL)),
        ):
            who = world.customer(connection, key, given_name="Emma", country=country, locale="en", time_zone=zone)
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
            for way in ways:
                world.reach(connection, who, way, f"{key}@post.example" if way is ChannelName.EMAIL else str(500 + who))
    channel = MemoryChannel()
    lane_shop.go(ready, engine, lane_shop.START, channel)
    reached = {letter.to if isinstance(letter, Email) else "a chat": type(letter) for letter in channel.letters}
    assert reached == {"both@post.example": Email, "a chat": Message}, "the chat is that of who lives in Britain"
    with database.reading(engine) as connection:
        found = connection.execute(select(recipients.c.status, recipients.c.reason).join(customers).where(customers.c.key == "chat")).one()
    assert tuple(found) == ("skipped", Reason.CHANNEL_NOT_ALLOWED)

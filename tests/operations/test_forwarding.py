"""Replies are shown to the customer's manager once each, whatever happens in between."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from tests import letterbox
from tests.letterbox import NOW
from winback.channels import mime
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, TemporaryError, UncertainError
from winback.model import ChannelName, EventKind
from winback.operations import forwarding, unshown
from winback.store import audit, correspondence, database
from winback.store.events import Event
from winback.store.tables import customers, forwards
from winback.tracking import endings

ROOT = Path(__file__).resolve().parents[2]


class Failing(MemoryChannel):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def send(self, letter):
        raise self.error


@pytest.fixture
def project(tmp_path):
    opened = letterbox.project(tmp_path / "project")
    shutil.copy(ROOT / "config" / "senders.yaml", opened.config("senders.yaml"))
    return opened


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def answered(shop):
    """Olena has answered her letter."""
    who, letter = shop.written_to("olena", email="olena@mail.example")
    answer(shop, letter, "mail:1", "Зайду на вихідних.")
    return who, letter


def answer(shop, letter, key, words, **signals):
    with database.writing(shop.engine) as connection:
        writer = correspondence.by_delivery(connection, [letter])[letter]
        event = Event(key, EventKind.REPLY, writer.customer_id, NOW, "human", delivery_id=letter, text=words, signals=signals)
        endings.end(connection, writer, event, NOW)


def forward(project, shop, channel):
    return dict(asyncio.run(forwarding.forward(project, shop.engine, now=NOW, open_channel=lambda *_: channel)))


def of_manager(shop, who, manager):
    with database.writing(shop.engine) as connection:
        connection.execute(update(customers).where(customers.c.id == who).values(manager=manager))


def test_a_reply_goes_to_the_customers_manager_who_can_answer_the_customer(project, shop, answered):
    of_manager(shop, answered[0], "andriy")
    channel = MemoryChannel()
    assert forward(project, shop, channel) == {"reply-sent": 1}
    (mail,) = channel.letters
    assert (mail.to, mail.sender_address, mail.reply_to) == ("andriy@zerno.example", "andriy@news.zerno.example", "olena@mail.example")
    assert mail.subject == "olena answered"
    assert "Зайду на вихідних." in mail.text
    assert "winback customer show olena" in mail.text


def test_it_is_shown_once(project, shop, answered):
    channel = MemoryChannel()
    forward(project, shop, channel)
    assert forward(project, shop, channel) == {}
    answer(shop, answered[1], "mail:1", "Зайду на вихідних.")
    assert forward(project, shop, channel) == {}
    assert len(channel.letters) == 1


def test_a_customer_without_a_manager_is_somebodys_all_the_same(project, shop, answered):
    of_manager(shop, answered[0], "long gone")
    channel = MemoryChannel()
    forward(project, shop, channel)
    assert [mail.to for mail in channel.letters] == ["olena@zerno.example"]
    assert [row.manager for row in shop.rows(forwards)] == ["olena"]


def test_a_manager_with_a_chat_is_told_there(project, shop, answered):
    path = project.config("senders.yaml")
    path.write_text(path.read_text().replace("    reply_to: olena@zerno.example\n", '    reply_to: olena@zerno.example\n    telegram_chat: "77"\n'))
    asked = []
    channel = MemoryChannel()
    asyncio.run(forwarding.forward(project, shop.engine, now=NOW, open_channel=lambda _, name: asked.append(name) or channel))
    assert asked == [ChannelName.TELEGRAM]
    assert [(text.chat_id, "Зайду на вихідних." in text.text) for text in channel.letters] == [("77", True)]


@pytest.mark.parametrize(
    ("error", "status", "again"),
    [(TemporaryError("put-off", "450 later"), "failed", {"reply-sent": 1}), (UncertainError("no-answer", "?"), "uncertain", {})],
)
def test_what_was_refused_is_tried_again_and_what_may_have_left_is_not(project, shop, answered, error, status, again):
    assert forward(project, shop, Failing(error)) == {f"reply-{status}": 1}
    assert [row.status for row in shop.rows(forwards)] == [status]
    assert forward(project, shop, MemoryChannel()) == again


def test_a_crash_between_sending_and_writing_it_down_shows_nothing_twice(project, shop, answered):
    with pytest.raises(RuntimeError, match="the power went"):
        forward(project, shop, Failing(RuntimeError("the power went")))
    assert [row.status for row in shop.rows(forwards)] == ["handed_over"]
    assert forward(project, shop, MemoryChannel()) == {}


def test_what_nobody_may_take_on_trust_is_said(project, shop, answered):
    answer(shop, answered[1], "mail:2", "stop", known_by="address")
    channel = MemoryChannel()
    forward(project, shop, channel)
    assert ["which anybody can write" in mail.text for mail in channel.letters] == [False, True]


def test_names_and_words_are_no_markup_and_no_headers(project, shop):
    _, letter = shop.written_to("<b>\r\nBcc: all@mail.example", email="eve@mail.example")
    answer(shop, letter, "mail:1", "</pre><script>alert(1)</script>")
    channel = MemoryChannel()
    forward(project, shop, channel)
    (mail,) = channel.letters
    assert "<script>" not in mail.html
    assert "\r\nBcc:" not in mime.build(mail).partition(b"\r\n\r\n")[0].decode()


@pytest.mark.parametrize("error", [UncertainError("silence"), TemporaryError("full")])
def test_what_may_not_have_been_seen_is_listed_and_settled_by_a_person(project, engine, shop, answered, error):
    asyncio.run(forwarding.forward(project, engine, now=NOW, open_channel=lambda *_: Failing(error)))
    (told,) = unshown.listed(engine)
    assert (told.customer, told.manager, told.tries) == ("olena", "olena", 1)
    assert told.status in {"uncertain", "failed"}
    assert "again" in unshown.settle(project, engine, told.id, "again", now=NOW)
    channel = MemoryChannel()
    asyncio.run(forwarding.forward(project, engine, now=NOW, open_channel=lambda *_: channel))
    assert len(channel.letters) == 1
    assert unshown.listed(engine) == []
    assert [each.status for each in unshown.listed(engine, everything=True)] == ["sent"]
    with pytest.raises(ConfigError, match="there is no reply"):
        unshown.settle(project, engine, told.id, "again", now=NOW)
    with database.reading(engine) as connection:
        (deed,) = audit.listed(connection)
    assert (deed.deed, deed.about) == ("resolved", f"customer {answered[0]}")


def test_a_reply_that_somebody_saw_elsewhere_is_not_shown_again(project, engine, shop, answered):
    asyncio.run(forwarding.forward(project, engine, now=NOW, open_channel=lambda *_: Failing(TemporaryError("full"))))
    (told,) = unshown.listed(engine)
    unshown.settle(project, engine, told.id, "shown", now=NOW)
    channel = MemoryChannel()
    asyncio.run(forwarding.forward(project, engine, now=NOW, open_channel=lambda *_: channel))
    assert (channel.letters, unshown.listed(engine)) == ([], [])

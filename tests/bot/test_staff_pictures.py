"""Pictures, voices and files of the shop's people on their way to a customer: copied by Telegram, each once."""

from __future__ import annotations

import pytest

from tests import letterbox
from tests.letterbox import NOW
from tests.operations import talking
from winback.bot import staff_group
from winback.bot.dialogue import Known, Say
from winback.bot.staff_group import Topic
from winback.bot.updates import Heard, Kind, Place
from winback.channels.file import FileChannel
from winback.channels.telegram import TelegramChannel
from winback.demo import bot_api
from winback.demo.bot_api import BotApi, Fault
from winback.sending import answering
from winback.store import database, threads
from winback.store.tables import thread_words

STAFF = "-100500"
KEY = answering.written_in_group(STAFF, 77)


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def project(tmp_path):
    return talking.project(tmp_path / "project")


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def answered(project, shop):
    """A picture in the topic of Olena's thread, with these words below it; what became of it, sent twice."""

    def answered(channel, words=""):
        thread = talking.asks(shop, project, shop.customer("olena", chat="501"), "1")
        with database.writing(shop.engine) as connection:
            for _ in range(2):  # Telegram tells it twice
                threads.answer(connection, thread, KEY, "olena", words, NOW, channel="telegram", has_media=True)
        talking.sends(project, shop, channel())
        talking.sends(project, shop, channel())
        return next(row for row in shop.rows(thread_words) if row.key == KEY)

    return answered


def through(api):
    return lambda: TelegramChannel(api.token, api_url=api.url)


@pytest.mark.parametrize(("words", "caption"), [("", None), ("Ось <так>", "<b>Олена Савченко</b>\nОсь &lt;так&gt;")])
def test_it_is_copied_once_from_where_it_lies(api, answered, words, caption):
    word = answered(through(api), words)
    (copy,) = api.sent
    assert {name: copy.parameters.get(name) for name in ("chat_id", "from_chat_id", "message_id", "caption")} == {
        "chat_id": "501",
        "from_chat_id": STAFF,
        "message_id": "77",
        "caption": caption,
    }
    assert (word.status, word.remote_id, word.has_media) == ("sent", str(copy.message_id), True)


def test_in_doubt_it_is_not_copied_again(api, answered):
    api.fail("501", bot_api.LOST_ANSWER)
    assert answered(through(api)).status == "uncertain"
    assert len(api.sent) == 1


def test_what_telegram_will_not_copy_is_told_of_in_the_group(api, shop, answered):
    api.fail("501", Fault(400, "Bad Request: message to copy not found"))
    assert answered(through(api)).status == "failed"
    assert [row.text for row in shop.rows(thread_words)][-1] == "The answer didn't reach them: cant-be-copied."


def test_on_a_development_machine_it_lies_in_a_folder(tmp_path, answered):
    assert answered(lambda: FileChannel(tmp_path / "answers"), "So").status == "sent"
    (path,) = (tmp_path / "answers").iterdir()
    assert f'"{STAFF}",\n    77' in path.read_text()


@pytest.mark.parametrize(
    ("has_chat", "has_media", "text", "told"),
    [
        (True, True, "", None),
        (True, True, "x" * 901, staff_group.TOO_LONG),
        (True, False, "x" * 901, None),
        (False, True, "", staff_group.NO_CHAT),
        (False, False, "x", None),
    ],
)
def test_who_sends_what_cannot_arrive_is_told_at_once(has_chat, has_media, text, told):
    heard = Heard(1, Kind.GROUP, chat_id=STAFF, text=text, message_id=77, place=Place.GROUP, topic=9, author_id=42, has_media=has_media)
    (deed,) = staff_group.decide(heard, Known().noting(Topic(1, "olena", has_chat=has_chat)))
    assert (deed.words if isinstance(deed, Say) else None) == told

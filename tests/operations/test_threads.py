"""The shop's people read what customers wrote, and answer: each answer once, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from tests import letterbox
from tests.letterbox import NOW
from tests.operations import talking
from tests.operations.talking import Failing
from winback.channels import mime
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import EventKind
from winback.operations import answering_figures, auditing, tending, thread_reminders
from winback.operations import threads as operation
from winback.operations.threads import Wanted
from winback.store import correspondence, database
from winback.store.events import Event
from winback.store.tables import contacts, forwards, thread_words, threads
from winback.tracking import endings

HOUR = timedelta(hours=1)


@pytest.fixture
def project(tmp_path):
    return talking.project(tmp_path / "project")


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def thread(shop, project):
    """Olena's, who asked by the bot at 14:00 of a Tuesday in Kyiv."""
    return talking.asks(shop, project, shop.customer("olena", chat="501", email="olena@mail.example"), "1")


def shown(project, shop, thread, now=NOW):
    return operation.show(project, shop.engine, thread, now=now)


def reply(shop, letter: int, key: str, words: str, **signals) -> None:
    with database.writing(shop.engine) as connection:
        writer = correspondence.by_delivery(connection, [letter])[letter]
        happened = Event(key, EventKind.REPLY, writer.customer_id, NOW, "human", delivery_id=letter, text=words, signals=signals)
        endings.end(connection, writer, happened, NOW)


def test_an_answer_reaches_the_chat_signed_and_escaped(project, shop, thread):
    talking.answers(project, shop, thread, "Чай <чорний> & зелений")
    channel = MemoryChannel()
    assert talking.sends(project, shop, channel) == {"answer-sent": 1}
    (message,) = channel.letters
    assert (message.chat_id, message.language) == ("501", "uk")
    assert message.text == "<b>Олена Савченко</b>\nЧай &lt;чорний&gt; &amp; зелений"
    assert talking.sends(project, shop, channel) == {}
    assert shown(project, shop, thread).thread.status == "waiting"


def test_a_reply_by_mail_stands_in_the_same_queue_and_is_answered_as_one_conversation(project, shop):
    _, letter = shop.written_to("ivan", email="ivan@mail.example", message_id="<wb.spring.1@news.example>")
    reply(shop, letter, "mail:1", "Чи є чай?")
    assert tending.queue(project, shop.engine, now=NOW) == 1
    assert tending.queue(project, shop.engine, now=NOW) == 0
    (thread,) = operation.listed(project, shop.engine, Wanted(), now=NOW)
    assert (thread.channel, thread.why, thread.last_words) == ("email", "reply", "Чи є чай?")
    assert len(shop.rows(forwards)) == 1, "managers are still told by mail"
    talking.answers(project, shop, thread.id, "Є!\n\nЗаходьте <завтра>.")
    talking.sends(project, shop, channel := MemoryChannel())
    read = message_from_bytes(mime.build(channel.letters[0]), policy=policy.default)
    assert (read["To"], read["Subject"]) == ("ivan@mail.example", "Ваше повідомлення: Зерно")
    assert read["In-Reply-To"] == read["References"] == "<wb.spring.1@news.example>"
    assert (read["Precedence"], read["List-Id"], read["List-Unsubscribe"]) == (None, None, None), "a person writes, not a list"
    assert "-- \nОлена Савченко" in read.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Заходьте &lt;завтра&gt;." in read.get_body(("html",)).get_content()


def test_words_of_the_bot_and_of_mail_stand_beside_each_other(project, shop):
    who, letter = shop.written_to("ivan", email="ivan@mail.example", chat="501")
    thread = talking.asks(shop, project, who, "1", "З телефона")
    reply(shop, letter, "mail:1", "З пошти")
    tending.queue(project, shop.engine, now=NOW)
    seen = shown(project, shop, thread)
    assert [(word.channel, word.text) for word in seen.words] == [("telegram", "З телефона"), ("email", "З пошти")]
    assert seen.channels == ("email", "telegram")
    talking.answers(project, shop, thread, channel="telegram")
    talking.sends(project, shop, channel := MemoryChannel())
    assert channel.letters[0].chat_id == "501"


@pytest.mark.parametrize(
    ("error", "status", "waits"),
    [
        (PermanentError("blocked", "bot was blocked by the user"), "failed", None),
        (TemporaryError("too-fast", "retry after 30", after=timedelta(seconds=30)), "planned", timedelta(seconds=30)),
        (TemporaryError("unreachable"), "planned", timedelta(minutes=2)),
        (LaneError("bot-token-refused"), "planned", timedelta(minutes=2)),
        (UncertainError("no-answer"), "uncertain", None),
    ],
)
def test_what_becomes_of_an_answer_that_does_not_arrive(project, shop, thread, error, status, waits):
    talking.answers(project, shop, thread)
    assert talking.sends(project, shop, Failing(error)) == {f"answer-{status}": 1}
    word = shown(project, shop, thread).words[-1]
    assert (word.status, word.detail) == (status, str(error))
    assert shown(project, shop, thread).thread.status == "open"
    if waits is None:
        assert talking.sends(project, shop, MemoryChannel(), NOW + 9 * HOUR) == {}
    else:
        assert talking.sends(project, shop, MemoryChannel(), NOW + waits - timedelta(seconds=1)) == {}
        assert talking.sends(project, shop, MemoryChannel(), NOW + waits) == {"answer-sent": 1}


def test_whoever_blocked_the_bot_is_noted_and_the_manager_sees_it(project, shop, thread):
    talking.answers(project, shop, thread)
    talking.sends(project, shop, Failing(PermanentError("blocked")))
    (contact,) = shop.rows(contacts, channel="telegram")
    assert contact.blocked_reason == "blocked"
    seen = shown(project, shop, thread)
    assert seen.thread.is_blocked
    assert "They blocked the bot" in seen.notices[0]


def test_a_channel_that_cannot_be_opened_keeps_answers_waiting(project, shop, thread):
    class Shut(MemoryChannel):
        async def __aenter__(self):
            raise LaneError("unreachable")

    talking.answers(project, shop, thread)
    assert talking.sends(project, shop, Shut()) == {"answer-planned": 1}


def test_an_answer_that_was_handed_over_by_somebody_who_died_is_not_sent_again(project, shop, thread):
    class Dying(MemoryChannel):
        async def send(self, letter):
            self.letters.append(letter)
            raise SystemExit

    talking.answers(project, shop, thread)
    with pytest.raises(SystemExit):
        talking.sends(project, shop, dying := Dying())
    assert len(dying.letters) == 1
    after = MemoryChannel()
    assert talking.sends(project, shop, after, NOW + HOUR) == {"answer-uncertain": 1}
    assert after.letters == []
    seen = shown(project, shop, thread, NOW + HOUR)
    assert (seen.words[-1].status, seen.thread.in_doubt) == ("uncertain", 1)
    assert operation.resolve(shop.engine, seen.words[-1].id, "sent", now=NOW + HOUR).endswith("arrived.")
    assert shown(project, shop, thread).thread.status == "waiting"


@pytest.mark.parametrize(
    ("text", "by", "sentence"),
    [
        ("  ", "olena", "the answer says nothing"),
        ("x" * 3501, "olena", "3,501 characters. Write at most 3,500"),
        ("Так", "olenna", "there is no `olenna` in config/senders.yaml. Did you mean `olena`?"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused(project, shop, thread, text, by, sentence):
    with pytest.raises(ConfigError, match="olenna" if by == "olenna" else sentence[:20]) as refused:
        talking.answers(project, shop, thread, text, by=by)
    assert sentence in str(refused.value)
    assert len(shop.rows(thread_words)) == 1


def test_a_closed_thread_is_gone_on_with_first(project, shop, thread):
    operation.close(shop.engine, thread, by="olena", now=NOW)
    for work in (
        lambda: talking.answers(project, shop, thread),
        lambda: operation.assign(project, shop.engine, thread, "andriy", by="olena", now=NOW),
    ):
        with pytest.raises(ConfigError, match=f"thread {thread} is closed. Go on with it first: winback thread reopen {thread}"):
            work()
    assert operation.close(shop.engine, thread, by="andriy", now=NOW).endswith("already.")
    assert operation.reopen(shop.engine, thread, by="olena", now=NOW) == f"Thread {thread} goes on."
    assert operation.assign(project, shop.engine, thread, "andriy", by="olena", now=NOW) == f"Thread {thread} is andriy's now."
    assert [each.id for each in operation.listed(project, shop.engine, Wanted(assignee="andriy"), now=NOW)] == [thread]
    deeds = [(each.who, each.deed, json.loads(each.detail)) for each in auditing.listed(shop.engine, limit=2)]
    assert deeds == [("olena", "assigned", {"thread": thread, "from": "", "to": "andriy"}), ("olena", "reopened", {"thread": thread})]


def test_waiting_is_shown_as_it_is_and_as_it_feels(project, shop, thread):
    seen = shown(project, shop, thread, NOW + 3 * HOUR).thread
    assert (seen.is_overdue, seen.wait.in_words) == (True, "3 h, which feels like 4 h")
    told = seen.as_json()
    assert (told["waits_minutes"], told["feels_minutes"], told["waits_working_minutes"]) == (180, 240, 180)


async def test_beside_a_listening_bot_answers_leave_by_themselves(project, shop, thread):
    over = asyncio.Event()
    keeping = asyncio.create_task(tending.keep(project, shop.engine, lambda: NOW, over))
    talking.answers(project, shop, thread)
    for _ in range(200):
        await asyncio.sleep(0.1)
        if shop.rows(thread_words)[-1].status == "sent":
            break
    over.set()
    await asyncio.wait_for(keeping, 20)
    assert shop.rows(thread_words)[-1].status == "sent"


def remind(project, shop, channel, now):
    told = asyncio.run(thread_reminders.remind(project, shop.engine, now=now, open_channel=lambda *_: channel))
    return [(each.manager, str(each.status)) for each in told]


def test_who_is_late_is_reminded_once_and_not_at_night(project, shop, thread):
    channel = MemoryChannel()
    assert remind(project, shop, channel, NOW + 2 * HOUR - timedelta(minutes=1)) == []
    assert remind(project, shop, channel, NOW + 9 * HOUR) == [], "23:00 in Kyiv"
    assert remind(project, shop, channel, NOW + 3 * HOUR) == [("olena", "sent")]
    assert remind(project, shop, channel, NOW + 3 * HOUR + timedelta(minutes=5)) == []
    (note,) = channel.letters
    assert note.subject == "olena waits for an answer"
    assert "3 h, which feels like 4 h" in note.text
    assert "Де моє" not in note.text, "a customer's words stay in the house"


def test_a_reminder_that_was_refused_is_tried_again_and_one_in_doubt_is_not(project, shop, thread):
    late = NOW + 3 * HOUR
    assert remind(project, shop, Failing(TemporaryError("unreachable")), late) == [("olena", "failed")]
    assert remind(project, shop, Failing(UncertainError("no-answer")), late) == [("olena", "uncertain")]
    assert remind(project, shop, MemoryChannel(), late) == []


def test_a_new_wait_is_reminded_of_anew(project, shop, thread):
    assert remind(project, shop, MemoryChannel(), NOW + 3 * HOUR) == [("olena", "sent")]
    talking.answers(project, shop, thread, at=NOW + 3 * HOUR)
    talking.sends(project, shop, MemoryChannel(), NOW + 3 * HOUR)
    with database.reading(shop.engine) as connection:
        who = connection.execute(select(threads.c.customer_id)).scalar_one()
    tomorrow = NOW + timedelta(days=1)
    talking.asks(shop, project, who, "2", at=tomorrow)
    assert remind(project, shop, MemoryChannel(), tomorrow + 2 * HOUR) == [("olena", "sent")]


def test_figures_tell_how_soon_who_answered_against_the_promise(project, shop):
    """Four are answered after 1, 2, 3 and 4 hours; the promise is two. One waits in time, one too long, one was set aside."""
    for number in range(4):
        asked = NOW - timedelta(days=1, hours=3)  # 11:00 in Kyiv
        one = talking.asks(shop, project, shop.customer(f"c{number}"), f"asked {number}", at=asked, chat=str(600 + number))
        at = asked + (number + 1) * HOUR
        talking.answers(project, shop, one, f"an answer {number}", at=at, by="olena" if number < 3 else "andriy")
        talking.sends(project, shop, MemoryChannel(), at)
    late, waits, aside = (
        talking.asks(shop, project, shop.customer(name), name, at=NOW - hours * HOUR, chat=chat)
        for name, hours, chat in (("late", 3, "701"), ("waits", 1, "702"), ("aside", 4, "703"))
    )
    assert late != waits
    operation.close(shop.engine, aside, by="olena", now=NOW)
    span = {"since": NOW - timedelta(days=7), "until": NOW + HOUR}
    told = answering_figures.figures(project, shop.engine, **span, now=NOW).as_json()
    everybody = told["everybody"]
    assert {name: everybody[name] for name in ("threads", "answered", "unanswered", "set_aside", "promised", "kept")} == {
        "threads": 7,
        "answered": 4,
        "unanswered": 2,
        "set_aside": 1,
        "promised": 5,
        "kept": 2,
    }
    assert (everybody["median_minutes"], everybody["90%_minutes"], everybody["median_feels_minutes"]) == (150, 222, 200)
    assert everybody["share_kept"] == pytest.approx(0.4)
    managers = {each["manager"]: (each["threads"], each["answered"], each["kept"], each["median_minutes"]) for each in told["managers"]}
    assert managers == {"": (3, 0, 0, None), "andriy": (1, 1, 0, 240), "olena": (3, 3, 2, 120)}
    nothing = answering_figures.figures(project, shop.engine, since=NOW + 2 * HOUR, until=NOW + 3 * HOUR, now=NOW).as_json()
    assert (nothing["everybody"]["threads"], nothing["everybody"]["share_kept"], nothing["managers"]) == (0, None, [])

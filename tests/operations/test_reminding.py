"""Managers hear once a day of what they are to do, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests import projects
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.demo.mailbox import MailServer
from winback.errors import TemporaryError, UncertainError
from winback.model import DeliveryStatus, Email, Message, RecipientStatus, RunStatus
from winback.operations import reminding
from winback.store import database, tasks
from winback.store.reminders import ReminderStatus
from winback.store.tables import campaign_runs, deliveries, recipients, reminders

MORNING = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


class Failing(MemoryChannel):
    """Takes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def send(self, letter):
        raise self.error


def give(engine, *due: tuple[str, str]) -> None:
    """Tasks of managers, each due on a day."""
    with database.writing(engine) as connection:
        run = {"campaign": "c", "number": 1, "status": RunStatus.ACTIVE, "salt": "s", "started_at": MORNING, "plan": {"stop_when": ["ordered"]}}
        run_id = connection.execute(insert(campaign_runs).values(run).returning(campaign_runs.c.id)).scalar_one()
        for number, (manager, day) in enumerate(due):
            who = world.customer(connection, f"A{number}", given_name="Emma", phone="+441134960000")
            place = {"run_id": run_id, "customer_id": who, "status": RecipientStatus.FINISHED, "facts": {}, "assigned_at": MORNING}
            connection.execute(insert(recipients).values(place))
            letter = {"run_id": run_id, "stage": "s", "customer_id": who, "tactic": "a", "status": DeliveryStatus.SENT, "due_at": MORNING}
            delivery = connection.execute(insert(deliveries).values(letter).returning(deliveries.c.id)).scalar_one()
            due_at = datetime.fromisoformat(f"{day} 12:00").replace(tzinfo=UTC)
            task = {"delivery_id": delivery, "customer_id": who, "kind": "call", "manager": manager, "text": "Say hello", "due_at": due_at}
            tasks.give(connection, [task], now=MORNING)


def remind(project, engine, channel, now=MORNING):
    told = asyncio.run(reminding.remind(project, engine, now=now, open_channel=lambda *_: channel))
    return {each.manager: (each.status, each.tasks) for each in told}


def standing(engine) -> dict[tuple[str, str], str]:
    with database.reading(engine) as connection:
        return {(row.manager, row.day.isoformat()): row.status for row in connection.execute(select(reminders))}


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def test_each_manager_hears_once_a_day_of_what_is_due_or_overdue(engine, project):
    give(engine, ("olena", "2026-12-01"), ("olena", "2026-11-28"), ("andriy", "2026-12-01"), ("andriy", "2026-12-02"))
    channel = MemoryChannel()
    assert remind(project, engine, channel) == {"olena": ("sent", 2), "andriy": ("sent", 1)}
    assert remind(project, engine, channel, MORNING + timedelta(hours=3)) == {"olena": ("already", 2), "andriy": ("already", 1)}
    assert {letter.to: letter.subject for letter in channel.letters} == {
        "olena@zerno.example": "2 tasks for 2026-12-01",
        "andriy@zerno.example": "1 task for 2026-12-01",
    }
    (first, *_) = [letter.text.splitlines() for letter in channel.letters if letter.to == "olena@zerno.example"]
    assert first[0] == "2026-11-28  call   Emma (A1)  winback task show 2"
    assert first[-1] == "All of them, with what to say: winback tasks --manager olena"
    assert remind(project, engine, channel, MORNING + timedelta(days=1)) == {"olena": ("sent", 2), "andriy": ("sent", 2)}


def test_nobody_is_reminded_of_nothing(engine, project):
    give(engine, ("olena", "2026-12-05"))
    assert remind(project, engine, MemoryChannel()) == {}
    assert standing(engine) == {}


def test_what_may_have_left_is_not_repeated_and_stays_visible(engine, project):
    give(engine, ("olena", "2026-12-01"))
    assert remind(project, engine, Failing(UncertainError("no-answer", "the line broke"))) == {"olena": ("uncertain", 1)}
    assert remind(project, engine, MemoryChannel()) == {"olena": ("uncertain", 1)}
    assert standing(engine) == {("olena", "2026-12-01"): ReminderStatus.UNCERTAIN}


def test_a_crash_after_the_mark_reminds_nobody_twice_and_is_shown(engine, project):
    give(engine, ("olena", "2026-12-01"))
    with pytest.raises(KeyboardInterrupt):
        remind(project, engine, Failing(KeyboardInterrupt()))
    channel = MemoryChannel()
    assert remind(project, engine, channel) == {"olena": ("handed_over", 1)}
    assert channel.letters == []
    assert remind(project, engine, channel, MORNING + timedelta(days=1)) == {"olena": ("sent", 1)}, "tomorrow's speaks of it again"


def test_what_was_refused_for_certain_is_tried_again_the_same_day(engine, project):
    give(engine, ("olena", "2026-12-01"))
    assert remind(project, engine, Failing(TemporaryError("greylisted", "come back"))) == {"olena": ("failed", 1)}
    channel = MemoryChannel()
    assert remind(project, engine, channel, MORNING + timedelta(hours=1)) == {"olena": ("sent", 1)}
    assert len(channel.letters) == 1


def test_a_manager_with_a_chat_hears_there(engine, tmp_path):
    change = ("config/senders.yaml", "    reply_to: olena@zerno.example\n", '    reply_to: olena@zerno.example\n    telegram_chat: "4242"\n')
    project = projects.make(tmp_path / "shop", change)
    give(engine, ("olena", "2026-12-01"), ("andriy", "2026-12-01"))
    channel = MemoryChannel()
    remind(project, engine, channel)
    by_kind = {type(letter): letter for letter in channel.letters}
    assert by_kind[Message].chat_id == "4242"
    assert by_kind[Message].text.startswith("1 task for 2026-12-01\n\n")
    assert by_kind[Email].to == "andriy@zerno.example"


def test_a_manager_who_left_is_named_and_the_others_are_reminded(engine, project):
    give(engine, ("maria", "2026-12-01"), ("olena", "2026-12-01"))
    assert remind(project, engine, MemoryChannel()) == {"maria": ("unknown", 1), "olena": ("sent", 1)}


def test_on_a_development_machine_a_reminder_is_a_file_of_its_own(engine, project):
    give(engine, ("olena", "2026-12-01"))
    asyncio.run(reminding.remind(project, engine, now=MORNING))
    (written,) = (project.out / "mailbox/reminders").glob("*.eml")
    assert b"Subject: 1 task for 2026-12-01" in written.read_bytes()


def test_a_customer_whose_journey_ended_is_no_reason_for_a_reminder(engine, project):
    give(engine, ("olena", "2026-12-01"))
    with database.writing(engine) as connection:
        connection.execute(update(recipients).values(status=RecipientStatus.STOPPED, reason="replied"))
    assert remind(project, engine, MemoryChannel()) == {}


def test_outside_production_only_managers_on_the_allow_list_are_reminded(engine, tmp_path):
    with MailServer(tmp_path / "mail") as mail:
        here = ("config/settings.yaml", "currency: UAH", "environment: development\nallow: [olena@zerno.example]\ncurrency: UAH")
        project = projects.make(tmp_path / "shop", here, *projects.through(mail.host, mail.port))
        give(engine, ("olena", "2026-12-01"), ("andriy", "2026-12-01"))
        told = {each.manager: each for each in asyncio.run(reminding.remind(project, engine, now=MORNING))}
        assert [letter.recipient for letter in mail.received] == ["olena@zerno.example"]
    assert {manager: (each.status, each.is_held_back) for manager, each in told.items()} == {"olena": ("sent", False), "andriy": ("failed", True)}

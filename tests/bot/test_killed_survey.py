"""kill -9 of `winback bot` in the middle of surveys: what was answered stays, the question that waits is the right one, nothing is said twice.

The made-up Bot API's own log is the judge of "twice"; the customers answer as people do, who say again what nobody reacted to.
"""

from __future__ import annotations

import shutil
import signal
import time
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from tests.bot import at_work
from tests.bot.talking import ROOT, TEXTS, campaign
from winback.demo.bot_api import BotApi, SentMessage
from winback.store import database
from winback.store.tables import answers, campaign_runs, deliveries, events, owed_answers, talks
from winback.tracking import presses
from winback.tracking.presses import Verb

pytestmark = pytest.mark.both_databases

CUSTOMERS, KILLS = 12, 2
PATIENCE = 40.0  # seconds after which somebody says once more what brought no answer; a new process waits up to 20 for the line
STEPS = 4
PRICE, THANKS = "Було задорого", "Дякуємо за ваші відповіді!"


@pytest.fixture
def api():
    with BotApi() as api:
        yield api


@pytest.fixture
def connected(project, api, engine):
    url = engine.url.render_as_string(hide_password=False) if engine.dialect.name != "sqlite" else f"sqlite:///{engine.url.database}"
    project.environment["WINBACK_DATABASE_URL"] = url
    shutil.copy(ROOT / "config" / "reasons.yaml", project.config())
    return at_work.connect(project, api)


@dataclass
class Somebody:
    """A customer who answers the question that stands newest in their chat."""

    api: BotApi
    chat: int
    first: str  # what the button says that gives the first answer
    seen: str | None = None  # what they answered last: a question that is written over itself once more looks no different
    at: float = 0.0
    again: int = 0  # how often nothing came of an answer, and they gave it again
    answered: int = 0
    is_over: bool = False

    def go_on(self) -> None:
        told = sorted((each for each in (*self.api.sent, *self.api.edited) if each.chat_id == str(self.chat)), key=lambda each: each.at)
        shown = next((each for each in reversed(told) if each.buttons), None)
        waits = self.seen == (shown.text if shown else "")
        self.is_over = self.is_over or any(THANKS in each.text for each in told)
        if self.is_over or (waits and time.monotonic() - self.at < PATIENCE):
            return
        self.again += waits
        self.answered += not waits
        self.seen, self.at = shown.text if shown else "", time.monotonic()
        self.answer(shown)

    def answer(self, shown: SentMessage | None) -> None:
        if shown is None:
            self.api.customer_presses(self.chat, self.first)
        elif TEXTS["better"]["uk"] in shown.text:
            self.api.customer_says(self.chat, "Швидша доставка")
        else:
            wanted = PRICE if TEXTS["why"]["uk"] in shown.text else "8"
            self.api.customer_presses(self.chat, next(each["callback_data"] for each in shown.buttons if each["text"] == wanted))


def asked(shop, project, api, number: int) -> tuple[Somebody, int]:
    who, letter = shop.written_to(f"c{number}", chat=str(1_000 + number), locale="uk")
    with database.writing(shop.engine) as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == letter).values(channel="telegram"))
        connection.execute(update(campaign_runs).values(plan=campaign("survey")))
    press = presses.write(project.link_keys, str(1_000 + number), Verb.SCORE, letter, 4)
    assert who
    return Somebody(api, 1_000 + number, press), letter


def test_surveys_go_on_where_they_were_after_the_bot_was_killed(api, shop, connected):
    people, letters = zip(*(asked(shop, connected, api, number) for number in range(CUSTOMERS)), strict=True)

    def work_until(true) -> None:
        def look() -> bool:
            for one in people:
                one.go_on()
            return bool(true())

        at_work.until(look, 200)

    for kill in range(KILLS):
        with at_work.running(connected, "bot") as process:
            enough = (kill + 1) * CUSTOMERS * STEPS // (KILLS + 1)
            work_until(lambda enough=enough: sum(one.answered for one in people) >= enough)
            process.send_signal(signal.SIGKILL)
    with at_work.running(connected, "bot") as process:
        work_until(lambda: all(one.is_over for one in people))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    for one, letter in zip(people, letters, strict=True):
        rows = shop.rows(answers, delivery_id=letter)
        last = [(row.question, row.score, row.reason, row.text) for row in rows if row.turn == max(each.turn for each in rows)]
        assert last == [(1, 4, "", ""), (2, None, "price", ""), (3, 8, "", ""), (4, None, "", "Швидша доставка")]
        said, over = ([each.text for each in texts if each.chat_id == str(one.chat)] for texts in (api.sent, api.edited))
        assert len(said) <= 2 + one.again, f"two messages, and the questions between written over the first: {said}"
        assert one.again or (len(said), len({*said, *over})) == (2, STEPS), f"whoever said nothing twice is told nothing twice: {said} {over}"
    assert sum(one.again for one in people) <= KILLS * 5, "in doubt is only what was being said at a kill"
    assert {row.question for row in shop.rows(talks)} == {0}, "no question waits any more"
    assert len(shop.rows(events, kind="answer")) == CUSTOMERS * STEPS
    assert shop.rows(owed_answers) == []

"""Plays the scripts of scripts/talks/: conversations that begin below a message of a journey, which has come already."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert, update

from tests.bot.playing import CHATS, LANGUAGES, Play
from tests.letterbox import SENT_AT
from winback import clock
from winback.audience import reasons
from winback.bot import listening
from winback.bot.dialogue import Scene
from winback.bot.line import Line
from winback.journey.campaign import Campaign
from winback.model import RunStatus
from winback.store import database
from winback.store import tables as t
from winback.tracking import presses
from winback.tracking.presses import Verb

ROOT = Path(__file__).parents[2]
_SAMPLE = yaml.safe_load((ROOT / "templates" / "messages" / "survey" / "sample.yaml").read_text(encoding="utf-8"))["content"]["survey"]["questions"]
_WHY = {"en": "Why?", "uk": "Чому?", "ru": "Почему?", "ro": "De ce?", "uz": "Nega?", "mn": "Яагаад?"}
QUESTIONS = [_SAMPLE[0], {"kind": "reason", "ask": _WHY}, _SAMPLE[3], _SAMPLE[2]]
TEXTS = {"pleased": _SAMPLE[0], "why": _WHY, "recommend": _SAMPLE[3]["ask"], "better": _SAMPLE[2]}
_GIFT = {"en": "a bag of cinnamon", "uk": "пакетик кориці", "ru": "пакетик корицы", "ro": "un plic cu scorțișoară", "uz": "dolchin", "mn": "шанц"}
_DAYS = {"short-offer": 10}


def campaign(message: str) -> dict[str, Any]:
    """The plan of a run, as a campaign's file becomes it."""
    has_offer = message in {"with-gift", "with-code", "offer", "short-offer"}
    offer = {"text": _GIFT, "valid_for": f"{_DAYS.get(message, 60)} days", **({"codes": "unique"} if message == "with-code" else {})}
    return Campaign.model_validate(
        {
            "title": "Spring",
            "cohort": "all",
            "starts_on": date(2026, 11, 1),
            "ends_on": date(2027, 3, 1),
            "holdout": 0.1,
            "sender": "olena",
            "stop_when": ("ordered", "replied"),
            "tactics": {"word": {"share": 1, **({"offer": "gift"} if has_offer else {})}},
            "offers": {"gift": offer} if has_offer else {},
            "stages": ({"name": "first", "channels": ("telegram",), "message": "survey"}, {"name": "second", "wait": "7 days", "letter": "survey"}),
            "content": {"survey": {"questions": QUESTIONS}},
        }
    ).model_dump(mode="json") | {"order_of_stages": ["first", "second"]}


class Talk(Play):
    """One script in one language."""

    steps: list[dict[str, Any]]

    async def play(self, script: dict[str, Any]) -> None:
        self.steps = script["talk"]
        await super().play(script)

    def arrange(self, name: str, told: dict[str, Any]) -> None:
        super().arrange(name, {"joined": True, **told})
        who, chat, message = self.people[name], CHATS[name], told["message"]
        with database.writing(self.shop.engine) as connection:
            (run,) = connection.execute(t.recipients.select().where(t.recipients.c.customer_id == who)).scalars()
            connection.execute(update(t.campaign_runs).where(t.campaign_runs.c.id == run).values(plan=campaign(message)))
            connection.execute(update(t.recipients).where(t.recipients.c.run_id == run).values(arm="word", time_zone="Europe/Kyiv"))
            letter = connection.execute(
                t.deliveries.update().where(t.deliveries.c.customer_id == who).values(channel="telegram").returning(t.deliveries.c.id)
            ).scalar_one()
            if message == "with-code":
                code = {"code": f"WB-{who}", "matched": f"WB{who}", "source": "own", "campaign": "spring", "offer": "gift", "status": "reserved"}
                connection.execute(
                    insert(t.codes).values(**code, run_id=run, customer_id=who, reserved_at=SENT_AT, expires_at=SENT_AT + timedelta(days=60))
                )
            if order := told.get("order"):
                values = {"amount_minor": 12300, "currency": "UAH", "quantity": 1, "status": "placed"}
                connection.execute(insert(t.orders).values(key=order, customer_id=who, ordered_at=SENT_AT - timedelta(days=20), **values))
        self.letters[name] = letter
        buttons = [[{"text": label, "callback_data": self.below(name, label)}] for label in ("1", "2", "3", "4", "5", "later", "no", "order")]
        came = {"chat_id": str(chat), "text": "The message", "reply_markup": json.dumps({"inline_keyboard": buttons})}
        self.api.sent.append(self.api._keep(came))
        self.seen = len(self.api.sent)

    def below(self, name: str, label: str) -> str:
        """What a button says that stands below the message to a customer."""
        numbers = [int(label)] if label.isdigit() else []
        verb = {"later": Verb.LATER, "no": Verb.NOT_INTERESTED, "order": Verb.ORDER}.get(label, Verb.SCORE)
        return presses.write(self.project.link_keys, str(CHATS[name]), verb, self.letters[name], *numbers)

    def button(self, chat: int, label: str) -> str:
        if found := re.fullmatch(r"(\w+) of (?:the message|(\w+))", label):
            own = next(name for name, number in CHATS.items() if number == chat)
            return self.below(found[2] or own, found[1])
        return super().button(chat, label)

    async def step(self, who: str, said: Any) -> None:
        if who == "kill":
            await self.die()
        else:
            await super().step(who, said)

    async def die(self) -> None:
        """What waits is taken in and stored, and the process is gone before it says anything."""
        scene = Scene(self.project, self.phrasebook, self.now)
        async with Line(self.api.token, api_url=self.api.url, messages_per_second=1_000, seconds_per_chat=0) as line:
            heard = await line.listen(listening.offset(self.shop.engine, self.now))
        listening.take_in_batch(self.shop.engine, heard, scene, Counter())

    def labels(self, label: str) -> set[str]:
        says = reasons.read(self.project).reasons
        return set(says[label].says.values()) if label in says else super().labels(label)

    def worded(self, label: str, language: str) -> str:
        says = reasons.read(self.project).reasons
        return says[label].says[language] if label in says else super().worded(label, language)

    def expect_text(self, text: str, said: Any, language: str) -> None:
        """A question of the survey by its word; apostrophes as the phrasebook has them."""
        asked = TEXTS[said][language].replace("\u2018", "\u02bb") if said in TEXTS else said
        super().expect_text(text, asked, language)

    def expect_toast(self, said: str) -> None:
        """The last one: answers by buttons are all noted."""
        toasts = [call.parameters["text"] for call in self.api.calls if call.method == "answerCallbackQuery" and "text" in call.parameters]
        assert toasts[-1:] == [self.worded(said, self.language)], f"the toasts were {toasts}"

    def expect_kept(self, wanted: Mapping[str, Any]) -> None:
        for name, questions in wanted.items():
            for question, answer in questions.items():
                found = KEPT[question](self, self.people[name]) if question in KEPT else None
                if question not in KEPT:
                    super().expect_kept({name: {question: answer}})
                else:
                    assert found == answer, f"{question} of {name} is {found}"


def answers(talk: Talk, who: int) -> list[Any]:
    rows = talk.shop.rows(t.answers, customer_id=who)
    last = max((row.turn for row in rows), default=0)
    return [row.score if row.score is not None else row.reason or "words" for row in rows if row.turn == last]


def last_words(talk: Talk, who: int) -> str:
    return [row.text for row in talk.shop.rows(t.answers, customer_id=who) if row.text][-1]


def score(talk: Talk, who: int) -> int | None:
    return next((row.score for row in talk.shop.rows(t.feedback, customer_id=who)), None)


def told(talk: Talk, who: int) -> list[Any]:
    return [row for row in talk.shop.rows(t.leaving_reasons, customer_id=who) if row.source == "survey"]


def reason(talk: Talk, who: int) -> str:
    return next((row.reason for row in told(talk, who)), "nothing")


def note(talk: Talk, who: int) -> str:
    text = next((row.note for row in told(talk, who)), "")
    return "words" if text in _said(talk) else text


def _said(talk: Talk) -> set[str]:
    return {said[talk.language] for step in talk.steps for said in step.values() if isinstance(said, dict) and talk.language in said}


def threads(talk: Talk, who: int) -> list[str]:
    return [row.why for row in talk.shop.rows(t.threads, customer_id=who)]


def words_for_a_person(talk: Talk, who: int) -> int:
    (thread,) = talk.shop.rows(t.threads, customer_id=who)
    return len(talk.shop.rows(t.thread_words, thread_id=thread.id))


def person_reads(talk: Talk, who: int) -> str:
    (thread,) = talk.shop.rows(t.threads, customer_id=who)
    return "K-17" if any("K-17" in row.text and "123" in row.text for row in talk.shop.rows(t.thread_words, thread_id=thread.id)) else "nothing"


def planned(talk: Talk, who: int) -> list[str]:
    rows = talk.shop.rows(t.deliveries, customer_id=who, status="planned")
    return [f"{row.stage} on {clock.local_day(row.due_at, talk.project.zone)}" for row in rows]


def events(talk: Talk, who: int) -> Any:
    kinds = Counter(row.kind for row in talk.shop.rows(t.events, customer_id=who))
    return f"{kinds['answer']} answers" if kinds["answer"] else sorted(kinds)


KEPT: Mapping[str, Any] = {
    "answers": answers,  # of the survey, as they stand: numbers, reasons, words
    "last words": last_words,
    "score": score,
    "reason": reason,  # for which they left, as they told it
    "reasons": lambda talk, who: len(told(talk, who)),
    "note": note,
    "threads": threads,  # with a person: why
    "words for a person": words_for_a_person,
    "person reads": person_reads,
    "planned": planned,
    "events": events,
    "tasks": lambda talk, who: len(talk.shop.rows(t.tasks, customer_id=who)),
    "code": lambda talk, who: next(row.status for row in talk.shop.rows(t.codes, customer_id=who)),
}
"""What scripts ask of the store, beside tests/bot/kept.py."""

__all__ = ["LANGUAGES", "RunStatus", "Talk"]

"""Plays a conversation script (tests/bot/scripts/README.md says how one is written) against the made-up Bot API, over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tests.bot import kept
from tests.letterbox import NOW, Letterbox
from winback.bot import answers, listening
from winback.bot.answers import Answer, Phrasebook
from winback.bot.line import Line
from winback.bot.shift import Shift
from winback.demo.bot_api import BotApi, SentMessage
from winback.operations import tending
from winback.settings import Project
from winback.store import database, merging
from winback.tracking import addresses

LANGUAGES = ("en", "uk", "ru", "ro", "uz", "mn")
CHATS = {"olena": 501, "ivan": 502, "maria": 503, "a stranger": 900}
SECOND = " from another account"
STAFF = -100500


@dataclass
class Play:
    """One script in one language, as far as it has been played."""

    project: Project
    shop: Letterbox
    api: BotApi
    language: str
    now: datetime = NOW
    people: dict[str, int] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    seen: int = 0  # of what the bot sent
    seen_edits: int = 0
    seen_calls: int = 0
    seen_in_group: int = 0
    last_said: int = 0

    @cached_property
    def phrasebook(self) -> Phrasebook:
        return answers.read(self.project)

    async def play(self, script: dict[str, Any]) -> None:
        for name, told in script.get("customers", {}).items():
            self.arrange(name, told or {})
        async with Line(self.api.token, api_url=self.api.url, messages_per_second=1_000, seconds_per_chat=0) as self.line:
            for number, step in enumerate(script["talk"], 1):
                ((who, said),) = step.items()
                try:
                    await self.step(who, said)
                except AssertionError as wrong:
                    raise AssertionError(f"step {number}, {who}: {said}: {wrong}") from wrong
        assert self.unheard() == [], "the bot says more than the script expects"

    # Before it begins

    def arrange(self, name: str, told: dict[str, Any]) -> None:
        """A customer who has had a letter: `speaks`, `phone`, and `joined: true` where they agreed before."""
        locale = told.get("speaks", self.language)
        chat = str(CHATS[name]) if told.get("joined") else ""
        who, letter = self.shop.written_to(name, email=f"{name}@mail.example", chat=chat, locale=locale)
        self.people[name], self.letters[name] = who, letter
        kept.arrange(self.shop, who, told, chat)

    # What people do

    async def step(self, who: str, said: Any) -> None:
        match who:
            case "bot":
                await self.hear()
                self.expect(said)
            case "toast":
                await self.hear()
                self.expect_toast(said)
            case "kept":
                await self.hear()
                self.expect_kept(said)
            case "later":
                number, unit = str(said).split()
                self.now += timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(number)})
            case "again":
                self.api.repeat_last()
            case "staff":
                await self.hear()
                self.staff_say(said)
            case "group":
                self.expect_in_group(said)
            case "shop" if said == "looks after threads":
                await self.hear()
                await tending.tend(self.project, self.shop.engine, now=self.now)
            case "shop":
                self.arranged(said)
            case _:
                await self.hear()
                assert self.unheard() == [], "the bot said something that the script doesn't tell of"
                self.act(who, said)

    def act(self, who: str, said: Any) -> None:
        chat = CHATS[who.removesuffix(SECOND)] + (5_000 if who.endswith(SECOND) else 0)
        name = who.removesuffix(SECOND)
        text = self.words(said, name)
        if found := re.fullmatch(r"\((.+)\)", text):
            self.api.customer_presses(chat, self.button(chat, found[1]), language=self.language)
        elif found := re.fullmatch(r"\[(.+)\]", text):
            self.gesture(chat, found[1])
        else:
            self.last_said = self.api.customer_says(chat, text, language=self.language)

    def gesture(self, chat: int, what: str) -> None:
        match what.split(" ", 1):
            case ["blocks", _]:
                self.api.customer_blocks(chat)
            case ["unblocks", _]:
                self.api.customer_unblocks(chat)
            case ["shares", phone] if phone.startswith("their own phone "):
                self.api.customer_shares(chat, phone.removeprefix("their own phone "), language=self.language)
            case ["shares", phone]:
                self.api.customer_shares(chat, phone.rpartition(" ")[2], owner=1, language=self.language)
            case ["sends", _]:
                self.api.customer_sends_photo(chat, language=self.language)
            case ["edits", text]:
                self.api.customer_edits(chat, self.last_said - 1, text.removeprefix("it: "), language=self.language)
            case ["presses", _]:
                self.api.customer_presses(chat, "made-up~data", language=self.language)
            case _:
                raise AssertionError(f"nobody knows how to: {what}")

    def arranged(self, what: str) -> None:
        """What happens at the shop meanwhile."""
        match what.split():
            case ["merges", one, "into", other]:
                with database.writing(self.shop.engine) as connection:
                    merging.merge(connection, self.people[one], self.people[other], self.now)
            case ["forgets", name]:
                kept.forget(self.project, self.shop, name, self.now)
            case _:
                raise AssertionError(f"nobody knows how to: {what}")

    def staff_say(self, said: Any) -> None:
        """Words in a group: `{to: olena, says: ...}` in the topic of her thread, else in none; `photo: true`: below a photo."""
        told = said if isinstance(said, dict) and ("says" in said or "photo" in said) else {"says": said}
        topic = kept.topic(self.shop, self.people.get(told["to"], 0), CHATS[told["to"]]) if "to" in told else 0
        words = self.words(told.get("says", ""), "olena")
        self.api.staff_say(STAFF, words, topic=topic, author=told.get("author", 42), photo=told.get("photo", False))

    def expect_in_group(self, said: Any) -> None:
        """What the bot shows the shop's people, in order: words that must be in each."""
        shown = [message.text for message in self.api.sent[self.seen_in_group :] if message.chat_id == str(STAFF)]
        self.seen_in_group = len(self.api.sent)
        told = [] if said == "nothing" else said if isinstance(said, list) else [said]
        assert len(shown) == len(told), f"the group was shown {shown}"
        for text, one in zip(shown, told, strict=True):
            assert self.words(one, "olena") in text, f"the group was shown {shown}"

    def words(self, said: Any, name: str) -> str:
        """What is said in the script's language; LINK is the customer's own, LINK OF IVAN another's."""
        text = str(said[self.language] if isinstance(said, dict) else said)
        text = re.sub(r"LINK OF ([A-Z]+)", lambda found: self.link(found[1].lower()), text)
        return text.replace("LINK", self.link(name)) if "LINK" in text else text

    def link(self, name: str) -> str:
        return addresses.join("zerno_bot", self.project.key, self.people[name], self.letters[name]).rpartition("=")[2]

    def button(self, chat: int, label: str) -> str:
        """The data of the button with this label below the newest message that has one in this chat."""
        wanted = self.labels(label)
        for message in sorted([*self.api.sent, *self.api.edited], key=lambda message: -message.at):
            for button in message.buttons if message.chat_id == str(chat) else ():
                if button["text"].removeprefix("✓ ").removeprefix("✗ ") in wanted:
                    return button["callback_data"]
        raise AssertionError(f"no message in this chat has a button `{label}`")

    def labels(self, label: str) -> set[str]:
        return {self.phrasebook.say(Answer(label), each) for each in LANGUAGES} if label in set(Answer) else {label}

    # What the bot does

    async def hear(self) -> None:
        await listening.take_in(Shift(self.line, self.shop.engine, self.project, self.phrasebook, lambda: self.now))

    def unheard(self) -> list[SentMessage]:
        """What the bot said and the script hasn't told of yet, in order."""
        said = [message for message in self.api.sent[self.seen :] if message.chat_id != str(STAFF)]
        return sorted([*said, *self.api.edited[self.seen_edits :]], key=lambda message: message.at)

    def expect(self, said: Any) -> None:
        """The bot says these, and nothing else: answers by their keys, or words; `to` another chat; with `buttons`."""
        told = [] if said == "nothing" else said if isinstance(said, list) else [said]
        messages = self.unheard()
        self.seen, self.seen_edits = len(self.api.sent), len(self.api.edited)
        shown = [message.text for message in messages]
        assert len(messages) == len(told), f"the bot said {shown}"
        for message, one in zip(messages, told, strict=True):
            wanted = one if isinstance(one, dict) else {"says": one}
            self.expect_text(message.text, wanted["says"], wanted.get("in", self.language))
            if "buttons" in wanted:
                labels = [button["text"].removeprefix("" if wanted.get("marks", True) else "✓ ") for button in message.buttons]
                expected = [self.worded(each, wanted.get("in", self.language)) for each in wanted["buttons"]]
                assert labels == expected, f"the buttons are {labels}"

    def worded(self, label: str, language: str) -> str:
        mark, bare = (label[:2], label[2:]) if label[:2] in {"✓ ", "✗ "} else ("", label)
        return mark + (self.phrasebook.say(Answer(bare), language) if bare in set(Answer) else bare)

    def expect_text(self, text: str, said: Any, language: str) -> None:
        wanted = str(said[language] if isinstance(said, dict) else said)
        if wanted not in set(Answer):
            assert wanted in text, f"it said: {text}"
            return
        values = dict.fromkeys(answers.values(Answer(wanted)), "\x00")
        pattern = re.escape(self.phrasebook.say(Answer(wanted), language, values)).replace(re.escape("\0"), ".+")
        assert re.fullmatch(pattern, text, re.DOTALL), f"it said: {text}"

    def expect_toast(self, said: str) -> None:
        calls = self.api.calls[self.seen_calls :]
        self.seen_calls = len(self.api.calls)
        toasts = [call.parameters["text"] for call in calls if call.method == "answerCallbackQuery" and "text" in call.parameters]
        assert toasts == [self.phrasebook.say(Answer(said), self.language)], f"the toasts were {toasts}"

    def expect_kept(self, wanted: dict[str, Any]) -> None:
        """`{olena: {joined: true}}`: each word is a question of tests/bot/kept.py."""
        for name, questions in wanted.items():
            for question, answer in questions.items():
                found = kept.QUESTIONS[question](self.shop, self.people.get(name, 0))
                wanted_here = [self.phrasebook.say(Answer(answer), self.language)] if question == "proven words" else answer
                assert found == wanted_here, f"{question} of {name} is {found}"

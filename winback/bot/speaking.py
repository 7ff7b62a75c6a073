"""From what a dialogue says to what goes over the line: words in a language, buttons with their data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Choice, Conclude, Context, Rows, Say, Send, Spoken
from winback.store.owed_answers import Owed
from winback.tracking import presses


class Manner(StrEnum):
    """How something is said."""

    MESSAGE = "message"  # a message of its own
    CONCLUSION = "conclusion"  # in place of the message whose button was pressed
    TOAST = "toast"  # over the chat, for a moment


@dataclass(frozen=True, slots=True)
class Key:
    """A button as it goes over the line: with data, or with an address to open."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to be said, in its final words."""

    manner: Manner
    chat_id: str
    text: str
    rows: tuple[tuple[Key, ...], ...] = ()
    message_id: int = 0  # that is written over
    press_id: str = ""  # that is acknowledged
    topic: int = 0
    phone_label: str = ""  # of the button that shares the person's phone
    ends_asking: bool = False

    def as_json(self) -> dict[str, Any]:
        """As answers that are owed are kept."""
        return asdict(self)


def from_json(kept: Mapping[str, Any]) -> Utterance:
    rows = tuple(tuple(Key(**key) for key in row) for row in kept["rows"])
    return Utterance(**{**kept, "manner": Manner(kept["manner"]), "rows": rows})


def owed(spoken: Spoken, context: Context) -> Owed:
    """It, to be written down until it is said."""
    utterance = word(spoken, context)
    about = spoken.customer_id if isinstance(spoken, Send) else None
    return Owed(utterance.chat_id, utterance.as_json(), about or (context.who.customer_id if context.who else None))


def word(spoken: Spoken, context: Context) -> Utterance:
    """In the words of the phrasebook, with buttons signed for the chat that they go to."""
    heard = context.heard
    chat_id = spoken.chat_id if isinstance(spoken, Send) else heard.chat_id
    text = _text(context, spoken.words, spoken.language, dict(spoken.values))
    match spoken:
        case Acknowledge():
            return Utterance(Manner.TOAST, chat_id, text, press_id=heard.press_id)
        case Conclude():
            rows = _rows(context, spoken.rows, spoken.language, chat_id)
            return Utterance(Manner.CONCLUSION, chat_id, text, rows, message_id=heard.message_id, press_id=heard.press_id)
        case Send():
            return Utterance(Manner.MESSAGE, chat_id, text, _rows(context, spoken.rows, spoken.language, chat_id), topic=spoken.topic)
        case Say():
            label = _text(context, Answer.SHARE_PHONE, spoken.language, {}) if spoken.asks_phone else ""
            rows = _rows(context, spoken.rows, spoken.language, chat_id)
            return Utterance(Manner.MESSAGE, chat_id, text, rows, topic=heard.topic, phone_label=label, ends_asking=spoken.ends_asking)


def _text(context: Context, words: Answer | str, language: str, values: dict[str, str]) -> str:
    return context.phrasebook.say(words, language, values) if isinstance(words, Answer) else words


def _rows(context: Context, rows: Rows, language: str, chat_id: str) -> tuple[tuple[Key, ...], ...]:
    return tuple(tuple(_key(context, choice, language, chat_id) for choice in row) for row in rows)


def _key(context: Context, choice: Choice, language: str, chat_id: str) -> Key:
    label = choice.mark + _text(context, choice.label, language, {})
    if choice.verb is None:
        return Key(label, url=choice.url)
    return Key(label, presses.write(context.project.link_keys, chat_id, choice.verb, *choice.numbers))

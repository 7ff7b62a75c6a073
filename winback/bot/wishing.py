"""Language and settings: what a customer wants of our letters, said in the chat instead of on the preference page (tracking/wanted.py)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from typing import ClassVar

from winback.audience.consents import ConsentWay
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Choice, Conclude, Context, Deed, Deeds, Known, Rows, Say
from winback.bot.updates import Heard, Kind, Place
from winback.journey.wishes import Topic, Wishes, months_later
from winback.letters import formats, locales
from winback.model import ChannelName
from winback.store import consents, preferences
from winback.store.preferences import Card
from winback.tracking import wanted
from winback.tracking.presses import Press, Verb
from winback.tracking.wanted import Said

_ON, _OFF = "✓ ", "✗ "
_TOPICS = (
    (Topic.OFFERS, Answer.TOPIC_OFFERS),
    (Topic.NEWS, Answer.TOPIC_NEWS),
    (Topic.GREETINGS, Answer.TOPIC_GREETINGS),
    (Topic.SURVEYS, Answer.TOPIC_SURVEYS),
)
"""By their places, which buttons name: new ones come at the end."""
_MOST = ((0, Answer.MOST_ANY), (2, Answer.MOST_TWO), (1, Answer.MOST_ONE))
_PAUSES = ((1, Answer.PAUSE_ONE), (3, Answer.PAUSE_THREE), (6, Answer.PAUSE_SIX))


class Field(IntEnum):
    """What a button changes; the first number of Verb.WISH. Each button says what shall hold, so that pressing it twice is pressing it once."""

    TOPIC = 0  # its place, and 1 or 0
    MOST = 1  # letters a month; 0: as many as the policy allows
    PAUSE = 2  # months from today; 0: none
    CHANNEL = 3  # 1 or 0: this chat
    LANGUAGE = 4  # `_number` of one of those on offer


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds now."""

    card: Card
    offered: tuple[str, ...]  # languages
    spoken: str  # the one of them that letters to them are in
    today: date


@dataclass(frozen=True, slots=True)
class Wish(Deed):
    """Keep what the customer wants from now on."""

    card: Card
    wishes: Wishes
    counted: ClassVar[str] = "wish"

    def do(self, context: Context) -> None:
        heard = context.heard
        wording = consents.wording_id(context.connection, heard.shown, context.now) if heard.shown else None
        evidence = {"chat": heard.chat_id, "update": heard.update_id, "message": heard.message_id}
        said = Said("telegram", ConsentWay.CHAT, "telegram /settings", wording, evidence)
        wanted.keep(context.connection, self.card, self.wishes, said, context.now)


def gather(context: Context, known: Known) -> Standing | None:
    """The customer's card, where their wishes are asked for."""
    is_wish = known.press is not None and known.press.verb is Verb.WISH
    if known.who is None or not (is_wish or context.heard.kind in {Kind.SETTINGS, Kind.LANGUAGE}):
        return None
    card = preferences.card(context.connection, known.who.customer_id)
    if card is None:
        return None
    offered, spoken = wanted.languages(context.project, context.scene.policy, card)
    return Standing(card, offered, spoken, context.scene.today)


def decide(heard: Heard, known: Known) -> Deeds | None:
    if heard.place is not Place.PRIVATE:
        return None
    standing = known.note(Standing)
    if heard.kind is Kind.HELP:
        return (Say(Answer.HELP, known.language),)
    if heard.kind in {Kind.SETTINGS, Kind.LANGUAGE}:
        if standing is None:
            return (Say(Answer.STRANGER, known.language, asks_phone=True),)
        return (_settings(standing, known.language) if heard.kind is Kind.SETTINGS else _languages(standing, known.language),)
    if heard.kind is Kind.PRESS and known.press is not None and known.press.verb is Verb.WISH:
        return (Acknowledge(Answer.STALE, known.language),) if standing is None else _wished(known.press, standing, known.language)
    return None


def _wished(press: Press, standing: Standing, language: str) -> Deeds:
    wishes = _changed(press.numbers, standing)
    if wishes is None:
        return (Acknowledge(Answer.STALE, language),)
    kept = Wish(standing.card, wishes)
    if press.numbers[0] == Field.LANGUAGE:
        return kept, Conclude(Answer.LANGUAGE_CHOSEN, wishes.locale)
    doors = tuple(replace(door, closed="") if door.channel not in wishes.channels_off else door for door in standing.card.doors)
    shown = _settings(replace(standing, card=replace(standing.card, wishes=wishes, doors=doors)), language)
    return kept, Conclude(shown.words, language, shown.rows, shown.values)


def _changed(numbers: tuple[int, ...], standing: Standing) -> Wishes | None:
    """The wishes with what a button says; None: it says nothing that is on offer any more."""
    now = standing.card.wishes
    match numbers:
        case (Field.TOPIC, place, (0 | 1) as on) if place < len(_TOPICS):
            topic = {_TOPICS[place][0]}
            return replace(now, topics_off=now.topics_off - topic if on else now.topics_off | topic)
        case (Field.MOST, most) if most in {number for number, _ in _MOST}:
            return replace(now, most_letters=most or None)
        case (Field.PAUSE, months) if months in {0, *(number for number, _ in _PAUSES)}:
            return replace(now, paused_until=months_later(standing.today, months) if months else None)
        case (Field.CHANNEL, (0 | 1) as on):
            here = {ChannelName.TELEGRAM}
            return replace(now, channels_off=now.channels_off - here if on else now.channels_off | here)
        case (Field.LANGUAGE, number):
            chosen = next((language for language in standing.offered if _number(language) == number), None)
            return None if chosen is None else replace(now, locale=chosen)
    return None


def _settings(standing: Standing, language: str) -> Say:
    card, wishes = standing.card, standing.card.wishes
    comes = card.comes_by(ChannelName.TELEGRAM)
    rows = (*_topics(wishes), _most(wishes), _pauses(wishes, standing.today), (_choice(Answer.WRITE_HERE, comes, Field.CHANNEL, int(not comes)),))
    if not comes:
        return Say(Answer.SETTINGS_OFF, language, rows)
    if wishes.paused_until is not None and wishes.is_paused(standing.today):
        day = formats.write_date(wishes.paused_until, locale=locales.babel_name(language))
        return Say(Answer.SETTINGS_PAUSED, language, rows, (("day", day),))
    return Say(Answer.SETTINGS, language, rows)


def _topics(wishes: Wishes) -> Rows:
    wants = [topic not in wishes.topics_off for topic, _ in _TOPICS]
    choices = [_choice(label, wants[place], Field.TOPIC, place, int(not wants[place])) for place, (_, label) in enumerate(_TOPICS)]
    return tuple(tuple(choices[place : place + 2]) for place in range(0, len(choices), 2))


def _most(wishes: Wishes) -> tuple[Choice, ...]:
    return tuple(Choice(label, Verb.WISH, (Field.MOST, most), mark=_ON if (wishes.most_letters or 0) == most else "") for most, label in _MOST)


def _pauses(wishes: Wishes, today: date) -> tuple[Choice, ...]:
    if wishes.is_paused(today):
        return (Choice(Answer.PAUSE_END, Verb.WISH, (Field.PAUSE, 0)),)
    return tuple(Choice(label, Verb.WISH, (Field.PAUSE, months)) for months, label in _PAUSES)


def _choice(label: Answer, holds: bool, *numbers: int) -> Choice:
    return Choice(label, Verb.WISH, numbers, mark=_ON if holds else _OFF)


def _languages(standing: Standing, language: str) -> Say:
    rows = tuple(
        (Choice(locales.own_name(each), Verb.WISH, (Field.LANGUAGE, _number(each)), mark=_ON if each == standing.spoken else ""),)
        for each in standing.offered
    )
    return Say(Answer.LANGUAGE, language, rows)


def _number(language: str) -> int:
    """A language as a number that it keeps whatever other ones there are: its letters in base 36."""
    return int("".join(letter for letter in language.lower() if letter.isascii() and letter.isalnum()) or "0", 36)

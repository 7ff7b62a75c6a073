"""Remind me later: when, never after what it would remind of is over, and the message comes once more on that day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from winback import clock
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Choice, Conclude, Context, Deed, Deeds, Known, Say, Spoken
from winback.bot.updates import Heard, Kind, Place
from winback.journey import policy, repeats, zones
from winback.journey.repeats import Later
from winback.letters import formats, locales
from winback.model import ChannelName
from winback.store import freshness
from winback.store import repeats as store
from winback.store.repeats import Repeatable
from winback.tracking.presses import Verb

_LABELS: Mapping[Later, Answer] = {Later.THREE_DAYS: Answer.LATER_3, Later.WEEK: Answer.LATER_7, Later.MONTH: Answer.LATER_30}


@dataclass(frozen=True, slots=True)
class Postponing:
    """A message that is to come again, and when it may."""

    message: Repeatable | None  # None: there is nothing to be reminded of
    choices: tuple[Later, ...] = ()
    calendar: ZoneInfo | None = None  # whose days count for the customer


@dataclass(frozen=True, slots=True)
class PutOff(Deed):
    """Let the message come again, and the journey wait for it."""

    message: Repeatable
    later: Later
    calendar: ZoneInfo
    language: str
    counted: ClassVar[str] = "later"

    def do(self, context: Context) -> tuple[Spoken, ...]:
        due_at = repeats.moment(context.now, self.later, self.calendar)
        if not store.put_off(context.connection, self.message, due_at, dedupe_key=context.happening, now=context.now):
            return (Conclude(Answer.LATER_BUSY, self.language),)
        freshness.confirm(context.connection, [(self.message.customer_id, ChannelName.TELEGRAM, context.now)])
        return (Conclude(Answer.LATER_SET, self.language, values=(("day", _day(due_at, self.calendar, self.language)),)),)


def gather(context: Context, known: Known) -> Postponing | None:
    heard, press = context.heard, known.press
    if heard.kind is not Kind.PRESS or heard.place is not Place.PRIVATE or press is None or known.who is None:
        return None
    if (press.verb, len(press.numbers)) not in {(Verb.LATER, 1), (Verb.LATER_IN, 2)}:
        return None
    message = store.find(context.connection, press.numbers[0], known.who.customer_id)
    if message is None:
        return Postponing(None)
    calendar = zones.calendar(message.time_zone or context.project.settings.time_zone, policy.read(context.project).for_country(message.country))
    return Postponing(message, _choices(message, context.now, calendar), calendar)


def _choices(message: Repeatable, now: datetime, calendar: ZoneInfo) -> tuple[Later, ...]:
    offered = [clock.local_day(message.offer_ends_at, calendar)] if message.offer_ends_at else []
    return repeats.choices(now, calendar, [message.ends_on, *offered])


def decide(heard: Heard, known: Known) -> Deeds | None:
    note, press = known.note(Postponing), known.press
    if note is None or press is None or heard.kind is not Kind.PRESS:
        is_ours = press is not None and press.verb in {Verb.LATER, Verb.LATER_IN}
        return (Acknowledge(Answer.STALE, known.language),) if is_ours else None
    if press.verb is Verb.LATER:
        return Acknowledge(), _when(note, press.numbers[0], known.language)
    later = next((each for each in note.choices if each == press.numbers[1]), None)
    if note.message is None or note.calendar is None or later is None:
        return (Conclude(Answer.LATER_OVER, known.language),)
    return (PutOff(note.message, later, note.calendar, known.language),)


def _when(note: Postponing, delivery_id: int, language: str) -> Say:
    if note.message is None or not note.choices:
        return Say(Answer.LATER_OVER, language)
    if note.message.is_busy:
        return Say(Answer.LATER_BUSY, language)
    return Say(Answer.LATER_WHEN, language, tuple((Choice(_LABELS[each], Verb.LATER_IN, (delivery_id, int(each))),) for each in note.choices))


def _day(moment: datetime, calendar: ZoneInfo, language: str) -> str:
    return formats.write_day(clock.local_day(moment, calendar), locale=locales.babel_name(language))

"""Handing a conversation over to a person of the shop: what the bot doesn't know, what it was told to pass on, and who asks for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback import clock
from winback.bot import person_words, replying
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Context, Deed, Deeds, Known, Say, Spoken
from winback.bot.updates import Heard, Kind, Place
from winback.journey import office
from winback.journey.threads import Author, Why
from winback.letters import formats, locales
from winback.model import ChannelName
from winback.store import thread_replies, threads
from winback.store.threads import Asker, Put, Words
from winback.tracking.presses import Verb

_NOTES = {
    Why.WORDS: "Wrote what the bot doesn't know.",
    Why.BAD_SCORE: "Gave a bad score.",
    Why.PERSON: "Asked for a person.",
    Why.ORDER: "Asked where an order is.",
    Why.PHONE: "Shared a phone number that leads to no single customer.",
    Why.TWO: "Opened the link of another customer: one person with two records, or two people with one chat.",
}
"""What the shop's people read where the customer wrote no words of their own."""


@dataclass(frozen=True, slots=True)
class HandOver(Deed):
    """A person is to look at this chat; `why` is a word of journey.threads.Why. Where the update is a reply too, replying.Reply comes before."""

    why: str
    note: str = ""  # for the shop's people: what was pressed or scored
    tells: bool = False  # the bot says by when a person answers; otherwise whoever hands over says something themselves
    counted: ClassVar[str] = "handed-over"

    def do(self, context: Context) -> tuple[Spoken, ...]:
        why, heard = Why(self.why), context.heard
        words = heard.text if heard.kind is Kind.WORDS else ""
        event_id = thread_replies.of_key(context.connection, context.happening, context.now)
        hours = office.read(context.project)
        put = threads.hear(
            context.connection,
            _asker(context),
            Words(
                key=context.happening,
                why=why,
                channel=ChannelName.TELEGRAM,
                at=context.now,
                due_at=hours.due_at(context.now),
                text=self.note or words or ("" if heard.has_media else _NOTES.get(why, "")),
                author=Author.CUSTOMER if (words or heard.has_media) and not self.note else Author.BOT,
                remote_id=str(heard.message_id) if heard.message_id and heard.kind is Kind.WORDS else "",
                event_id=event_id,
                has_media=heard.has_media,
            ),
            show=bool(context.project.settings.telegram.staff_chat),
        )
        return _told(context, put, hours) if self.tells and put.is_new else ()


def _asker(context: Context) -> Asker:
    heard = context.heard
    if context.who is not None:
        return Asker(context.who.customer_id, heard.chat_id, language=context.who.locale)
    return Asker(None, heard.chat_id, heard.author, heard.language)


def _told(context: Context, put: Put, hours: office.Office) -> tuple[Spoken, ...]:
    """By when a person answers. Who waits already, and writes on, isn't told again; a stranger is told first how to join."""
    spoken = context.who.locale if context.who else context.heard.language
    if context.who is None and put.turn == 1:
        return (Say(Answer.STRANGER, spoken, asks_phone=True),)
    if put.waited and not (context.who is None and put.turn == 2):
        return ()
    answer = Answer.HANDED_OVER if hours.is_open(context.now) else Answer.HANDED_OVER_LATER
    locale = locales.babel_name(context.phrasebook.locale(answer, spoken))
    due = hours.due_at(context.now).astimezone(context.project.zone)
    when = formats.write_when(due.replace(tzinfo=None), clock.local_day(context.now, context.project.zone), locale=locale)
    return (Say(answer, spoken, values=(("when", when),)),)


@dataclass(frozen=True, slots=True)
class Change(Deed):
    """The customer wrote a message anew that lies in a thread."""

    def do(self, context: Context) -> None:
        heard = context.heard
        threads.change(context.connection, heard.chat_id, str(heard.message_id), heard.text, context.now)


def decide(heard: Heard, known: Known) -> Deeds | None:
    """Words that no other dialogue took, and the button that asks for a person."""
    if heard.place is not Place.PRIVATE:
        return None
    match heard.kind:
        case Kind.PRESS if known.press is not None and known.press.verb is Verb.PERSON:
            return HandOver(Why.PERSON, tells=True), Acknowledge()
        case Kind.WORDS if heard.is_edit:
            return (Change(),)
        case Kind.WORDS:
            over = HandOver(Why.PERSON if person_words.ask(heard.text) else Why.WORDS, tells=True)
            return (over,) if known.who is None else (replying.Reply(), over)
    return None

"""Joining and leaving: a letter's link, the consent to be written to, /stop, and a bot that was blocked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from winback.bot import replying
from winback.bot.answers import Answer
from winback.bot.dialogue import Choice, Conclude, Context, Deed, Deeds, Known, Say
from winback.bot.updates import Heard, Kind, Place
from winback.model import EventKind
from winback.store import chats, events
from winback.store.chats import Invited
from winback.tracking import asking, endings
from winback.tracking.presses import Verb


class Came(IntEnum):
    """What shows that whoever agrees is the customer; a number of Verb.JOIN."""

    LINK = 0  # they had the link that was made for them


@dataclass(frozen=True, slots=True)
class Join(Deed):
    """Bind the chat to the customer, with their consent."""

    customer_id: int
    counted: ClassVar[str] = "joined"

    def do(self, context: Context) -> None:
        chats.join(
            context.connection,
            self.customer_id,
            chat_id=context.heard.chat_id,
            address_hash=context.chat_hash,
            source="telegram /start",
            now=context.now,
        )


@dataclass(frozen=True, slots=True)
class Stop(Deed):
    """Never write to this chat; the journeys end."""

    counted: ClassVar[str] = "unsubscribe"

    def do(self, context: Context) -> None:
        assert context.who is not None
        endings.end(context.connection, context.who, replying.event(EventKind.UNSUBSCRIBE, context, context.who), context.now)


@dataclass(frozen=True, slots=True)
class Block(Deed):
    """The chat can't be reached."""

    counted: ClassVar[str] = "blocked"

    def do(self, context: Context) -> None:
        assert context.who is not None
        events.record(context.connection, [replying.event(EventKind.BLOCKED, context, context.who)])
        chats.block(context.connection, context.who.customer_id, context.now)


@dataclass(frozen=True, slots=True)
class Unblock(Deed):
    """The chat can be reached again."""

    counted: ClassVar[str] = "unblocked"

    def do(self, context: Context) -> None:
        assert context.who is not None
        chats.unblock(context.connection, context.who.customer_id)


def decide(heard: Heard, known: Known) -> Deeds | None:
    """Deeds of the store come before what is said about them."""
    if heard.place is not Place.PRIVATE:
        return None
    match heard.kind:
        case Kind.START:
            return (_welcome(heard, known),)
        case Kind.PRESS if known.press is not None and known.press.verb is Verb.JOIN:
            return _agreed(heard, known)
        case Kind.STOP:
            return _stopped(known)
        case Kind.WORDS if known.who is not None and asking.to_stop(heard.text):
            return _stopped(known)
        case Kind.BLOCKED:
            return (Block(),) if known.who else ()
        case Kind.UNBLOCKED:
            return (Unblock(),) if known.who else ()
    return None


def _welcome(heard: Heard, known: Known) -> Say:
    if not heard.text:
        return Say(Answer.ALREADY_JOINED if known.is_open else Answer.STRANGER, known.language)
    invited = known.invited
    if invited is None:
        return Say(Answer.LINK_LOST, known.language)
    if _is_taken(heard, known, invited):
        return Say(Answer.LINK_TAKEN, known.language)
    if known.is_open:
        return Say(Answer.ALREADY_JOINED, known.language)
    agree = Choice(Answer.AGREE, Verb.JOIN, (invited.customer_id, invited.delivery_id, Came.LINK))
    return Say(Answer.INVITATION, known.language, ((agree,),))


def _agreed(heard: Heard, known: Known) -> Deeds:
    if known.invited is None:
        return (Conclude(Answer.LINK_LOST, known.language),)
    if _is_taken(heard, known, known.invited):
        return (Conclude(Answer.LINK_TAKEN, known.language),)
    return Join(known.invited.customer_id), Conclude(Answer.JOINED, known.language)


def _stopped(known: Known) -> Deeds:
    return (*((Stop(),) if known.who else ()), Say(Answer.STOPPED, known.language))


def _is_taken(heard: Heard, known: Known, invited: Invited) -> bool:
    """A forwarded link binds nobody else's chat, and a chat that is one customer's doesn't become another's."""
    elsewhere = invited.chat_id not in {"", heard.chat_id}
    return elsewhere or (known.who is not None and known.who.customer_id != invited.customer_id)

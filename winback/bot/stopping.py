"""Leaving: /stop, words that ask for it, and a bot that was blocked or let in again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback.bot import replying
from winback.bot.answers import Answer
from winback.bot.dialogue import Context, Deed, Deeds, Known, Say
from winback.bot.updates import Heard, Kind, Place
from winback.model import EventKind
from winback.store import chats, events
from winback.tracking import asking, endings


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
    """Whoever asks to be left alone is obeyed before anything else is understood, also where they say it by changing an earlier message."""
    if heard.place is not Place.PRIVATE:
        return None
    match heard.kind:
        case Kind.STOP:
            return (*((Stop(),) if known.who else ()), Say(Answer.STOPPED, known.language))
        case Kind.WORDS if known.who is not None and asking.to_stop(heard.text):
            return Stop(), Say(Answer.STOPPED, known.language)
        case Kind.BLOCKED:
            return (Block(),) if known.who else ()
        case Kind.UNBLOCKED:
            return (Unblock(),) if known.who else ()
    return None

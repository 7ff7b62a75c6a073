"""What the bot does about what it hears: a decision on values, so that it can be read and tested without Telegram or a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from winback.bot.answers import Answer
from winback.bot.updates import Heard, Kind
from winback.store.chats import Invited
from winback.store.correspondence import Correspondent
from winback.tracking import asking

AGREES = "join:"
"""How the data of the consent button begins; the joining token follows (45 of the 64 bytes that Telegram allows)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the chat, and of the token that came with the update."""

    who: Correspondent | None = None  # the customer this chat belongs to
    is_open: bool = False  # they agreed to be written to here
    invited: Invited | None = None  # the customer that the token was made for
    token: str = ""  # the token itself, when it is ours


@dataclass(frozen=True, slots=True)
class Join:
    """Bind the chat to the customer, with their consent."""

    customer_id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Never write to this chat; the journeys end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Keep the words; the journeys that stop on replies end."""


@dataclass(frozen=True, slots=True)
class Block:
    """The chat can't be reached."""


@dataclass(frozen=True, slots=True)
class Unblock:
    """The chat can be reached again."""


@dataclass(frozen=True, slots=True)
class Say:
    """Answer in the chat; with `token`, the button that gives consent stands below."""

    answer: Answer
    language: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Acknowledge a press, and put the answer in place of the message with the button: it can't be pressed twice."""

    answer: Answer
    language: str


Deed: TypeAlias = Join | Stop | Reply | Block | Unblock | Say | Conclude


def decide(heard: Heard, known: Known) -> tuple[Deed, ...]:
    """What to do, in order. Deeds of the store come before what is said about them."""
    language = known.who.locale if known.who else known.invited.locale if known.invited else heard.language
    match heard.kind:
        case Kind.START:
            return (_welcome(heard, known, language),)
        case Kind.PRESS:
            return _pressed(heard, known, language)
        case Kind.STOP:
            return _stopped(known, language)
        case Kind.WORDS if known.who is None:
            return (Say(Answer.STRANGER, language),)
        case Kind.WORDS:
            return _stopped(known, language) if asking.to_stop(heard.text) else (Reply(), Say(Answer.THANKS, language))
        case Kind.BLOCKED:
            return (Block(),) if known.who else ()
        case Kind.UNBLOCKED:
            return (Unblock(),) if known.who else ()
    return ()


def _welcome(heard: Heard, known: Known, language: str) -> Say:
    if not heard.text:
        return Say(Answer.ALREADY_JOINED if known.is_open else Answer.STRANGER, language)
    if known.invited is None:
        return Say(Answer.LINK_LOST, language)
    if _is_taken(heard, known, known.invited):
        return Say(Answer.LINK_TAKEN, language)
    return Say(Answer.ALREADY_JOINED, language) if known.is_open else Say(Answer.INVITATION, language, known.token)


def _pressed(heard: Heard, known: Known, language: str) -> tuple[Deed, ...]:
    """Button data comes from the customer's app and can be made up: the token in it is checked like that of a link."""
    if known.invited is None:
        return (Conclude(Answer.LINK_LOST, language),)
    if _is_taken(heard, known, known.invited):
        return (Conclude(Answer.LINK_TAKEN, language),)
    return Join(known.invited.customer_id), Conclude(Answer.JOINED, language)


def _stopped(known: Known, language: str) -> tuple[Deed, ...]:
    return (*((Stop(),) if known.who else ()), Say(Answer.STOPPED, language))


def _is_taken(heard: Heard, known: Known, invited: Invited) -> bool:
    """A forwarded link binds nobody else's chat, and a chat that is one customer's doesn't become another's."""
    elsewhere = invited.chat_id not in {"", heard.chat_id}
    return elsewhere or (known.who is not None and known.who.customer_id != invited.customer_id)

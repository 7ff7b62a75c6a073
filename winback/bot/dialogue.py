"""What a dialogue is: a decision on what was heard and what is known, whose deeds are done in the store or spoken.

A dialogue is a module with `decide(heard, known)`, pure, which returns None where the update isn't its own. What it needs to know beyond
`Known` it gathers itself: `gather(context, known)` returns one value of a class of its own, that `decide` finds again by
`known.note(ThatClass)`. bot/conversation.py lists them in the order in which they are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import ClassVar, Self, TypeAlias, TypeVar

from sqlalchemy import Connection

from winback import clock
from winback.bot.answers import Answer, Phrasebook
from winback.bot.updates import Heard
from winback.journey import policy
from winback.journey.policy import Policy
from winback.model import ChannelName
from winback.settings import Project
from winback.store.chats import Invited
from winback.store.contacts import address_hash
from winback.store.correspondence import Correspondent
from winback.tracking.presses import Press, Verb

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the chat, and of the link or button that the update came by."""

    who: Correspondent | None = None  # the customer this chat belongs to
    is_open: bool = False  # they agreed to be written to here
    language: str = ""  # to answer in: theirs, that of whom the link was made for, that of their app
    press: Press | None = None  # of a button of ours; None: forged, of another chat, or no button
    invited: Invited | None = None  # the customer that a joining link or button was made for
    notes: Mapping[type, object] = field(default_factory=dict)  # what the dialogues gathered

    def note(self, shape: type[T]) -> T | None:
        """What a dialogue gathered in a class of its own; None: nothing."""
        found = self.notes.get(shape)
        return found if isinstance(found, shape) else None

    def noting(self, note: object | None) -> Self:
        return self if note is None else replace(self, notes={**self.notes, type(note): note})


@dataclass(frozen=True)
class Scene:
    """What all updates of a batch have in common."""

    project: Project
    phrasebook: Phrasebook
    now: datetime

    @cached_property
    def policy(self) -> Policy:
        """What holds in each country, read once. Raises ConfigError."""
        return policy.read(self.project)

    @property
    def today(self) -> date:
        return clock.local_day(self.now, self.project.zone)


@dataclass(frozen=True, slots=True)
class Context:
    """What a deed is done with: the transaction of its batch, and who it is about as the update found them."""

    connection: Connection
    heard: Heard
    who: Correspondent | None
    scene: Scene

    @property
    def project(self) -> Project:
        return self.scene.project

    @property
    def phrasebook(self) -> Phrasebook:
        return self.scene.phrasebook

    @property
    def now(self) -> datetime:
        return self.scene.now

    @property
    def chat_hash(self) -> bytes:
        """The chat as contacts and suppressions know it."""
        return address_hash(self.project.key, ChannelName.TELEGRAM, self.heard.chat_id)

    @property
    def happening(self) -> str:
        """A key for what this update brings about: the same for the same update, and for no other, whatever number Telegram gives."""
        return f"telegram:{self.heard.update_id}:{self.heard.said_at}"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done in the store."""

    counted: ClassVar[str] = ""  # the word it is counted by; empty: it isn't

    def do(self, context: Context) -> tuple[Spoken, ...] | None:
        """Do it. What can be said only now that it is done is returned, to be spoken."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Choice:
    """A button below what the bot says: its label, and what a press of it says; or the address that it opens."""

    label: Answer | str
    mark: str = field(default="", kw_only=True)  # before the label: "✓ "
    verb: Verb | None = None
    numbers: tuple[int, ...] = ()
    url: str = ""


Rows: TypeAlias = tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Answer in the chat that was heard."""

    words: Answer | str
    language: str
    rows: Rows = ()
    values: tuple[tuple[str, str], ...] = ()  # for the {name}s of an answer
    asks_phone: bool = False  # with a button below the keyboard that shares the person's own phone
    ends_asking: bool = False  # that button goes


@dataclass(frozen=True, slots=True)
class Conclude:
    """Acknowledge a press, and put the answer in place of the message with the button: what can't be pressed twice has no rows."""

    words: Answer | str
    language: str
    rows: Rows = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Acknowledge a press with a few words that go by themselves, and leave the message as it is: for stale buttons."""

    words: Answer | str = ""
    language: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Say something in another chat: the staff's group, a customer."""

    chat_id: str
    words: Answer | str
    language: str
    rows: Rows = ()
    values: tuple[tuple[str, str], ...] = ()
    topic: int = 0  # of a group with topics
    customer_id: int | None = None  # of whom it tells, where that isn't whom the heard chat belongs to


Spoken: TypeAlias = Say | Conclude | Acknowledge | Send
Deeds: TypeAlias = tuple[Deed | Spoken, ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One of the things that the bot can talk about."""

    decide: Callable[[Heard, Known], Deeds | None]
    gather: Callable[[Context, Known], object | None] | None = None


def decide(dialogues: tuple[Dialogue, ...], context: Context, known: Known) -> Deeds:
    """What the first of the dialogues says whose update it is; nothing, where it is nobody's. Each gathers only once it is asked."""
    for dialogue in dialogues:
        if dialogue.gather is not None:
            known = known.noting(dialogue.gather(context, known))
        deeds = dialogue.decide(context.heard, known)
        if deeds is not None:
            return deeds
    return ()

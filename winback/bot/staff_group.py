"""What the shop's people write in their group: an answer in a customer's topic goes to the customer.

Everybody who is let into the group may answer. Who they are is told by Telegram's number of them, where it is a sender's `telegram_chat`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback.bot.dialogue import Context, Deed, Deeds, Known, Say, Spoken
from winback.bot.updates import Heard, Kind, Place
from winback.letters import sender
from winback.model import ChannelName
from winback.sending import answering
from winback.store import thread_lists, threads

_LANGUAGE = "en"  # as the commands are
_NOBODY = {777000, 136817688}
"""Who writes in the name of a channel: foreign words, not an answer (core.telegram.org/bots/api#message, `sender_chat`)."""
_LONGEST = 3_500
"""Characters of an answer: Telegram takes 4,096, and a signature stands above."""

_CAPTION = 900
"""The same below a picture, of 1,024."""

NO_CHAT = "They have no chat with the bot, and are answered by mail: only words reach them. Nothing was sent."
TOO_LONG = f"That is too long for one message: at most {_LONGEST:,} characters, below a picture {_CAPTION:,}. Nothing was sent."
NOT_SENT = "This thread can't be answered any more. Nothing was sent."
CLOSED = "Closed. What they write next begins anew."


@dataclass(frozen=True, slots=True)
class Topic:
    """The thread that the topic shows, and who writes in it."""

    thread_id: int
    by: str  # a key of senders.yaml, else their name
    has_chat: bool  # the customer has one with the bot


def gather(context: Context, _known: Known) -> Topic | None:
    """None where it isn't the group of the shop's people, or no customer's topic."""
    heard, project = context.heard, context.project
    if heard.place is not Place.GROUP or heard.chat_id != project.settings.telegram.staff_chat or not heard.topic:
        return None
    row = thread_lists.of_topic(context.connection, heard.topic)
    if row is None:
        return None
    known = sender.read(project).senders
    by = next((key for key, each in known.items() if each.telegram_chat == str(heard.author_id)), heard.author)
    return Topic(row.id, by[:100], bool(row.chat_id))


@dataclass(frozen=True, slots=True)
class Answer(Deed):
    """Write the answer down: it leaves as soon as answers are sent next. Of a picture its place is written down: the key names it."""

    topic: Topic
    counted: ClassVar[str] = "staff-answer"

    def do(self, context: Context) -> tuple[Spoken, ...]:
        heard, connection = context.heard, context.connection
        key = answering.written_in_group(heard.chat_id, heard.message_id)
        threads.reopen(connection, self.topic.thread_id)  # whoever answers a closed thread goes on with it
        channel = ChannelName.TELEGRAM if heard.has_media else ""
        done = threads.answer(
            connection, self.topic.thread_id, key, self.topic.by, heard.text, context.now, channel=channel, has_media=heard.has_media
        )
        return () if done is not None else (Say(NOT_SENT, _LANGUAGE),)


@dataclass(frozen=True, slots=True)
class Close(Deed):
    """Nothing is left to say."""

    topic: Topic
    counted: ClassVar[str] = "thread-closed"

    def do(self, context: Context) -> None:
        threads.close(context.connection, self.topic.thread_id, self.topic.by, context.now)


@dataclass(frozen=True, slots=True)
class Take(Deed):
    """The thread is theirs from now on."""

    topic: Topic

    def do(self, context: Context) -> None:
        threads.assign(context.connection, self.topic.thread_id, self.topic.by)


def decide(heard: Heard, known: Known) -> Deeds | None:
    """An answer, /close, /take; what Telegram itself writes in a topic is nothing to us, and a changed answer has left already."""
    topic = known.note(Topic)
    if topic is None or heard.kind is not Kind.GROUP:
        return None
    if heard.is_edit or heard.author_id in _NOBODY or not (heard.text or heard.has_media):
        return ()
    command = heard.text.partition(" ")[0].partition("@")[0].lower()
    if command == "/close":
        return Close(topic), Say(CLOSED, _LANGUAGE)
    if command == "/take":
        return (Take(topic), Say(f"It is {topic.by}'s now.", _LANGUAGE))
    if heard.has_media and not topic.has_chat:
        return (Say(NO_CHAT, _LANGUAGE),)
    if len(heard.text) > (_CAPTION if heard.has_media else _LONGEST):
        return (Say(TOO_LONG, _LANGUAGE),)
    return (Answer(topic),)

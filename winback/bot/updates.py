"""What Telegram tells the bot, reduced to what a conversation is decided on (core.telegram.org/bots/api#update)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

WANTED = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""The kinds of update that are asked for."""


class Kind(StrEnum):
    """What happened in a chat."""

    START = "start"  # /start, with the payload of the link it came by
    STOP = "stop"  # /stop
    WORDS = "words"  # anything else that was written, or sent with a caption
    PRESS = "press"  # a button with callback data
    BLOCKED = "blocked"  # the bot was stopped in the app
    UNBLOCKED = "unblocked"  # and let in again
    OTHER = "other"  # groups, edits: nothing to us


@dataclass(frozen=True, slots=True)
class Heard:
    """One update."""

    update_id: int
    kind: Kind
    chat_id: str = ""
    text: str = ""  # the words, the payload of /start, or a button's data
    language: str = ""  # of the person's app, IETF
    said_at: int = 0  # Unix time by Telegram's clock; 0: not told
    message_id: int = 0  # of the message with the pressed button
    press_id: str = ""  # to acknowledge the press


def read(update: Update) -> Heard:
    """The update as a value. What is not a private chat with a person is OTHER."""
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    if update.message is not None and update.message.chat.type == ChatType.PRIVATE:
        return _message(update.update_id, update.message)
    return Heard(update.update_id, Kind.OTHER)


def _message(update_id: int, message: Message) -> Heard:
    text = (message.text or message.caption or "").strip()
    command, _, payload = text.partition(" ")
    kind = {"/start": Kind.START, "/stop": Kind.STOP}.get(command.partition("@")[0].lower(), Kind.WORDS)
    return Heard(
        update_id,
        kind,
        chat_id=str(message.chat.id),
        text=payload.strip() if kind is Kind.START else text,
        language=_language(message),
        said_at=int(message.date.timestamp()),
    )


def _language(told: Message | CallbackQuery | ChatMemberUpdated) -> str:
    return (told.from_user.language_code or "") if told.from_user else ""


def _press(update_id: int, press: CallbackQuery) -> Heard:
    chat = press.message.chat if press.message else None
    if chat is None or chat.type != ChatType.PRIVATE:
        return Heard(update_id, Kind.OTHER)
    return Heard(
        update_id,
        Kind.PRESS,
        chat_id=str(chat.id),
        text=press.data or "",
        language=_language(press),
        message_id=press.message.message_id if press.message else 0,
        press_id=press.id,
    )


def _membership(update_id: int, changed: ChatMemberUpdated) -> Heard:
    """In a private chat the bot's own membership says whether the person keeps it: `kicked` or `member`."""
    if changed.chat.type != ChatType.PRIVATE:
        return Heard(update_id, Kind.OTHER)
    kind = Kind.BLOCKED if changed.new_chat_member.status == ChatMemberStatus.BANNED else Kind.UNBLOCKED
    return Heard(update_id, kind, chat_id=str(changed.chat.id), language=_language(changed), said_at=int(changed.date.timestamp()))

"""What Telegram tells the bot, reduced to what a conversation is decided on (core.telegram.org/bots/api#update)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

WANTED = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""The kinds of update that are asked for."""


class Kind(StrEnum):
    """What happened in a chat."""

    START = "start"  # /start, with the payload of the link it came by
    STOP = "stop"  # /stop
    LANGUAGE = "language"  # /language
    SETTINGS = "settings"  # /settings
    HELP = "help"  # /help, and commands that nobody knows
    WORDS = "words"  # anything else that was written, or sent with a caption
    PRESS = "press"  # a button with callback data
    CONTACT = "contact"  # a contact was shared
    BLOCKED = "blocked"  # the bot was stopped in the app
    UNBLOCKED = "unblocked"  # and let in again
    GROUP = "group"  # whatever was written in a group; commands there are words like others
    OTHER = "other"  # nothing to us


class Place(StrEnum):
    """Where it happened."""

    PRIVATE = "private"  # between the bot and one person
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Heard:
    """One update."""

    update_id: int
    kind: Kind
    chat_id: str = ""
    text: str = ""  # the words, the payload of /start, or a button's data
    language: str = ""  # of the person's app, IETF
    said_at: int = 0  # Unix time by Telegram's clock; 0: not told
    message_id: int = 0  # of the message that was written, or that has the pressed button
    press_id: str = ""  # to acknowledge the press
    shown: str = ""  # the text of the message with the pressed button; empty: Telegram doesn't tell any more
    place: Place = Place.PRIVATE
    topic: int = 0  # of a group with topics (message_thread_id); 0: none
    author: str = ""  # their name as Telegram shows it: made up by themselves
    author_id: int = 0
    reply_to: int = 0  # the message that this one answers
    is_edit: bool = False  # an earlier message, changed
    phone: str = ""  # of a shared contact, where it is the sender's own by Telegram's word
    has_media: bool = False


_LARGEST = 2**63  # what databases hold

_COMMANDS: Mapping[str, Kind] = {
    "/start": Kind.START,
    "/stop": Kind.STOP,
    "/language": Kind.LANGUAGE,
    "/settings": Kind.SETTINGS,
    "/help": Kind.HELP,
}


def read(update: Update) -> Heard:
    """The update as a value. What is neither a person's nor a group's is OTHER, and so is one that isn't shaped as Telegram says."""
    try:
        heard = _read(update)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return Heard(update.update_id, Kind.OTHER)
    if all(_is_as_said(getattr(heard, each.name), each.type) for each in fields(Heard)):
        return replace(heard, text=_text(heard.text), author=_text(heard.author), shown=_text(heard.shown), language=_text(heard.language))
    return Heard(update.update_id, Kind.OTHER)


def _is_as_said(value: object, kind: object) -> bool:
    """python-telegram-bot takes any JSON for any field."""
    if kind == "int":
        return type(value) is int and abs(value) < _LARGEST
    return type(value) is bool if kind == "bool" else isinstance(value, str)


def _text(told: str) -> str:
    """Without halves of surrogate pairs, which JSON can hold and no encoding can write."""
    return told if told.isascii() else told.encode(errors="ignore").decode()


def _read(update: Update) -> Heard:
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    message = update.message or update.edited_message
    place = _place(message.chat) if message is not None else None
    if message is None or place is None:
        return Heard(update.update_id, Kind.OTHER)
    return _message(update.update_id, message, place, is_edit=update.edited_message is not None)


def _place(chat: Chat) -> Place | None:
    if chat.type == ChatType.PRIVATE:
        return Place.PRIVATE
    return Place.GROUP if chat.type in {ChatType.GROUP, ChatType.SUPERGROUP} else None


def _message(update_id: int, message: Message, place: Place, *, is_edit: bool) -> Heard:
    text = (message.text or message.caption or "").strip()
    kind, words = (Kind.GROUP, text) if place is Place.GROUP else _meant(message, text)
    author = message.from_user
    return Heard(
        update_id,
        kind,
        chat_id=str(message.chat.id),
        text=words,
        language=_language(message),
        said_at=int(message.date.timestamp()),
        message_id=message.message_id,
        place=place,
        topic=(message.message_thread_id or 0) if message.is_topic_message else 0,
        author=author.full_name if author else "",
        author_id=author.id if author else 0,
        reply_to=message.reply_to_message.message_id if message.reply_to_message else 0,
        is_edit=is_edit,
        phone=_own_phone(message),
        has_media=message.contact is None and message.effective_attachment is not None,
    )


def _meant(message: Message, text: str) -> tuple[Kind, str]:
    if message.contact is not None:
        return Kind.CONTACT, text
    if not text.startswith("/"):
        return Kind.WORDS, text
    command, _, payload = text.partition(" ")
    kind = _COMMANDS.get(command.partition("@")[0].lower(), Kind.HELP)
    return kind, payload.strip() if kind is Kind.START else text


def _own_phone(message: Message) -> str:
    """The phone of a shared contact. Anybody's card can be passed on; only one's own has one's own number of a user."""
    contact, author = message.contact, message.from_user
    return contact.phone_number if contact and author and contact.user_id == author.id else ""


def _language(told: Message | CallbackQuery | ChatMemberUpdated) -> str:
    return (told.from_user.language_code or "") if told.from_user else ""


def _press(update_id: int, press: CallbackQuery) -> Heard:
    place = _place(press.message.chat) if press.message else None
    if press.message is None or place is None:
        return Heard(update_id, Kind.OTHER)
    return Heard(
        update_id,
        Kind.PRESS,
        chat_id=str(press.message.chat.id),
        text=press.data or "",
        language=_language(press),
        message_id=press.message.message_id,
        press_id=press.id,
        shown=(press.message.text or press.message.caption or "") if isinstance(press.message, Message) else "",
        place=place,
        topic=(press.message.message_thread_id or 0) if isinstance(press.message, Message) and press.message.is_topic_message else 0,
        author=press.from_user.full_name,
        author_id=press.from_user.id,
    )


def _membership(update_id: int, changed: ChatMemberUpdated) -> Heard:
    """In a private chat the bot's own membership says whether the person keeps it: `kicked` or `member`."""
    if changed.chat.type != ChatType.PRIVATE:
        return Heard(update_id, Kind.OTHER)
    kind = Kind.BLOCKED if changed.new_chat_member.status == ChatMemberStatus.BANNED else Kind.UNBLOCKED
    return Heard(update_id, kind, chat_id=str(changed.chat.id), language=_language(changed), said_at=int(changed.date.timestamp()))

"""Updates as the Bot API tells them (core.telegram.org/bots/api#update): what a made-up customer does in a chat."""

from __future__ import annotations

import time
from typing import Any


def person(chat_id: int, language: str = "", name: str = "Customer") -> dict[str, Any]:
    return {"id": chat_id, "is_bot": False, "first_name": name, "language_code": language}


def private(chat_id: int, name: str = "Customer") -> dict[str, Any]:
    """The chat of a person with the bot has the person's own number."""
    return {"id": chat_id, "type": "private", "first_name": name}


def message(number: int, chat_id: int, text: str, language: str) -> dict[str, Any]:
    """A text in a private chat; a command is marked as one."""
    command = [{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}] if text.startswith("/") else []
    who = person(chat_id, language)
    return {"message_id": number, "date": int(time.time()), "chat": private(chat_id), "from": who, "text": text, "entities": command}


def contact(number: int, chat_id: int, phone: str, owner: int, language: str) -> dict[str, Any]:
    """A contact that is shared: one's own has one's own number as its owner."""
    told = message(number, chat_id, "", language)
    del told["text"], told["entities"]
    return {**told, "contact": {"phone_number": phone, "first_name": "Customer", "user_id": owner}}


def photo(number: int, chat_id: int, caption: str, language: str) -> dict[str, Any]:
    told = message(number, chat_id, "", language)
    del told["text"], told["entities"]
    return {**told, "photo": [_size(number)], **({"caption": caption} if caption else {})}


def _size(number: int) -> dict[str, Any]:
    return {"file_id": f"photo-{number}", "file_unique_id": f"p{number}", "width": 90, "height": 90}


def in_group(number: int, group: int, author: dict[str, Any], text: str, *, topic: int = 0, reply_to: int = 0, photo: bool = False) -> dict[str, Any]:
    """A text in a group of the staff, or a photo with it below, in one of its topics."""
    chat = {"id": group, "type": "supergroup", "title": "Staff", "is_forum": bool(topic)}
    told: dict[str, Any] = {"message_id": number, "date": int(time.time()), "chat": chat, "from": author}
    told |= {"photo": [_size(number)], **({"caption": text} if text else {})} if photo else {"text": text}
    if topic:
        told |= {"message_thread_id": topic, "is_topic_message": True}
    if reply_to:
        told["reply_to_message"] = {"message_id": reply_to, "date": int(time.time()), "chat": chat}
    return told


def press(number: int, shown: dict[str, Any], author: dict[str, Any], data: str) -> dict[str, Any]:
    """A button below a message that the bot sent."""
    return {"id": str(number), "from": author, "chat_instance": "1", "data": data, "message": shown}


def membership(bot: dict[str, Any], chat_id: int, before: str, after: str, language: str) -> dict[str, Any]:
    """The bot in a private chat: `member`, or `kicked`."""
    old, new = ({"status": status, "user": bot, **({"until_date": 0} if status == "kicked" else {})} for status in (before, after))
    who = person(chat_id, language)
    return {"chat": private(chat_id), "from": who, "date": int(time.time()), "old_chat_member": old, "new_chat_member": new}

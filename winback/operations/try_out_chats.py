"""The chats that one of our people may send a test to: their own, and those that the allow-list names."""

from __future__ import annotations

from winback.errors import Refused
from winback.letters import sender
from winback.settings import Project


def of(project: Project, email: str) -> dict[str, str]:
    """Numbers of chats, each with whose it is where that is known. Their own is that of the sender who has their address."""
    try:
        people = sender.read(project).senders
    except Refused:
        people = {}
    known = {each.telegram_chat: key for key, each in people.items() if each.telegram_chat}
    own = {chat: key for chat, key in known.items() if email and people[key].email.casefold() == email.casefold()}
    listed = [str(each) for each in project.settings.allow if str(each).lstrip("-").isdecimal()]
    return {**own, **{chat: known.get(chat, "") for chat in listed}}

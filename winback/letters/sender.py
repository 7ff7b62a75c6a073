"""config/senders.yaml: who signs letters, and from which mailbox they come."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from winback.errors import Problem
from winback.letters import wording
from winback.letters.wording import Wording
from winback.settings import Project
from winback.strictyaml import Shape, refusal


class Sender(Shape):
    """A person of the shop who signs letters."""

    name: Wording
    position: Wording
    company: Wording = ""  # empty: the brand's name
    email: str  # the letter's From
    reply_to: str = ""  # empty: the same mailbox
    phone: str = ""
    site: str = ""  # empty: the brand's
    address: Wording = ""
    hours: Wording = ""  # when to call or drop in
    telegram_chat: str = ""  # number of the chat with the bot that reminders of tasks go to; empty: they go by e-mail
    photo: str = ""  # https address of a square picture, 128 pixels or more; empty: none

    @field_validator("email", "reply_to")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
            raise refusal(f"is {value}; one plain e-mail address is expected.", "Write for example marta@news.zerno.example.")
        return value

    @field_validator("telegram_chat")
    @classmethod
    def _chat(cls, value: str) -> str:
        if value and not re.fullmatch(r"-?\d+", value):
            raise refusal(f"is {value}; a chat is its number.", 'Write for example "123456789", in quotes.')
        return value

    @field_validator("photo")
    @classmethod
    def _picture(cls, photo: str) -> str:
        if photo and not re.fullmatch(r"https://[^\s\"<>]+", photo):
            raise refusal(f"is {photo}; pictures lie at https addresses.", "Write for example https://zerno.example/olena.jpg.")
        return photo


class Senders(Shape):
    """config/senders.yaml."""

    senders: dict[str, Sender] = Field(min_length=1)  # key: what the shop's data call the manager

    def names(self) -> list[str]:
        return sorted(self.senders)


def read(project: Project) -> Senders:
    """Every sender by key. Raises ConfigError."""
    return project.read(Senders, "senders.yaml").value


def unworded(project: Project, language: str) -> list[Problem]:
    """Texts that a signature in this language would lack: anybody may sign. Raises ConfigError."""
    document = project.read(Senders, "senders.yaml")
    places = [("senders", key, text) for key in document.value.senders for text in ("name", "position", "company", "address", "hours")]
    return list(wording.unworded(document, places, language))


def pick(senders: Senders, manager: str, default: str) -> Sender:
    """The customer's own manager where that is one of ours, else the campaign's sender (a key that is known)."""
    return senders.senders.get(manager) or senders.senders[default]

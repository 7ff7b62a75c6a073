"""Handing a conversation over to a person of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback.bot import replying
from winback.bot.dialogue import Context, Deed
from winback.bot.updates import Kind


@dataclass(frozen=True, slots=True)
class HandOver(Deed):
    """A person is to look at this chat; `why` is a word: "unknown-phone", "asked", "bad-score", "order-status", "unknown-words"."""

    why: str
    note: str = ""  # for the shop's people: what was pressed or scored
    tells: bool = False  # the bot says by when a person answers; otherwise whoever hands over says something themselves
    counted: ClassVar[str] = "handed-over"

    def do(self, context: Context) -> None:
        """Of a customer's words it is a reply, which their manager is shown."""
        if context.who is not None and context.heard.kind is Kind.WORDS:
            replying.Reply().do(context)

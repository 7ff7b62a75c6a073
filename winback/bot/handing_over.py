"""Handing a conversation over to a person of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback.bot import replying
from winback.bot.dialogue import Context, Deed


@dataclass(frozen=True, slots=True)
class HandOver(Deed):
    """A person is to look at this chat; `why` is a word: "unknown-phone", "asked"."""

    why: str
    counted: ClassVar[str] = "handed-over"

    def do(self, context: Context) -> None:
        """Of a customer it is a reply, which their manager is shown."""
        if context.who is not None:
            replying.Reply().do(context)

"""How much a messenger takes: characters, buttons, pictures (core.telegram.org/bots/api). A text that is too long is refused as a whole."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TypeAlias

from winback.channels import keyboard
from winback.letters import buttons
from winback.letters.template import RenderedMessage

Excess: TypeAlias = tuple[str, str]
"""What is too much, and what to do."""

LONGEST = 4096  # characters, entities read, of sendMessage
_LONGEST_CAPTION = 1024  # of sendPhoto and sendMediaGroup
_MOST_PICTURES = 10  # of sendMediaGroup
_LONGEST_LABEL = 64
_TAG = re.compile(r"<[^>]*>")


def excesses(message: RenderedMessage) -> Iterator[Excess]:
    """What of a finished message Telegram would refuse."""
    length, longest = characters(message.text), _LONGEST_CAPTION if message.pictures else LONGEST
    if length > longest:
        what = f"it is {length:,} characters long; Telegram takes {longest:,}" + (" below pictures." if message.pictures else ".")
        yield what, "Shorten it, or leave the pictures out." if message.pictures else "Shorten it."
    if len(message.pictures) > _MOST_PICTURES:
        yield f"it has {len(message.pictures)} pictures; an album holds {_MOST_PICTURES}.", "Show fewer goods."
    if len(message.pictures) > 1 and any(button.press and not button.url for button in message.buttons):
        yield "an album has no buttons, and what they ask the bot for is no link.", "Show one picture, or take those buttons out."
    if (rows := len(keyboard.rows([button.label for button in message.buttons]))) > buttons.MOST_ROWS:
        yield f"it has {rows} buttons below each other; {buttons.MOST_ROWS} are as many as a phone shows.", "Take some of them out."
    for button in message.buttons:
        if not 0 < len(button.label) <= _LONGEST_LABEL:
            yield f"a button says `{button.label}`; it is read when it has 1 to {_LONGEST_LABEL} characters.", "Write a few words."


def characters(text: str) -> int:
    """As Telegram counts them: UTF-16 units of what is shown."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2

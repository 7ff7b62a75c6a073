"""`<button>` in a messenger text: what stands below it to be pressed. It opens an address, tells the bot something, or copies a text.

<button href="{{ link('new') }}">See what is new</button>
<button press="later">Remind me later</button>
<button press="score" value="4" href="{{ answer.answer_url }}">4</button>      pressed in a chat, a link everywhere else
<button copy="{{ offer.code }}">Copy the code</button>
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from winback.letters.links import Fault

PRESSES = ("later", "not-interested", "score", "order", "person")
"""What a button can tell the bot; `score` says which one in `value`."""
MOST_ROWS = 8
"""More buttons below each other push the text off a phone's screen."""
_LONGEST_COPY = 256  # core.telegram.org/bots/api#copytextbutton

_BUTTON = re.compile(r"\s*<button ([^>]*)>(.*?)</button>\s*", re.DOTALL)
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Pressed:
    """One button of a finished text."""

    label: str
    url: str = ""
    press: str = ""  # one of PRESSES
    value: str = ""
    copies: str = ""

    def __str__(self) -> str:
        does = f"press:{' '.join(filter(None, (self.press, self.value)))}" if self.press else f"copy:{self.copies}" if self.copies else ""
        return f"[{self.label}] {' '.join(filter(None, (does, self.url)))}"


def taken_out(text: str) -> tuple[str, tuple[Pressed, ...]]:
    """A finished text without its buttons, and these."""
    return without(_BUTTON, text), tuple(_read(*found) for found in _BUTTON.findall(text))


def without(element: re.Pattern[str], text: str) -> str:
    """A text without what `element` finds with the blanks around it; paragraphs that it parted stay parted."""
    return element.sub(lambda found: "\n\n" if _EMPTY_LINE.search(found[0]) else "\n", text)


def _read(attributes: str, label: str) -> Pressed:
    said = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
    return Pressed(
        html.unescape(label.strip()), said.get("href", ""), said.get("press", ""), said.get("value", ""), said.get("copy", "")[:_LONGEST_COPY]
    )


def faults(attributes: Mapping[str, str | None]) -> Iterator[Fault]:
    """What is wrong with a button as it is written."""
    does = [name for name in ("href", "press", "copy") if name in attributes]
    if not does or ("copy" in does and len(does) > 1):
        message = "a button says nowhere what it does." if not does else "a button copies a text, and something else."
        yield Fault(message, "Write <button href=...>, <button press=...> or <button copy=...>.")
    press = attributes.get("press")
    if "press" in does and press not in PRESSES:
        yield Fault(f"nobody knows what `{press}` asks the bot for.", f"Write one of {', '.join(PRESSES)}.")
    if (press == "score") != ("value" in attributes):
        yield Fault("a button's `value` is the number that a score gives.", 'Write for example <button press="score" value="4">.')

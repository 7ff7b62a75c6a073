"""Pages for marketers to look at letters: a messenger's bubble, and letters side by side. They need nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from winback.channels import keyboard
from winback.letters.template import RenderedMessage
from winback.model import Picture


@dataclass(frozen=True, slots=True)
class Card:
    """One letter of the sheet."""

    letter: str
    language: str
    customer: str
    sender: str
    subject: str | None  # None: a messenger text has none
    preheader: str
    size: str
    text: str  # the plain text of an e-mail
    name: str  # of the file that shows it, beside the sheet
    notes: tuple[str, ...]

    @property
    def file(self) -> str:
        return quote(self.name)


def bubble(message: RenderedMessage, *, sender: str, language: str) -> str:
    """A page with a messenger text as Telegram shows it; the text is Telegram's HTML, its values escaped."""
    words = Markup(message.text)  # noqa: S704  # made of few harmless tags, as `markup.in_message` has seen to
    laid = [[message.buttons[place] for place in row] for row in keyboard.rows([button.label for button in message.buttons])]
    pictures = [picture if isinstance(picture, str) else _inside(picture) for picture in message.pictures]
    if len(pictures) > 1:  # an album has no buttons: what leads somewhere stands in its text
        laid = []
        words = Markup(with_links(message))  # noqa: S704  # as above
    return _environment().get_template("bubble.html").render(words=words, rows=laid, pictures=pictures, sender=sender, language=language)


def with_links(message: RenderedMessage) -> str:
    """The text of an album, whose buttons are links in it."""
    links = [f'<a href="{escape(button.url)}">{escape(button.label)}</a>' for button in message.buttons if button.url]
    return "\n\n".join([message.text, "\n".join(links)]) if links else message.text


def _inside(picture: Picture) -> str:
    return f"data:{picture.content_type};base64,{base64.b64encode(picture.data).decode()}"


def sheet(title: str, rows: Sequence[tuple[str, Sequence[Card]]]) -> str:
    """A page with letters side by side, a row with its heading for each stage and tactic."""
    return _environment().get_template("sheet.html").render(title=title, rows=rows)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

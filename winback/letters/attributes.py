"""The attributes of one element of a letter: quoted, harmless, and leading only where letters may lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TypeAlias

from winback.letters.links import Fault, Links
from winback.letters.marks import Marked
from winback.letters.pieces import PieceKind

Attributes: TypeAlias = list[tuple[str, str | None]]

BEGINNINGS = {"if": "endif", "for": "endfor", "with": "endwith", "set": "endset"}
"""Statements that hold others, and their ends."""

_PICTURES = frozenset({"src", "background"})
_THROWN_OUT = frozenset({"srcset", "ping", "action", "formaction", "poster", "srcdoc", "xlink:href", "dynsrc", "lowsrc"})
_FETCHED = re.compile(r"url\(\s*['\"]?\s*([^'\")]*)", re.IGNORECASE)
_ACTS = re.compile(r"expression\s*\(|javascript:|behavior\s*:|-moz-binding|@import", re.IGNORECASE)


def problems(tag: str, attributes: Attributes, written: str, links: Links) -> Iterator[Fault]:
    """What is wrong with a start tag, `written` as it stands."""
    names = dict(attributes)
    if re.search(r"=\s*[^\s\"'>]", re.sub(r"\"[^\"]*\"|'[^']*'", '""', written)):
        yield Fault(f"an attribute of <{tag}> has no quotes.", 'Write name="value".')
    if tag == "img" and "alt" not in names:
        yield Fault("a picture has no `alt`.", 'Say what it shows, or write alt="" for decoration.')
    if tag == "meta" and (names.get("http-equiv") or "").lower() == "refresh":
        yield Fault("`http-equiv` would lead the reader away.", "Take it out.")
    for name, value in attributes:
        if links.marked.inside(name):
            yield Fault(f"a construct stands between the attributes of <{tag}>.", "Write the element twice, in {% if %} and {% else %}.")
        elif name.startswith("on") or name in _THROWN_OUT:
            yield Fault(f"`{name}` is thrown out by mail clients.", "Take it out.")
        yield from _value(name, value or "", links)


def in_comment(text: str, marked: Marked) -> Iterator[tuple[int, Fault]]:
    """The same for every start tag inside a comment that Outlook reads, with its line in the comment."""
    tags = _Tags()
    tags.feed(text.partition(">")[2].rpartition("<![endif]")[0])
    tags.close()
    above = text.partition(">")[0].count("\n")
    for line, tag, attributes, written in tags.found:
        for fault in problems(tag, attributes, written, Links(marked)):
            yield above + line - 1, fault


class _Tags(HTMLParser):
    """Gathers start tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str, Attributes, str]] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.found.append((self.getpos()[0], tag, attrs, self.get_starttag_text() or ""))


def in_style(text: str) -> Iterator[tuple[int, Fault]]:
    """What a style sheet or a `style` may not do, with its offset."""
    for found in _FETCHED.finditer(text):
        if not found[1].lower().startswith("https://"):
            message = f"`url({found[1]})` is fetched from there; pictures come from https addresses only."
            yield found.start(), Fault(message, "Write url(https://...).")
    for found in _ACTS.finditer(text):
        yield found.start(), Fault(f"`{found[0]}` is thrown out by mail clients.", "Take it out.")


def _value(name: str, value: str, links: Links) -> Iterator[Fault]:
    inside = links.marked.inside(value)
    if inside and name in {"style", "class", "id"}:
        yield Fault(f"a construct stands in `{name}`.", "Give the element a class, and choose between elements with {% if %}.")
    words = [piece.word for piece in inside if piece.kind is PieceKind.STATEMENT]
    if sum(word in BEGINNINGS for word in words) != sum(word in BEGINNINGS.values() for word in words):
        yield Fault(f"a construct begins or ends in the middle of `{name}`.", "Keep it whole inside the quotes.")
    if name == "href":
        yield from links.href(value)
    elif name in _PICTURES:
        yield from links.picture(name, value)
    elif name == "style":
        yield from (fault for _, fault in in_style(value))

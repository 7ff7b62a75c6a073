"""The attributes of one element of a letter: quoted, harmless, and leading only where letters may lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TypeAlias

from winback.letters.links import Links
from winback.letters.marks import Marked
from winback.letters.pieces import PieceKind

Attributes: TypeAlias = list[tuple[str, str | None]]

BEGINNINGS = {"if": "endif", "for": "endfor", "with": "endwith", "set": "endset"}
"""Statements that hold others, and their ends."""

_PICTURES = frozenset({"src", "background"})
_THROWN_OUT = frozenset({"srcset", "ping", "action", "formaction", "poster", "srcdoc", "xlink:href", "dynsrc", "lowsrc"})
_FETCHED = re.compile(r"url\(\s*['\"]?\s*([^'\")]*)", re.IGNORECASE)
_ACTS = re.compile(r"expression\s*\(|javascript:|behavior\s*:|-moz-binding|@import", re.IGNORECASE)


def problems(tag: str, attributes: Attributes, written: str, links: Links) -> Iterator[tuple[str, str]]:
    """What is wrong with a start tag, `written` as it stands: message, how."""
    names = dict(attributes)
    if re.search(r"=\s*[^\s\"'>]", re.sub(r"\"[^\"]*\"|'[^']*'", '""', written)):
        yield f"an attribute of <{tag}> has no quotes.", 'Write name="value".'
    if tag == "img" and "alt" not in names:
        yield "a picture has no `alt`.", 'Say what it shows, or write alt="" for decoration.'
    if tag == "meta" and (names.get("http-equiv") or "").lower() == "refresh":
        yield "`http-equiv` would lead the reader away.", "Take it out."
    for name, value in attributes:
        if links.marked.inside(name):
            yield f"a construct stands between the attributes of <{tag}>.", "Write the element twice, in {% if %} and {% else %}."
        elif name.startswith("on") or name in _THROWN_OUT:
            yield f"`{name}` is thrown out by mail clients.", "Take it out."
        yield from _value(name, value or "", links)


def in_comment(text: str, marked: Marked) -> Iterator[tuple[int, str, str]]:
    """The same for every start tag inside a comment that Outlook reads: line in the comment, message, how."""
    tags = _Tags()
    tags.feed(text.partition(">")[2].rpartition("<![endif]")[0])
    tags.close()
    above = text.partition(">")[0].count("\n")
    for line, tag, attributes, written in tags.found:
        for message, how in problems(tag, attributes, written, Links(marked)):
            yield above + line - 1, message, how


class _Tags(HTMLParser):
    """Gathers start tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str, Attributes, str]] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.found.append((self.getpos()[0], tag, attrs, self.get_starttag_text() or ""))


def in_style(text: str) -> Iterator[tuple[int, str, str]]:
    """What a style sheet or a `style` may not do: offset, message, how."""
    for found in _FETCHED.finditer(text):
        if not found[1].lower().startswith("https://"):
            yield found.start(), f"`url({found[1]})` is fetched from there; pictures come from https addresses only.", "Write url(https://...)."
    for found in _ACTS.finditer(text):
        yield found.start(), f"`{found[0]}` is thrown out by mail clients.", "Take it out."


def _value(name: str, value: str, links: Links) -> Iterator[tuple[str, str]]:
    inside = links.marked.inside(value)
    if inside and name in {"style", "class", "id"}:
        yield f"a construct stands in `{name}`.", "Give the element a class, and choose between elements with {% if %}."
    words = [piece.word for piece in inside if piece.kind is PieceKind.STATEMENT]
    if sum(word in BEGINNINGS for word in words) != sum(word in BEGINNINGS.values() for word in words):
        yield f"a construct begins or ends in the middle of `{name}`.", "Keep it whole inside the quotes."
    if name == "href":
        yield from links.href(value)
    elif name in _PICTURES:
        yield from links.picture(name, value)
    elif name == "style":
        yield from ((message, how) for _, message, how in in_style(value))

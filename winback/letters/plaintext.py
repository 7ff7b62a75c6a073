"""The plain text of a letter, made from its HTML: once for each template, so that its {% if %} and sentences stay.

Paragraphs are parted by an empty line, a link becomes `label: address`, pictures and what is hidden are left out. A letter whose text
says it better in other words has a body.txt of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from winback.letters import marks, source
from winback.letters.marks import Marked
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import Flat

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "ul", "ol", "table", "tr", "blockquote"})
_LINES = frozenset({"div", "td", "th", "li", "hr"})
_EDGE = "\x1f"  # where a line begins or ends: several of them are one line end
_LEFT_OUT = frozenset({"head", "style", "title"})
_VOID = frozenset({"img", "br", "hr", "meta", "link", "input", "wbr"})
_GAP = re.compile(f"[ \t]*[\n{_EDGE}][ \t\n{_EDGE}]*|[ \t]{{2,}}")
_BLANKS = re.compile(r"[ \t\r\n]+")


def derived(root: Path, name: str, shown_root: str) -> Flat:
    """The text of a letter that has none: `<name>/body.txt` made from body.html. Raises TemplateError.

    Where the HTML's layout has a plain one beside it, letter.txt beside letter.html, only the letter's own blocks are made into text.
    """
    page = f"{name.removesuffix('.txt')}.html"
    shown = f"{shown_root}/{page}"
    layout, blocks = source.blocks(root, page, shown_root)
    plain = f"{layout.removesuffix('.html')}.txt"
    if layout and (root / plain).is_file():
        return Flat(shown, source.fill(root, plain, shown_root, {block: of(pieces, shown) for block, pieces in blocks.items()}))
    return Flat(shown, of(source.flatten(root, page, shown_root).pieces, shown))


def of(pieces: Iterable[Piece], name: str) -> tuple[Piece, ...]:
    """The pieces of a text out of those of a stretch of HTML; `name` as messages show the letter's file."""
    marked = marks.mark(Flat(name, tuple(pieces)))
    walk = _Walk(marked)
    walk.feed(marked.text)
    walk.close()
    return tuple(_pieces(marked, "".join(walk.written), name))


def tidy(text: str) -> str:
    """A filled-in text without the blanks that branches and line ends of HTML leave."""
    return _GAP.sub(lambda found: _gap(found[0]), text)


def _gap(blanks: str) -> str:
    ends = blanks.replace(" ", "").replace("\t", "")
    return "\n\n" if "\n\n" in ends.replace(_EDGE, "") else "\n" if ends else " "


@dataclass
class _Walk(HTMLParser):
    """One walk through marked HTML, writing its text."""

    marked: Marked
    written: list[str] = field(default_factory=list)
    open_links: list[tuple[str, int]] = field(default_factory=list)  # address, how much was written when it opened
    left_out: list[str] = field(default_factory=list)  # the elements that lie in one that is left out, itself first

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attrs}
        if self.left_out or tag in _LEFT_OUT or "hidden" in words.get("class", "").split():
            self.left_out += [] if tag in _VOID else [tag]
        elif tag == "a":
            self.open_links.append((words.get("href", ""), len(self.written)))
        elif tag == "li":
            self.written.append(f"{_EDGE}- ")
        else:
            self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.left_out:
            if tag in self.left_out:
                del self.left_out[len(self.left_out) - 1 - self.left_out[::-1].index(tag) :]
        elif tag == "a" and self.open_links:
            address, begun = self.open_links.pop()
            if "".join(self.written[begun:]).strip():  # else it is a picture's
                self.written.append(f": {address}{_EDGE}")
        else:
            self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self.left_out:
            self.written.append(_BLANKS.sub(" ", data))

    def _part(self, tag: str) -> None:
        self.written.append("\n\n" if tag in _PARAGRAPHS else _EDGE if tag in _LINES else "\n" if tag == "br" else "")


def _pieces(marked: Marked, text: str, name: str) -> Iterator[Piece]:
    line = 1
    for part in marked.cut(text):
        if isinstance(part, Piece):
            line = part.line
            yield part
        else:
            yield Piece(PieceKind.DATA, part, name, line)

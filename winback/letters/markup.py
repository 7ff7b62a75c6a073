"""The markup of a letter, checked where it is written: what would break in mail clients, in Telegram, or for a reader who can't see pictures.

The constructs of Jinja are marks here. One that stands where styles or the parser would trip over it is refused, so that giving styles
once per template is the same as giving them to each finished letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from winback.errors import Problem
from winback.letters import attributes, buttons, links, marks, styles
from winback.letters.attributes import BEGINNINGS
from winback.letters.links import Links
from winback.letters.marks import Marked
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import TOO_DEEP, Flat

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_NEVER_SENT = frozenset({"script", "form", "iframe", "object", "embed", "link", "base", "svg", "video", "audio", "input", "button"})
_TELEGRAM = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "button", "img"})
_NO_TEXT = frozenset({"html", "head"})
_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_MIDDLES = frozenset({"elif", "else"})
_DEEPEST = 150  # elements in each other; lxml reads 255, Outlook gives up earlier


def in_email(flat: Flat) -> list[Problem]:
    """What is wrong with the markup of an e-mail's body, and with the addresses in it."""
    return _Walk(marks.mark(flat), None).walked() + links.in_words(flat, {PieceKind.SENTENCE})


def in_message(flat: Flat) -> list[Problem]:
    """What is wrong with a messenger text: Telegram reads a few tags (Bot API, HTML style); `<button>` and `<img>` are ours."""
    return _Walk(marks.mark(flat), _TELEGRAM).walked() + links.in_words(flat, {PieceKind.SENTENCE})


def in_plain_text(flat: Flat) -> list[Problem]:
    """What is wrong with a text that has no markup: addresses of which mail programs make links by themselves."""
    return links.in_words(flat, {PieceKind.DATA, PieceKind.SENTENCE})


@dataclass(frozen=True, slots=True)
class _Branch:
    """An open {% if %} or {% for %} and how deep in the elements it began."""

    piece: Piece
    depth: int


@dataclass
class _Walk(HTMLParser):
    """One walk through a marked document."""

    marked: Marked
    allowed: frozenset[str] | None
    problems: list[Problem] = field(default_factory=list)
    elements: list[tuple[str, int]] = field(default_factory=list)  # open ones: tag, offset
    nested: list[tuple[str, str, int]] = field(default_factory=list)  # all: tag, tag around it, offset
    branches: list[_Branch] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._links = Links(self.marked)
        self._lines = [0, *(found.end() for found in re.finditer("\n", self.marked.text))]

    def walked(self) -> list[Problem]:
        if not self.marked.text.strip():
            return [Problem(self.marked.flat.name, None, "it is empty.", "Write the letter, or take its folder away.")]
        try:
            self.feed(self.marked.text)
            self.close()
        except RecursionError:
            return [Problem(self.marked.flat.name, 1, *TOO_DEEP)]
        for tag, offset in self.elements:
            self._say(offset, f"<{tag}> is never closed.", f"Write </{tag}> where it ends.")
        for offset in self.marked.after_ampersands():
            self._say(offset, "a bare & stands before a construct and would take it for the name of a character.", "Write &amp;.")
        if self.allowed is None and not self.problems:
            self._check_nesting()
        return self.problems

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_tag(tag)
        for fault in attributes.problems(tag, attrs, self.get_starttag_text() or "", self._links):
            self._say(self._here, *fault)
        if tag == "button" and self.allowed is not None:
            for fault in buttons.faults(dict(attrs)):
                self._say(self._here, *fault)
        self.nested.append((tag, self.elements[-1][0] if self.elements else "", self._here))
        if tag not in _VOID:
            self.elements.append((tag, self._here))
            if len(self.elements) == _DEEPEST:
                self._say(self._here, "elements lie deeper in each other than mail programs read.", "Take some of them out.")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._say(self._here, f"<{tag}/> closes itself, which HTML doesn't know.", f"Write <{tag}></{tag}>.")
            self.elements.pop()

    def handle_endtag(self, tag: str) -> None:
        floor = self.branches[-1].depth if self.branches else 0
        if not self.elements or self.elements[-1][0] != tag:
            last = f"the last one open is <{self.elements[-1][0]}>" if self.elements else "none is open"
            self._say(self._here, f"</{tag}> closes nothing: {last}.", "Close elements in the order they lie in each other.")
        elif len(self.elements) <= floor:
            self._say(
                self._here, f"</{tag}> closes an element from outside of {{% {self.branches[-1].piece.word} %}}.", "Keep whole elements inside it."
            )
            self.elements.pop()
        else:
            self.elements.pop()

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "style":
            self._check_sheet(data)
            return
        for offset, message, how in links.written_out(data):
            self._say(self._here + offset, message, how)
        for piece in self.marked.inside(data):
            self._check_place(piece)
            self._step(piece)

    def handle_comment(self, data: str) -> None:
        if self.marked.inside(data) and not data.startswith("[if"):
            self._say(self._here, "a construct stands in an HTML comment.", "Write {# ... #} for what should not be sent.")
        elif data.startswith("[if"):
            for line, fault in attributes.in_comment(data, self.marked):
                self._say(self._lines[self.getpos()[0] - 1 + line], *fault)

    def unknown_decl(self, data: str) -> None:
        self._say(self._here, f"<![{data}]> is broken by mail tools.", "Write <!--[if !mso]><!--> ... <!--<![endif]-->.")

    def _step(self, piece: Piece) -> None:
        """Into, through and out of branches: each must hold whole elements."""
        if piece.kind is not PieceKind.STATEMENT:
            return
        if piece.word in _MIDDLES or piece.word in BEGINNINGS.values():
            if not self.branches:
                return  # it began inside an attribute, and was told of there
            branch = self.branches[-1]
            for tag, offset in self.elements[branch.depth :]:
                self._say(offset, f"<{tag}> opens inside {{% {branch.piece.word} %}} and is not closed there.", "Keep whole elements inside it.")
            del self.elements[branch.depth :]
            if piece.word not in _MIDDLES:
                self.branches.pop()
        elif piece.word in BEGINNINGS and not (piece.word == "set" and "=" in piece.text):
            self.branches.append(_Branch(piece, len(self.elements)))

    def _check_place(self, piece: Piece) -> None:
        """Between the elements of a table or outside of the body, parsers move text, or make a paragraph for it."""
        if self.allowed is not None:
            return
        around = self.elements[-1][0] if self.elements else "html"
        if around in _NO_TEXT or (around in _TABLE and piece.kind is not PieceKind.STATEMENT):
            self.problems.append(piece.problem(f"this stands inside <{around}>, where HTML allows no text.", "Put it into an element of the body."))

    def _check_tag(self, tag: str) -> None:
        if self.marked.inside(tag):
            self._say(self._here, "a tag's name is made by a construct.", "Write the tag out.")
        elif self.allowed is not None and tag not in self.allowed:
            self._say(self._here, f"Telegram knows no <{tag}>.", f"Use {', '.join(sorted(self.allowed))}, or a new line.")
        elif self.allowed is None and tag in _NEVER_SENT:
            self._say(self._here, f"<{tag}> is thrown out by mail clients.", "Take it out.")
        elif self.allowed is None and tag == "style" and self.branches:
            self._say(self._here, f"a style sheet stands inside {{% {self.branches[-1].piece.word} %}}.", "Put it into the head of the layout.")
        elif self.allowed is None and any(branch.piece.word == "set" for branch in self.branches):
            self._say(
                self._here, f"<{tag}> stands inside {{% set %}}, so it has no place yet.", "Set the text alone, and write elements where they go."
            )

    def _check_sheet(self, sheet: str) -> None:
        if self.marked.inside(sheet):
            self._say(self._here, "a construct stands in a style sheet.", "Give the element a class, and choose between elements with {% if %}.")
        for offset, selector in styles.misplaced(sheet):
            self._say(self._here + offset, f"the selector `{selector}` depends on what stands around it.", "Give the element a class.")

        for offset, fault in attributes.in_style(sheet):
            self._say(self._here + offset, *fault)

    def _check_nesting(self) -> None:
        """What is written is what parsers see: a <p>, for one, ends where a <table> begins, and what comes after it stands elsewhere."""
        skeleton = {"html", "head", "body", "tbody", ""}  # they are there whether written or not
        read = iter([each for each in styles.nesting(self.marked.text) if each[0] not in skeleton])
        for tag, written, offset in self.nested:
            found, around = (tag, written) if tag in skeleton else next(read, ("", ""))
            if found != tag or (around != written and {around, written} - skeleton):
                outer = written or "html"
                message = f"<{tag}> can't stand inside <{outer}>: mail programs end <{outer}> before it."
                self._say(offset, message, f"End <{outer}> yourself, or use <div>.")
                return

    @property
    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _say(self, offset: int, message: str, how: str, piece: Piece | None = None) -> None:
        """At a character of the marked text, or at the construct that is to blame."""
        self.problems.append(piece.problem(message, how) if piece else marks.problem_at(self.marked, offset, message, how))

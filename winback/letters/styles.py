"""The style sheet of a letter: the brand's colours in it, and every rule written into the elements it is for, once per template.

Mail clients drop style sheets, so rules must stand in `style=""`. premailer does that, slowly; here it sees each template once, with
Jinja's constructs hidden behind marks. That gives the same as inlining every finished letter as long as no rule depends on what a
construct decides: `misplaced` finds those that do.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from lxml import etree
from premailer import Premailer

from winback.errors import TemplateError
from winback.letters import marks
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import Flat
from winback.strictyaml import nearest

_DOCTYPE = re.compile(r"\A\s*<!doctype html>", re.IGNORECASE)  # premailer keeps it in capitals only
_COLOUR = re.compile(r"var\(--([a-z0-9-]+)\)")
_RULES_FOR_DEVICES = re.compile(r"@[a-z-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")  # @media and the like: they stay in the sheet
_SELECTOR = re.compile(r"([^{};]+)\{[^{}]*\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SHEET = re.compile(r"(<style(?![^>]* media=)[^>]*>)(.*?)(</style>)", re.DOTALL)  # one with media= is for devices as a whole
_PART = re.compile(rf"(?P<devices>{_RULES_FOR_DEVICES.pattern}|@[a-z-]+[^{{}};]*;)|(?P<selectors>[^\s{{}};@][^{{}};@]*)\{{(?P<body>[^{{}}]*)\}}")
_HIDDEN = re.compile(r"<!--\[if .*?<!\[endif\]-->", re.DOTALL)
_CLASS = re.compile(r"\.([\w-]+)")
_FOR_CLIENTS = re.compile(r"[:\[]|\.(?:ExternalClass|ReadMsgBody|yshortcuts|Mso\w*|a6S|im|ii|gt)\b|#(?:outlook|MessageViewBody)\b")
"""Selectors of what isn't in a letter, but comes about where it is read: a pointer over a link, an element that a mail client puts around it."""
_EMPTY = re.compile(r"(<(?:li|dd|dt|option)\b[^<>]*>)(?=</)")
_HOLD = "\ue0ff"  # of Unicode's private use: nobody writes it
_DEPENDS_ON_NEIGHBOURS = re.compile(r"[+~*]|\[(?!data-[a-z-]+\])|:(?!hover|active|visited|link|focus)")


def paint(flat: Flat, colours: Mapping[str, str]) -> Flat:
    """The brand's colours for `var(--name)`: mail clients know no CSS variables. Raises TemplateError for a name without a colour."""

    def painted(piece: Piece) -> Piece:
        for name in _COLOUR.findall(piece.text):
            if name not in colours:
                line = piece.line + piece.text[: piece.text.index(f"var(--{name})")].count("\n")
                problem = replace(piece, line=line).problem(f"there is no colour `{name}` in config/brand.yaml.", nearest(name, colours, "Colours"))
                raise TemplateError(problem)
        return replace(piece, text=_COLOUR.sub(lambda found: colours[found[1]], piece.text))

    return replace(flat, pieces=tuple(painted(piece) if piece.kind is PieceKind.DATA else piece for piece in flat.pieces))


@lru_cache(maxsize=200)
def inline(flat: Flat) -> str:
    """The template with every rule in its elements, ready to be compiled. Raises TemplateError where a construct can't stay in its place."""
    marked = marks.mark(flat)
    return marked.restore(inlined(marked.text).replace("\xa0", "&nbsp;"))  # a blank that `-}}` before it would eat


def inlined(html: str) -> str:
    """A whole HTML document with its rules in its elements; of the sheet stays what can't be inlined (@media, :hover, `#outlook a`).

    `!important` is kept, else inline rules would beat those for dark mode and small screens. Nothing is fetched. libxml2 leaves out the
    end of an empty list item, and what follows would come to stand in it: something is held there until it has written all.
    """
    held = _EMPTY.sub(rf"\1{_HOLD}", html)
    done = str(
        Premailer(
            _DOCTYPE.sub("<!DOCTYPE html>", held, count=1),
            keep_style_tags=True,
            strip_important=False,
            remove_classes=False,
            allow_network=False,
            allow_loading_external_files=False,
            disable_validation=True,
            disable_link_rewrites=True,
            disable_basic_attributes=["width", "height", "bgcolor", "align"],  # links know no align; where Outlook needs one, it is written
            cssutils_logging_level=logging.CRITICAL,
        ).transform(pretty_print=False)
    )
    hidden = "".join(_HIDDEN.findall(done))
    return _SHEET.sub(lambda found: found[1] + _left(found[2], hidden) + found[3], done.replace(_HOLD, ""))


def _left(sheet: str, hidden: str) -> str:
    """What of a sheet isn't in the elements by now, nor for elements that a letter doesn't have. A sheet that can't be taken apart stays whole.

    `hidden` is what only Outlook reads, in comments: classes that it names keep their rules.
    """
    bare, parts = _COMMENT.sub("", sheet), []
    while part := _PART.match(bare := bare.lstrip()):
        bare = bare[part.end() :]
        if part["devices"]:
            parts.append(part["devices"])
        elif wanted := [each.strip() for each in part["selectors"].split(",") if _FOR_CLIENTS.search(each) or _is_in(each, hidden)]:
            parts.append(f"{', '.join(wanted)} {{{part['body']}}}")
    return sheet if bare else "".join(f"\n{part}" for part in parts) + "\n"


def _is_in(selector: str, hidden: str) -> bool:
    """Whether one of its classes is there."""
    return any(re.search(rf"\bclass=[^>]*\b{re.escape(name)}\b", hidden) for name in _CLASS.findall(selector))


def nesting(html: str) -> list[tuple[str, str]]:
    """Every element as premailer's parser reads it, with the one that it lies in, in order. Parsers close what can't hold an element."""
    root = etree.fromstring(html.strip(), etree.HTMLParser())
    found = [(element, element.getparent()) for element in root.iter(etree.Element)]
    return [(str(element.tag), "" if parent is None else str(parent.tag)) for element, parent in found]


def misplaced(sheet: str) -> Iterator[tuple[int, str]]:
    """Selectors that depend on neighbours or attributes, which a construct may change from letter to letter: offset in the sheet, selector."""
    blank = _blanked(_RULES_FOR_DEVICES, _blanked(re.compile(r"/\*.*?\*/", re.DOTALL), sheet))
    for found in _SELECTOR.finditer(blank):
        if _DEPENDS_ON_NEIGHBOURS.search(found[1]):
            yield found.start(1) + len(found[1]) - len(found[1].lstrip()), found[1].strip()


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """With what the pattern finds turned to blanks, so that offsets stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)

"""Which colours the text of a letter has and stands on, in light and in dark mode: as much of CSS as the letters' own sheets use.

Selectors are tags, classes and ids, inside each other (`styles.misplaced` refuses the others). Rules stand in the elements by the time a
letter is read, so those for dark mode count only where nothing stands in the element, or with `!important`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import zip_longest
from typing import TypeAlias

from winback.letters.marks import Marked
from winback.letters.pieces import PieceKind

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLOCK = re.compile(r"(@[^{}]*)\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}|([^{}@]+)\{([^{}]*)\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMPOUND = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][A-Za-z_][\w-]*)*)")
_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})")
_NAMED = {"white": "#ffffff", "black": "#000000", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "red": "#ff0000", "blue": "#0000ff"}
_SIZES = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "em": 0.0, "%": 0.0}
_HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.72}
_BOLD = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "th"})
UNKNOWN = "?"
"""A colour that can't be told."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a text looks: colours as six hexadecimal digits, `?` where they can't be known."""

    colour: str = "#000000"
    ground: str = "#ffffff"
    pixels: float = 16
    bold: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A look that some text has, and where its element begins in the marked text."""

    look: Look
    offset: int


@dataclass(frozen=True, slots=True)
class _Rule:
    steps: tuple[tuple[str, str, frozenset[str]], ...]  # from outside inwards: " " or ">", tag, classes and ids
    declarations: Mapping[str, str]
    important: frozenset[str]
    order: int

    @property
    def weight(self) -> tuple[int, int, int]:
        names = [name for _, _, parts in self.steps for name in parts]
        ids = sum(name.startswith("#") for name in names)
        return ids, len(names) - ids, sum(bool(tag) for _, tag, _ in self.steps)


_Levels: TypeAlias = Sequence[tuple[int, _Rule]]  # 0: beaten by what stands in the elements, 1: as that; two more with !important
_Rank: TypeAlias = tuple[int, tuple[int, int, int], int]


@dataclass(frozen=True, slots=True)
class _Element:
    tag: str
    parts: frozenset[str]  # .class and #id
    style: str
    attributes: Mapping[str, str]


def seen(marked: Marked, *, dark: bool, inlined: bool) -> list[Seen]:
    """The look of every stretch of visible text; nothing for dark mode when the sheet has no rules for it.

    `inlined`: the rules will stand in the elements, as letters have them and pages don't.
    """
    reader = _Reader(marked)
    reader.feed(marked.text)
    reader.close()
    plain, for_dark = _rules("".join(reader.sheets))
    if dark and not for_dark:
        return []
    levels = [(1, rule) for rule in plain] + [(0 if inlined else 1, rule) for rule in for_dark if dark]
    return list(_walk(reader, levels, Look(colour=UNKNOWN, ground=UNKNOWN) if dark else Look()))


def _walk(reader: _Reader, levels: _Levels, start: Look) -> Iterator[Seen]:
    """Down and up the elements, with the look that each gives its text."""
    elements: list[_Element] = []
    looks = [start]
    for offset, step in reader.steps:
        if isinstance(step, _Element):
            elements.append(step)
            looks.append(_look(elements, looks[-1], levels))
            if step.tag in _VOID:
                elements.pop()
                looks.pop()
        elif step == "text":
            if not looks[-1].hidden:
                yield Seen(looks[-1], offset)
        elif elements:
            elements.pop()
            looks.pop()


def _look(path: Sequence[_Element], around: Look, levels: _Levels) -> Look:
    """The look of the innermost element of a path."""
    given: dict[str, tuple[_Rank, str]] = {}

    def give(declarations: Mapping[str, str], important: frozenset[str], level: int, weight: tuple[int, int, int], order: int) -> None:
        for name, value in declarations.items():
            rank = (level + 2 if name in important else level, weight, order)
            if name not in given or given[name][0] <= rank:
                given[name] = rank, value

    for level, rule in levels:
        if _matches(rule.steps, path):
            give(rule.declarations, rule.important, level, rule.weight, rule.order)
    give(*_declarations(path[-1].style), 1, (9, 0, 0), 0)
    return _applied(path[-1], around, {name: value for name, (_, value) in given.items()})


def _applied(element: _Element, around: Look, given: Mapping[str, str]) -> Look:
    colour = _colour(given.get("color"), around.colour) if "color" in given else "#0000ee" if element.tag == "a" else around.colour
    if element.tag == "a" and "color" not in given and around.ground == UNKNOWN:
        colour = UNKNOWN
    ground = given.get("background-color") or given.get("background") or element.attributes.get("bgcolor")
    pixels = _pixels(given.get("font-size", ""), _HEADINGS.get(element.tag, around.pixels), around.pixels)
    weight = given.get("font-weight", "")
    bold = element.tag in _BOLD or around.bold if not weight else weight in {"bold", "bolder"} or (weight.isdecimal() and int(weight) >= 700)
    hides = given.get("display") == "none" or pixels <= 2 or element.tag in _UNSEEN
    return replace(around, colour=colour, ground=_colour(ground, around.ground), pixels=pixels, bold=bold, hidden=around.hidden or hides)


def _colour(value: str | None, around: str) -> str:
    """Six digits, or `?` for what can't be told: pictures, half-transparent colours, names that nobody uses."""
    if value is None or value in {"transparent", "none", "inherit", "0"}:
        return around
    words = [_NAMED.get(word, word) for word in value.lower().split()]
    found = next((word for word in words if _HEX.fullmatch(word)), None)
    if found is None or any("(" in word for word in words):
        return UNKNOWN
    return found if len(found) == 7 else "#" + "".join(2 * digit for digit in found[1:])


def _pixels(value: str, own: float, around: float) -> float:
    found = re.fullmatch(r"([0-9.]+)(px|pt|rem|em|%)", value)
    if not found:
        return own
    number, unit = float(found[1]), found[2]
    return number * around if unit == "em" else number * around / 100 if unit == "%" else number * _SIZES[unit]


def _rules(sheet: str) -> tuple[list[_Rule], list[_Rule]]:
    """Those that always hold, and those for dark mode; rules for small screens and pointers are left out."""
    plain: list[_Rule] = []
    for_dark: list[_Rule] = []
    for found in _BLOCK.finditer(_COMMENT.sub(" ", sheet)):
        if found[1] is None:
            plain += _rule(found[3], found[4], found.start())
        elif re.search(r"prefers-color-scheme\s*:\s*dark", found[1]):
            for_dark += [rule for inner in _RULE.finditer(found[2]) for rule in _rule(inner[1], inner[2], found.start() + inner.start())]
    return plain, for_dark


def _rule(selectors: str, body: str, order: int) -> Iterator[_Rule]:
    declarations, important = _declarations(body)
    for selector in selectors.split(","):
        if steps := _steps(selector.strip()):
            yield _Rule(steps, declarations, important, order)


def _steps(selector: str) -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Empty for what isn't read here: pseudo-classes, attributes, neighbours."""
    steps, combinator = [], " "
    for word in re.sub(r"\s*>\s*", " > ", selector).split():
        if word == ">":
            combinator = ">"
            continue
        found = _COMPOUND.fullmatch(word)
        if not found or not word:
            return ()
        steps.append((combinator, found[1] or "", frozenset(re.findall(r"[.#][\w-]+", found[2]))))
        combinator = " "
    return tuple(steps)


def _matches(steps: Sequence[tuple[str, str, frozenset[str]]], path: Sequence[_Element]) -> bool:
    """Whether the last step is the innermost element, and the others lie around it in their order."""
    combinator, tag, parts = steps[-1]
    if not path or (tag and tag != path[-1].tag) or not parts <= path[-1].parts:
        return False
    if len(steps) == 1:
        return True
    tries = range(len(path) - 1, len(path) - 2, -1) if combinator == ">" else range(len(path) - 1, 0, -1)
    return any(_matches(steps[:-1], path[:length]) for length in tries)


def _declarations(body: str) -> tuple[dict[str, str], frozenset[str]]:
    """Values by property, small, and the properties that are `!important`."""
    values, important = dict[str, str](), set[str]()
    for declaration in body.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        if name == "background":
            name = "background-color"
        if value.endswith("!important"):
            value = value.removesuffix("!important").strip()
            important.add(name)
        if name == "font" and (size := re.search(r"([0-9.]+(?:px|pt|rem|em|%))", value)):
            values["font-size"] = size[1]
        if value:
            values[name] = value
    return values, frozenset(important)


@dataclass
class _Reader(HTMLParser):
    """Elements, their ends and their texts in order, with offsets; and the style sheets."""

    marked: Marked
    steps: list[tuple[int, _Element | str]] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(found.end() for found in re.finditer("\n", self.marked.text))]
        self._tag = ""
        self._set = False  # inside {% set name %} ... {% endset %}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        given = {name: value or "" for name, value in attrs}
        parts = frozenset([*(f".{name}" for name in given.get("class", "").split()), *([f"#{given['id']}"] if given.get("id") else [])])
        self.steps.append((self._here, _Element(tag, parts, given.get("style", ""), given)))

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        if tag not in _VOID:
            self.steps.append((self._here, "end"))

    def handle_data(self, data: str) -> None:
        if self._tag == "style":
            self.sheets.append(data)
        elif self._shows(data):
            self.steps.append((self._here, "text"))

    def _shows(self, data: str) -> bool:
        """Whether words stand here, other than inside {% set %}, which shows them elsewhere."""
        shows = False
        statements = [piece for piece in self.marked.inside(data) if piece.kind is PieceKind.STATEMENT]
        for stretch, statement in zip_longest(self.marked.stretches(data), statements):
            shows = shows or (bool(stretch.strip()) and not self._set)
            if statement is not None and statement.word in {"set", "endset"}:
                self._set = statement.word == "set" and "=" not in statement.text
        return shows

    @property
    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

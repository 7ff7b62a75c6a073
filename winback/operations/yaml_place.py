"""Where in a YAML file a cursor stands, while the file is being written and nothing can read it yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

ITEM = "-"
"""A step of a place that leads into a list."""

_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s"'{}\[\],:#-][^:{}\[\],#]*?))\s*:(?=\s|$)""")
_LONGEST = 100_000  # characters; a longer file is written by a program
_CLOSES = {"}": "{", "]": "["}


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a cursor stands in.

    `place`: keys on the way from the top, `-` for each list. `begun`: what of the word is written, which begins at the character `start`.
    `is_key`: a key may be written here; else a value. `is_line`: nothing but blanks and hyphens stands before it in its line.
    """

    place: tuple[str, ...]
    begun: str
    start: int
    is_key: bool
    is_line: bool
    indent: int = 0  # columns before the word, in a line of its own


def find(text: str, offset: int) -> Cursor | None:
    """What stands around the character `offset`; None in a comment, in quotes, and in what is too long to look through."""
    if not 0 <= offset <= len(text) or len(text) > _LONGEST:
        return None
    *before, line = text[:offset].split("\n")
    stack: list[tuple[int, str]] = []
    flow = _Flow()
    for each in before:
        if flow.depth:
            flow.read(each)
        else:
            flow = _taken(each, stack)
    flow = flow if flow.depth else _Flow()
    begins = offset - len(line)
    if not flow.depth:
        rest, column = _take_line(line, stack)
        if (found := _KEY.match(rest)) and not rest.startswith(("{", "[")):
            stack.append((column, _name(found)))
            flow.read(rest[found.end() :])
            if not flow.depth:
                return _plain(stack, line, begins, line[column + found.end() :])
        elif not rest.startswith(("{", "[")):
            return None if "#" in rest or rest[:1] in {'"', "'"} else Cursor(_path(stack), rest, begins + column, True, True, column)
        else:
            flow.read(rest)
    else:
        flow.read(line)
    return None if flow.is_hidden else _flowing(stack, flow, line, begins)


def _plain(stack: list[tuple[int, str]], line: str, begins: int, value: str) -> Cursor | None:
    """Behind `key: ` of a block."""
    begun = value.lstrip(" ")
    if begun[:1] in {'"', "'", "#"} or " #" in value or not value.startswith(" "):
        return None
    return Cursor(_path(stack), begun, begins + len(line) - len(begun), False, False)


def _flowing(stack: list[tuple[int, str]], flow: _Flow, line: str, begins: int) -> Cursor | None:
    """Within brackets or braces."""
    if not flow.depth:
        return None  # behind what was closed
    begun = flow.begun
    if len(begun) > len(line):
        return None  # it began in the line before
    return Cursor((*_path(stack), *flow.path), begun, begins + len(line) - len(begun), flow.wants_key, False)


def _taken(line: str, stack: list[tuple[int, str]]) -> _Flow:
    """What a line above the cursor's leaves open."""
    flow = _Flow()
    if not line.strip() or line.lstrip().startswith("#"):
        return flow
    rest, column = _take_line(line, stack)
    if rest.startswith(("{", "[")):
        flow.read(rest)
    elif found := _KEY.match(rest):
        stack.append((column, _name(found)))
        flow.read(rest[found.end() :])
    return flow


def _take_line(line: str, stack: list[tuple[int, str]]) -> tuple[str, int]:
    """What of a line stands behind its blanks and hyphens, and in which column; the stack is cut to what it belongs to."""
    column = len(line) - len(line.lstrip(" "))
    rest = line[column:]
    while rest.startswith("- ") or rest == "-":
        while stack and (stack[-1][0] > column or stack[-1] == (column, ITEM)):
            stack.pop()
        stack.append((column, ITEM))
        width = len(rest) - len(rest[1:].lstrip(" ")) if rest != "-" else 1
        column, rest = column + width, rest[width:]
    while stack and stack[-1][0] >= column and stack[-1] != (column, ITEM):
        stack.pop()
    return rest, column


def _name(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None).strip()


def _path(stack: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in stack)


class _Flow:
    """Brackets and braces, read character by character."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str | None]] = []  # the bracket, and the key that is being filled within braces
        self.begun = ""
        self.is_hidden = False  # in quotes or in a comment
        self._quote = ""

    @property
    def depth(self) -> int:
        return len(self._open)

    @property
    def wants_key(self) -> bool:
        return bool(self._open) and self._open[-1] == ("{", None)

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(step for bracket, key in self._open for step in ((ITEM,) if bracket == "[" else (key,) if key else ()))

    def read(self, text: str) -> None:
        """One line, or the rest of one."""
        self.is_hidden = False
        before = " "
        for character in text:
            if self._quote:
                self._quote = "" if character == self._quote else self._quote
            elif character == "#" and before.isspace():
                self.is_hidden = True
                return
            else:
                self._step(character, before)
            before = character
        self.is_hidden = bool(self._quote)
        if self.depth == 0:
            self.begun = ""

    def _step(self, character: str, before: str) -> None:
        if character in "{[":
            self._open.append((character, None))
            self.begun = ""
        elif character in _CLOSES:
            if self._open and self._open[-1][0] == _CLOSES[character]:
                self._open.pop()
            self.begun = ""
        elif character == ",":
            if self._open and self._open[-1][0] == "{":
                self._open[-1] = ("{", None)
            self.begun = ""
        elif character == " " and before == ":" and self.wants_key:
            self._open[-1] = ("{", self.begun.rstrip(": ").strip("\"'"))
            self.begun = ""
        elif character in "\"'" and not self.begun:
            self._quote = character
        elif character != " " or self.begun:
            self.begun += character

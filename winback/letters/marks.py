"""Jinja's constructs hidden behind opaque words, so that tools for plain HTML can work on a template, and put back after."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from winback.errors import Problem, TemplateError
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import Flat


@dataclass(frozen=True)
class Marked:
    """A template whose every construct is one word of letters and digits."""

    flat: Flat
    prefix: str

    @cached_property
    def _stretches(self) -> list[str]:
        numbers = iter(range(len(self.flat.pieces)))
        return [piece.text if piece.kind is PieceKind.DATA else self._mark(next(numbers)) for piece in self.flat.pieces]

    @property
    def text(self) -> str:
        return "".join(self._stretches)

    def inside(self, text: str) -> list[Piece]:
        """The constructs whose marks stand in a stretch of text."""
        return [self.flat.constructs[int(number)] for number in self._pattern.findall(text)]

    def cut(self, text: str) -> Iterator[str | Piece]:
        """A stretch of text parted at the marks, constructs in their place."""
        for index, part in enumerate(self._pattern.split(text)):
            if index % 2:
                yield self.flat.constructs[int(part)]
            elif part:
                yield part

    def after_ampersands(self) -> list[int]:
        """Offsets of each & that a construct follows as if it were the name of a character: `&{{ name }}` may come out as `&lt`."""
        return [found.start() for found in re.finditer(f"&[#A-Za-z0-9]*{self.prefix}[0-9]+x", self.text)]

    def place(self, offset: int) -> tuple[str, int]:
        """File and line of a character of `text`."""
        index = bisect_right(self._starts, offset) - 1
        piece = self.flat.pieces[index]
        before = piece.text[: offset - self._starts[index]] if piece.kind is PieceKind.DATA else ""
        return piece.file, piece.line + before.count("\n")

    def stretches(self, text: str) -> list[str]:
        """A stretch of text cut at the statements in it: what {% if %} chooses between."""
        cut, start = [], 0
        for found in self._pattern.finditer(text):
            if self.flat.constructs[int(found[1])].kind is PieceKind.STATEMENT:
                cut.append(text[start : found.start()])
                start = found.end()
        return [*cut, text[start:]]

    def shown(self, text: str) -> str:
        """A stretch of text as it was written."""
        return self._pattern.sub(lambda mark: self.flat.constructs[int(mark[1])].text, text)

    def only(self, text: str) -> Piece | None:
        """The one construct that a stretch of text is, else None."""
        found = self._pattern.fullmatch(text)
        return self.flat.constructs[int(found[1])] if found else None

    def restore(self, text: str) -> str:
        """The constructs back where their marks stand. Raises TemplateError unless each came back exactly once and in order."""
        found = [int(number) for number in self._pattern.findall(text)]
        for expected, piece in enumerate(self.flat.constructs):
            if expected >= len(found) or found[expected] != expected:
                raise TemplateError(
                    piece.problem(
                        "this stands where HTML allows no text, so it would move or vanish.", "Put it inside an element, or around whole ones."
                    )
                )
        return self.shown(text)

    def _mark(self, number: int) -> str:
        return f"{self.prefix}{number}x"

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(f"{self.prefix}([0-9]+)x")

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self._stretches[:-1]))]


def mark(flat: Flat) -> Marked:
    """Hide the constructs behind words that occur nowhere in the template."""
    prefix = "wbmark"
    while any(prefix in piece.text for piece in flat.pieces):
        prefix += "q"
    return Marked(flat, prefix)


def problem_at(marked: Marked, offset: int, message: str, how: str) -> Problem:
    """A problem with the markup at a character of the marked text."""
    file, line = marked.place(offset)
    return Problem(file, line, message, how)

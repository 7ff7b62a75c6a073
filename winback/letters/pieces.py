"""A template file cut into pieces: markup, expressions, statements, and whole sentences to translate.

A line that holds nothing but a statement or a comment is not sent; a sentence or a part keeps the line it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

from winback.errors import Problem, TemplateError
from winback.letters import sandbox


class PieceKind(StrEnum):
    """What a stretch of a template is."""

    DATA = "data"  # markup and text, as they stand
    OUTPUT = "output"  # {{ ... }}
    STATEMENT = "statement"  # {% ... %}
    SENTENCE = "sentence"  # {% trans %} ... {% endtrans %}, whole


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template and where it was written."""

    kind: PieceKind
    text: str
    file: str
    line: int
    word: str = ""  # of a statement: if, for, endif, include...
    name: str = ""  # of a block, include or extends: what it names

    def problem(self, message: str, how: str = "") -> Problem:
        return Problem(self.file, self.line, message, how)


def cut(text: str, file: str) -> tuple[Piece, ...]:
    """The pieces of a template that Jinja can parse, in order; `file` as messages name it. Raises TemplateError for {% raw %}."""
    return tuple(_without_statement_lines(list(_sentences_whole(_pieces(text, file)))))


def _pieces(text: str, file: str) -> Iterator[Piece]:
    """What Jinja's lexer finds, gathered into pieces; a comment is a statement with the word `#`."""
    ends = {"variable_end": PieceKind.OUTPUT, "block_end": PieceKind.STATEMENT, "comment_end": PieceKind.STATEMENT}
    gathered: list[tuple[str, str]] = []
    start = 1
    for line, found, value in sandbox.SYNTAX.lexer.tokeniter(text, file):
        if found == "data":
            yield Piece(PieceKind.DATA, value, file, line)
        elif found == "raw_begin":
            raise TemplateError(Problem(file, line, "{% raw %} is not read here.", "Write the text without it."))
        elif found.endswith("_begin"):
            gathered, start = [(found, value)], line
        else:
            gathered.append((found, value))
        if found in ends:
            words = ["#"] if found == "comment_end" else [content for kind, content in gathered[1:-1] if kind != "whitespace"]
            word = words[0] if ends[found] is PieceKind.STATEMENT else ""
            yield Piece(ends[found], "".join(content for _, content in gathered), file, start, word, _named(word, words))


def _without_statement_lines(pieces: list[Piece]) -> Iterator[Piece]:
    """Without the blanks and the line end around statements that have a line of their own, and without comments."""
    alone = [False, *_alone(pieces), False]
    for piece, before, after in zip(pieces, alone, alone[2:], strict=False):
        text, line = piece.text, piece.line
        if piece.kind is PieceKind.DATA and before and "\n" in text:
            text, line = text[text.index("\n") + 1 :], line + 1
        if piece.kind is PieceKind.DATA and after:
            text = text.rstrip(" \t")
        if text and piece.word != "#":
            yield replace(piece, text=text, line=line)


def _alone(pieces: list[Piece]) -> list[bool]:
    """Which pieces are statements with nothing but blanks in their line. What is included takes its own place, so that isn't one."""
    letters = [piece.text if piece.kind is PieceKind.DATA else "s" if _leaves_nothing(piece) else "x" for piece in pieces]
    offsets = accumulate(map(len, letters), initial=0)
    found = {match.start(1) for match in re.finditer(r"^[ \t]*(s)[ \t]*$", "".join(letters), re.MULTILINE)}
    return [_leaves_nothing(piece) and offset in found for piece, offset in zip(pieces, offsets, strict=False)]


def _leaves_nothing(piece: Piece) -> bool:
    return piece.kind is PieceKind.STATEMENT and piece.word != "include"


def _named(word: str, words: list[str]) -> str:
    """What a statement names: a block by its word, a file by a text in quotes. Empty when it is something else."""
    if word == "block":
        return words[1]
    if word in {"extends", "include"} and len(words) == 2 and words[1][0] in "\"'":
        return words[1][1:-1]
    return ""


def _sentences_whole(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """{% trans %}, its text and {% endtrans %} as one piece."""
    sentence: list[Piece] = []
    for piece in pieces:
        if sentence or piece.word == "trans":
            sentence.append(piece)
            if piece.word == "endtrans":
                yield Piece(PieceKind.SENTENCE, "".join(part.text for part in sentence), piece.file, sentence[0].line, "trans")
                sentence = []
        else:
            yield piece

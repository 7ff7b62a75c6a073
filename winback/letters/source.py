"""Template files as pieces (markup, expressions, statements, sentences), and a letter's pieces with its layout and parts put in.

Layouts (`{% extends %}`) and parts (`{% include %}`) are resolved here, in the text, before anything is compiled: so a whole letter can
be read for unknown values, checked as markup and given its styles once. Every piece remembers the file and line it was written in.
A line that holds nothing but a statement or a comment is not sent; a sentence or a part keeps the line it stands in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from jinja2 import TemplateSyntaxError

from winback.errors import Problem, TemplateError
from winback.letters import sandbox
from winback.strictyaml import nearest


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


@dataclass(frozen=True, slots=True)
class Block:
    """A named part of a layout that letters may fill: `{% block body %}...{% endblock %}`."""

    name: str
    parts: tuple[Part, ...]


Part: TypeAlias = "Piece | Block"


@dataclass(frozen=True)
class Flat:
    """The pieces of one text of a letter, from its layout, its own file and its parts, in the order they are sent."""

    name: str  # as messages name the letter's own file
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def constructs(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.kind is not PieceKind.DATA]

    @cached_property
    def logic(self) -> str:
        """Only the constructs, each beginning a line: what is parsed to learn which values are used, with lines that lead back."""
        return "\n".join(piece.text.strip("\n") for piece in self.constructs)

    @cached_property
    def _logic_starts(self) -> list[int]:
        starts, line = [], 1
        for piece in self.constructs:
            starts.append(line)
            line += piece.text.strip("\n").count("\n") + 1
        return starts

    def construct_at(self, logic_line: int) -> Piece:
        """The construct that a line of `logic` belongs to."""
        return self.constructs[bisect_right(self._logic_starts, logic_line) - 1]


def read(root: Path, name: str, shown: str) -> tuple[Piece, ...]:
    """The pieces of one file below `root`. Raises TemplateError when it is missing, not UTF-8, or not Jinja."""
    path = root / name
    try:
        text = path.read_bytes().decode("utf-8-sig")
        sandbox.SYNTAX.parse(text)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise TemplateError(Problem(shown, None, "there is no such file.", "Write it, or take out what names it.")) from error
    except UnicodeDecodeError as error:
        raise TemplateError(Problem(shown, None, f"byte {error.start} is not UTF-8.", "Save the file as UTF-8.")) from error
    except TemplateSyntaxError as error:
        how = "A sentence to translate holds text and {{ names }} only." if "trans" in str(error) else "Look at the {% %} and {{ }} of this line."
        raise TemplateError(Problem(shown, error.lineno, f"it can't be read: {_in_words(error)}", how)) from error
    return tuple(_without_statement_lines(list(_sentences_whole(_pieces(text, shown)))))


def flatten(root: Path, name: str, shown_root: str) -> Flat:
    """A file below `root` with its layout around it and its parts inside. Raises TemplateError."""
    return Flat(f"{shown_root}/{name}", tuple(_flatten(root, name, shown_root, {}, ())))


def _flatten(root: Path, name: str, shown_root: str, filled: dict[str, Block], chain: tuple[str, ...]) -> Iterator[Piece]:
    """`filled` holds the blocks that files further down have written for this layout."""
    parts = _tree(read(root, name, f"{shown_root}/{name}"))
    layout = next((part for part in parts if isinstance(part, Piece) and part.word == "extends"), None)
    chain = (*chain, name)
    if layout is None:
        yield from _expand(root, parts, shown_root, filled, chain)
        return
    for part in parts:
        if isinstance(part, Piece) and part is not layout and part.text.strip():
            raise TemplateError(part.problem("this stands outside of every block, so it would never be sent.", "Move it into a block of the layout."))
    mine = {part.name: part for part in parts if isinstance(part, Block)}
    _refuse_unknown_blocks(root, layout, mine.keys() - filled.keys(), shown_root)
    yield from _flatten(root, _target(root, layout, chain), shown_root, {**mine, **filled}, chain)


def _expand(root: Path, parts: Iterable[Part], shown_root: str, filled: dict[str, Block], chain: tuple[str, ...]) -> Iterator[Piece]:
    for part in parts:
        if isinstance(part, Block):
            yield from _expand(root, filled.get(part.name, part).parts, shown_root, filled, chain)
        elif part.word == "include":
            yield from _flatten(root, _target(root, part, chain), shown_root, {}, chain)
        else:
            yield part


def _target(root: Path, piece: Piece, chain: tuple[str, ...]) -> str:
    """The file that an extends or include names: below the root, there, and not on the way to itself."""
    name = piece.name
    if not name:
        raise TemplateError(piece.problem("the file is not named by a plain text.", f'Write for example {{% {piece.word} "_parts/button.html" %}}.'))
    if name in chain:
        raise TemplateError(piece.problem(f"`{name}` comes back to itself.", "Take one of the two out."))
    if ".." in Path(name).parts or not (root / name).is_file():
        known = [path.relative_to(root).as_posix() for folder in ("_base", "_parts") for path in sorted((root / folder).glob("*"))]
        raise TemplateError(piece.problem(f"there is no `{name}`.", nearest(name, known, "Layouts and parts")))
    return name


def _refuse_unknown_blocks(root: Path, layout: Piece, names: Iterable[str], shown_root: str) -> None:
    if not (root / layout.name).is_file():
        return  # `_target` says so
    known = set(_block_names(_tree(read(root, layout.name, f"{shown_root}/{layout.name}"))))
    for name in sorted(names):
        if known and name not in known:
            raise TemplateError(layout.problem(f"`{layout.name}` has no block `{name}`.", nearest(name, known, "Blocks")))


def _block_names(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Block):
            yield part.name
            yield from _block_names(part.parts)


def _tree(pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """Blocks made out of their begin and end; Jinja has seen to it that they match."""
    open_names: list[str] = []
    open_parts: list[list[Part]] = [[]]
    for piece in pieces:
        if piece.word == "block":
            open_names.append(piece.name)
            open_parts.append([])
        elif piece.word == "endblock":
            block = Block(open_names.pop(), tuple(open_parts.pop()))
            open_parts[-1].append(block)
        else:
            open_parts[-1].append(piece)
    return tuple(open_parts[0])


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
    around = [None, *pieces, None]
    alone = [_is_alone(before, piece, after) for before, piece, after in zip(around, pieces, around[2:], strict=False)]
    for before, piece, after in zip([False, *alone], pieces, [*alone[1:], False], strict=False):
        text, line = piece.text, piece.line
        if piece.kind is PieceKind.DATA and before and "\n" in text:
            text, line = text[text.index("\n") + 1 :], line + 1
        if piece.kind is PieceKind.DATA and after:
            text = text.rstrip(" \t")
        if text and piece.word != "#":
            yield replace(piece, text=text, line=line)


def _is_alone(before: Piece | None, piece: Piece, after: Piece | None) -> bool:
    if piece.kind is not PieceKind.STATEMENT or piece.word == "include":
        return False
    starts = before is None or (before.kind is PieceKind.DATA and re.search(r"\n[ \t]*$", before.text) is not None)
    return starts and (after is None or (after.kind is PieceKind.DATA and re.match(r"[ \t]*(\n|$)", after.text) is not None))


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


def _in_words(error: TemplateSyntaxError) -> str:
    message = str(error.message or "it isn't Jinja").rstrip(".")
    return f"{message[0].lower()}{message[1:]}."

"""A letter's text with its layout around it and its parts inside, every piece of it knowing the file and line it was written in.

Layouts (`{% extends %}`) and parts (`{% include %}`) are resolved here, in the text, before anything is compiled: so a whole letter can
be read for unknown values, checked as markup and given its styles once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias

from jinja2 import TemplateSyntaxError

from winback.errors import Problem, TemplateError
from winback.letters import pieces, sandbox
from winback.letters.pieces import Piece, PieceKind
from winback.strictyaml import nearest


@dataclass(frozen=True, slots=True)
class Block:
    """A named part of a layout that letters may fill: `{% block body %}...{% endblock %}`."""

    name: str
    parts: tuple[Part, ...]


LARGEST_FILE = 500_000
"""Bytes of a template's file: what is longer is no letter, and would take the tools for HTML very long."""

TOO_DEEP = ("its {{ }} and {% %} lie too deep in each other.", "Write fewer brackets, and fewer {% if %} inside each other.")
"""What is said of a template that Python can't follow down, and how to mend it."""

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
        return "\n".join(piece.text for piece in self.constructs)

    @cached_property
    def _logic_starts(self) -> list[int]:
        starts, line = [], 1
        for piece in self.constructs:
            starts.append(line)
            line += piece.text.count("\n") + 1
        return starts

    def construct_at(self, logic_line: int) -> Piece:
        """The construct that a line of `logic` belongs to."""
        return self.constructs[bisect_right(self._logic_starts, logic_line) - 1]


def read(root: Path, name: str, shown: str) -> tuple[Piece, ...]:
    """The pieces of one file below `root`. Raises TemplateError when it is missing, too large, not UTF-8, or not Jinja."""
    path = root / name
    try:
        if (size := path.stat().st_size) > LARGEST_FILE:
            how = "Take out what isn't text: pictures lie on a web server, and the letter names them."
            raise TemplateError(Problem(shown, 1, f"it has {size:,} bytes; no text of a letter needs more than {LARGEST_FILE:,}.", how))
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise TemplateError(Problem(shown, None, "there is no such file.", "Write it, or take out what names it.")) from error
    except UnicodeDecodeError as error:
        raise TemplateError(Problem(shown, None, f"byte {error.start} is not UTF-8.", "Save the file as UTF-8.")) from error
    return _cut(text, shown)


@lru_cache(maxsize=256)
def _cut(text: str, shown: str) -> tuple[Piece, ...]:
    """Layouts and parts stand in many letters and are cut once."""
    try:
        sandbox.SYNTAX.parse(text)
    except TemplateSyntaxError as error:
        how = "A sentence to translate holds text and {{ names }} only." if "trans" in str(error) else "Look at the {% %} and {{ }} of this line."
        raise TemplateError(Problem(shown, error.lineno, f"it can't be read: {_in_words(error)}", how)) from error
    except RecursionError as error:
        raise TemplateError(Problem(shown, 1, *TOO_DEEP)) from error
    return pieces.cut(text, shown)


def flatten(root: Path, name: str, shown_root: str) -> Flat:
    """A file below `root` with its layout around it and its parts inside. Raises TemplateError."""
    return Flat(f"{shown_root}/{name}", tuple(_flatten(root, name, shown_root, {}, ())))


def blocks(root: Path, name: str, shown_root: str) -> tuple[str, dict[str, tuple[Piece, ...]]]:
    """The layout that a file names, and the pieces of each block that it fills itself, parts put in; no layout: an empty name. Raises TemplateError."""
    parts = _tree(read(root, name, f"{shown_root}/{name}"))
    layout = next((part.name for part in parts if isinstance(part, Piece) and part.word == "extends"), "")
    return layout, {part.name: tuple(_expand(root, part.parts, shown_root, {}, (name,))) for part in parts if isinstance(part, Block)}


def fill(root: Path, layout: str, shown_root: str, filled: Mapping[str, tuple[Piece, ...]]) -> tuple[Piece, ...]:
    """A layout's pieces with some of its blocks filled; blocks that it doesn't have are left out. Raises TemplateError."""
    return tuple(_flatten(root, layout, shown_root, {name: Block(name, pieces) for name, pieces in filled.items()}, ()))


def _flatten(root: Path, name: str, shown_root: str, filled: dict[str, Block], chain: tuple[str, ...]) -> Iterator[Piece]:
    """`filled` holds the blocks that files further down have written for this layout."""
    parts = _tree(read(root, name, f"{shown_root}/{name}"))
    layout = next((part for part in parts if isinstance(part, Piece) and part.word == "extends"), None)
    chain = (*chain, name)
    if layout is None:
        yield from _expand(root, parts, shown_root, filled, chain)
        return
    _refuse_outside_blocks(part for part in parts if part is not layout)
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


def _refuse_outside_blocks(parts: Iterable[Part]) -> None:
    for part in parts:
        if isinstance(part, Piece) and (words := part.text.lstrip()):
            line = part.line + part.text[: -len(words)].count("\n")
            message = "this stands outside of every block, so it would never be sent."
            raise TemplateError(Problem(part.file, line, message, "Move it into a block of the layout."))


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


def _tree(written: Iterable[Piece]) -> tuple[Part, ...]:
    """Blocks made out of their begin and end; Jinja has seen to it that they match."""
    open_names: list[str] = []
    open_parts: list[list[Part]] = [[]]
    for piece in written:
        if piece.word == "block":
            open_names.append(piece.name)
            open_parts.append([])
        elif piece.word == "endblock":
            block = Block(open_names.pop(), tuple(open_parts.pop()))
            open_parts[-1].append(block)
        else:
            open_parts[-1].append(piece)
    return tuple(open_parts[0])


def _in_words(error: TemplateSyntaxError) -> str:
    message = str(error.message or "it isn't Jinja").rstrip(".")
    return f"{message[0].lower()}{message[1:]}."

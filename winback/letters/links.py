"""Where a letter may lead its reader: to the brand's links by name, which are counted, and to the addresses made for each letter.

What is written out as https://... works, but nobody would learn that it was followed; anything else might be made of a customer's name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from jinja2 import nodes

from winback.errors import Problem
from winback.letters import certainty, sandbox
from winback.letters.marks import Marked
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import Flat

_BY_NAME = "Name it in `links:` of config/brand.yaml and write {{ link('its-name') }}."
_LEADS_TO_NO_PAGE = re.compile(r"mailto:|tel:|#", re.IGNORECASE)
_PICTURE = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#]|\Z)", re.IGNORECASE)
_WRITTEN_OUT = re.compile(r"(?:\bhttps?://|\bwww\.)[^\s<>\"'{}]*[^\s<>\"'{}.,;:!?)]", re.IGNORECASE)


class Fault(NamedTuple):
    """What is wrong, how to mend it, and the construct that is to blame where that isn't the one judged."""

    message: str
    how: str
    piece: Piece | None = None


@dataclass(frozen=True)
class Links:
    """Judges the addresses in one marked text."""

    marked: Marked

    def href(self, value: str) -> Iterator[Fault]:
        """What is wrong with where a link leads."""
        for stretch in self._alternatives(value):
            shown = self.marked.shown(stretch) or "empty"
            if self._is_ours(stretch, "link") or _LEADS_TO_NO_PAGE.match(stretch):
                continue
            begins = next((piece.text for piece in self.marked.inside(stretch) if shown.startswith(piece.text)), "")
            if begins and self._gives_ours(begins, "link"):
                how = "Write the whole address into `links:` of config/brand.yaml."
                yield Fault(f"`href` goes on after {begins}, so the link would be broken.", how)
                continue
            here: list[tuple[str, Piece | None]] = [(shown, None)]
            for address, piece in self._written_elsewhere(stretch) or here:
                if address.lower().startswith("https://"):
                    yield Fault(f"`href` is {address}: nobody would learn that it was followed.", _BY_NAME, piece)
                else:
                    yield Fault(f"`href` is {address}; letters link to https addresses only.", _BY_NAME, piece)

    def picture(self, name: str, value: str) -> Iterator[Fault]:
        """What is wrong with where a picture comes from."""
        for stretch in self._alternatives(value):
            shown = self.marked.shown(stretch) or "empty"
            if self._is_ours(stretch, "image"):
                continue
            if self.marked.inside(stretch):
                how = "Write it out, or choose between pictures with {% if %}."
                yield Fault(f"`{name}` is {shown}; a picture has the same address for everybody.", how)
            elif not _PICTURE.match(stretch):
                how = "Write {{ image('tea.png') }} for a file of templates/images/."
                yield Fault(f"`{name}` is {shown}; pictures come from https addresses or travel in the letter.", how)

    def _alternatives(self, value: str) -> list[str]:
        return [stretch.strip() for stretch in self.marked.stretches(value) if stretch.strip()] or [""]

    def _is_ours(self, stretch: str, function: str) -> bool:
        """Whether it is one expression, and that one gives an address made for this letter: a value that is one, or what the function gives."""
        piece = self.marked.only(stretch)
        return piece is not None and piece.kind is PieceKind.OUTPUT and self._gives_ours(piece.text, function)

    def _gives_ours(self, text: str, function: str) -> bool:
        written = [node for output in sandbox.SYNTAX.parse(text).find_all(nodes.Output) for node in output.nodes]
        return all(self._is_address(node, function, frozenset()) for node in written)

    def _is_address(self, node: nodes.Node, function: str, seen: frozenset[str]) -> bool:
        match node:
            case nodes.Call(node=nodes.Name(name=called)):
                return called == function
            case nodes.CondExpr(expr2=nodes.Expr() as otherwise):
                return self._is_address(node.expr1, function, seen) and self._is_address(otherwise, function, seen)
        path = certainty.path(node)
        if path is None or path in seen:
            return False
        if path in self._own_names:
            return all(value is not None and self._is_address(value, function, seen | {path}) for value in self._own_names[path])
        return re.search(r"(?:_|\.)url\Z", path) is not None

    def _written_elsewhere(self, stretch: str) -> list[tuple[str, Piece | None]]:
        """The plain texts that a name of the template's own stands for, and the constructs that give it them."""
        piece = self.marked.only(stretch)
        name = re.fullmatch(r"\{\{-?\s*(\w+)\s*-?\}\}", piece.text) if piece else None
        values = self._own_names.get(name[1], []) if name else []
        return [(str(value.value), self.marked.flat.construct_at(value.lineno)) for value in values if isinstance(value, nodes.Const)]

    @cached_property
    def _own_names(self) -> dict[str, list[nodes.Node | None]]:
        """What the template gives to names of its own; None where that isn't one expression."""
        own: dict[str, list[nodes.Node | None]] = {}
        for node in sandbox.SYNTAX.parse(self.marked.flat.logic).find_all((nodes.Assign, nodes.AssignBlock, nodes.For, nodes.With)):
            for target, value in _given(node):
                for name in [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name):
                    own.setdefault(name.name, []).append(value)
        return own


def _given(node: nodes.Node) -> list[tuple[nodes.Node, nodes.Node | None]]:
    match node:
        case nodes.Assign():
            return [(node.target, node.node)]
        case nodes.With():
            return list(zip(node.targets, node.values, strict=True))
        case nodes.For() | nodes.AssignBlock():
            return [(node.target, None)]
    return []


def written_out(text: str) -> Iterator[tuple[int, str, str]]:
    """Addresses that stand in a text, of which mail programs make links: offset, message, how."""
    for found in _WRITTEN_OUT.finditer(text):
        yield found.start(), f"{found[0]} stands in the text: mailboxes make a link of it, and nobody would learn that it was followed.", _BY_NAME


def in_words(flat: Flat, kinds: Collection[PieceKind]) -> list[Problem]:
    """The same in pieces of these kinds, with file and line."""
    return [
        Problem(piece.file, piece.line + piece.text.count("\n", 0, offset), message, how)
        for piece in flat.pieces
        if piece.kind in kinds
        for offset, message, how in written_out(piece.text)
    ]

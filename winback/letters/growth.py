"""How long a text can get before anything is filled in: names that double themselves and loops in loops can eat a gigabyte.

Reckoned from above and roughly: a value is taken for 200 characters, a list that the template didn't write itself for 20 parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from jinja2 import nodes

from winback.errors import Problem
from winback.letters import certainty, sandbox
from winback.letters.pieces import Piece
from winback.letters.source import Flat

LONGEST = 1_000_000
"""Characters that no text of a letter may reach: ten times what mail clients show."""

_VALUE = 200
_PARTS = 20
_MULTIPLY = {"for", "set", "with"}


def problems(flat: Flat) -> Iterator[Problem]:
    """The place from which on a text may get longer than any letter; at most one."""
    if not any(piece.word in _MULTIPLY or "~" in piece.text for piece in flat.constructs):
        return
    reckoning = _Reckoning(flat)
    try:
        reckoning.body(sandbox.SYNTAX.parse("\n".join(piece.text for piece in flat.pieces)).body, {})
    except _TooLongError as found:
        message = f"from here on the text may get longer than {LONGEST:,} characters."
        yield reckoning.piece_at(found.line).problem(message, "Write shorter lists, or join fewer texts into one name.")


class _TooLongError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


@dataclass(frozen=True)
class _Size:
    """Characters of a value at most; how many parts a loop would find in it, and characters of the longest."""

    characters: int
    parts: int = 0
    part: int = 1

    def or_larger(self, other: _Size) -> _Size:
        return _Size(max(self.characters, other.characters), max(self.parts, other.parts), max(self.part, other.part))


_KNOWN = _Size(_VALUE, _PARTS, _VALUE)


def _text(characters: int) -> _Size:
    return _Size(characters, characters)


@dataclass(frozen=True)
class _Reckoning:
    """One walk over a text with everything that stands between its constructs."""

    flat: Flat

    @cached_property
    def _starts(self) -> list[int]:
        """Lines at which the pieces begin when each has its own."""
        return list(accumulate((piece.text.count("\n") + 1 for piece in self.flat.pieces[:-1]), initial=1))

    def piece_at(self, line: int) -> Piece:
        return self.flat.pieces[bisect_right(self._starts, line) - 1]

    def body(self, body: list[nodes.Node], own: dict[str, _Size]) -> int:
        """Characters that statements write; the names they make are put into `own`."""
        total = 0
        for node in body:
            total += self._statement(node, own)
            self._hold(node, total)
        return total

    def _statement(self, node: nodes.Node, own: dict[str, _Size]) -> int:
        match node:
            case nodes.Output():
                return sum(self._expression(part, own).characters for part in node.nodes)
            case nodes.If():
                return self._branches(node, own)
            case nodes.For():
                looped = self._expression(node.iter, own)
                each = self.body(node.body, {**own, **dict.fromkeys(_names(node.target), _Size(looped.part, looped.part))})
                return looped.parts * each + self.body(node.else_, dict(own))
            case nodes.With():
                pairs = zip(node.targets, node.values, strict=True)
                inner = {name: self._expression(value, own) for target, value in pairs for name in _names(target)}
                return self.body(node.body, {**own, **inner})
            case nodes.Assign():
                own.update(dict.fromkeys(_names(node.target), self._expression(node.node, own)))
            case nodes.AssignBlock():
                own.update(dict.fromkeys(_names(node.target), _text(self.body(node.body, dict(own)))))
        return 0

    def _branches(self, node: nodes.If, own: dict[str, _Size]) -> int:
        """The longest of them; a name that one makes may have the largest size that any gives it."""
        longest, after = 0, dict(own)
        for body in (node.body, *(branch.body for branch in node.elif_), node.else_):
            inside = dict(own)
            longest = max(longest, self.body(body, inside))
            after.update({name: size.or_larger(after.get(name, size)) for name, size in inside.items()})
        own.update(after)
        return longest

    def _expression(self, node: nodes.Node, own: dict[str, _Size]) -> _Size:
        if (path := certainty.path(node)) is not None:
            return own.get(path, _KNOWN)
        match node:
            case nodes.TemplateData():
                return _text(len(node.data))
            case nodes.Const():
                return _text(len(str(node.value)))
            case nodes.Concat():
                return _text(self._hold(node, sum(self._expression(part, own).characters for part in node.nodes)))
            case nodes.CondExpr(expr2=nodes.Expr() as otherwise):
                return self._expression(node.expr1, own).or_larger(self._expression(otherwise, own))
            case nodes.List() | nodes.Tuple():
                sizes = [self._expression(item, own).characters for item in node.items]
                return _Size(sum(sizes), len(sizes), max(sizes, default=0))
            case nodes.Filter(node=nodes.Expr() as filtered):
                return _text(2 * self._expression(filtered, own).characters)  # ß in capitals is SS
            case nodes.Call():
                inside = [*node.args, *(keyword.value for keyword in node.kwargs)]
                return _text(_VALUE + 2 * sum(self._expression(part, own).characters for part in inside))  # a translation may be longer
        return _KNOWN

    def _hold(self, node: nodes.Node, characters: int) -> int:
        if characters > LONGEST:
            raise _TooLongError(node.lineno or next((child.lineno for child in node.iter_child_nodes()), 1))
        return characters


def _names(target: nodes.Node) -> list[str]:
    return [target.name] if isinstance(target, nodes.Name) else [name.name for name in target.find_all(nodes.Name)]

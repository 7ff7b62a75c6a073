"""The words that a template may use, out of a dataclass that holds them (values.LetterValues): dotted name -> kind, and may it be absent."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """One known value."""

    kind: Any  # its type
    optional: bool = False  # may be None: ask `{% if offer %}` first

    @property
    def has_parts(self) -> bool:
        return is_dataclass(self.kind)

    @property
    def row(self) -> Any:
        """The type of one of several, None where it isn't several."""
        return typing.get_args(self.kind)[0] if typing.get_origin(self.kind) is tuple else None

    @property
    def is_called(self) -> bool:
        return typing.get_origin(self.kind) is typing.get_origin(typing.Callable[..., str])


@cache
def words(known: type) -> Mapping[str, Word]:
    """Every word: `offer`, `offer.code`, `customer.given_name`..."""
    return dict(_words(known, ""))


def row_words(name: str, row: Any) -> Mapping[str, Word]:
    """Every word of a row that a loop calls `name`: `product`, `product.price`..."""
    return {name: Word(row), **(dict(_words(row, f"{name}.")) if is_dataclass(row) else {})}


def owners(path: str) -> list[str]:
    """What lies on the way to a dotted name, itself last: offer, offer.code."""
    parts = path.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _words(known: Any, owner: str) -> Iterator[tuple[str, Word]]:
    for name, annotation in typing.get_type_hints(known).items():
        kind, optional = _without_none(annotation)
        yield owner + name, Word(kind, optional)
        if is_dataclass(kind):
            yield from _words(kind, f"{owner}{name}.")


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        rest = [part for part in typing.get_args(annotation) if part is not types.NoneType]
        return rest[0], True
    return annotation, False

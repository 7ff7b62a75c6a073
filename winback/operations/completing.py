"""What may be written where a cursor stands in a YAML file: keys by its schema, and words that the project knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from winback.operations import yaml_place
from winback.operations.yaml_place import ITEM, Cursor

Meant: TypeAlias = Mapping[str, str]
"""Words and what each means, in the order in which they are offered."""

_MOST = 60


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word to put in the place of what is begun; the cursor comes to stand behind `caret` characters of `insert`."""

    word: str
    meaning: str
    insert: str
    caret: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand between two characters of the text."""

    start: int
    end: int
    suggestions: tuple[Suggestion, ...]

    def as_json(self) -> dict[str, Any]:
        rows = [{"word": each.word, "meaning": each.meaning, "insert": each.insert, "caret": each.caret} for each in self.suggestions]
        return {"start": self.start, "end": self.end, "suggestions": rows}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a kind of file is made of.

    `schema`: its JSON Schema. `meanings`: what keys and words mean, by the key that they stand below (`""`: at the top of the file, and
    for keys that mean the same everywhere). `known`: words of the project that the schema can't know, by the key that they stand below.
    """

    schema: Mapping[str, Any]
    meanings: Mapping[str, Meant]
    known: Mapping[str, Meant]


def complete(vocabulary: Vocabulary, text: str, offset: int) -> Completion:
    """What may be written at the character `offset`, what is begun there first; nothing where nobody can tell."""
    cursor = yaml_place.find(text, offset)
    if cursor is None:
        return Completion(offset, offset, ())
    found = [each for each in _suggested(vocabulary, text, offset, cursor) if _goes_on(each.word, cursor.begun)]
    found.sort(key=lambda each: not each.word.startswith(cursor.begun))
    return Completion(cursor.start, offset, tuple(found[:_MOST]))


def _goes_on(word: str, begun: str) -> bool:
    """A word goes on with what is begun, at its own beginning or at that of one of its parts; a whole word needs nothing."""
    begun = begun.casefold()
    return word != begun and any(part.startswith(begun) for part in _parts(word.casefold()))


def _parts(word: str) -> list[str]:
    return [word, *(word[place + 1 :] for place, character in enumerate(word) if character in "_- ")]


def _suggested(vocabulary: Vocabulary, text: str, offset: int, cursor: Cursor) -> Iterator[Suggestion]:
    shapes = list(_at(vocabulary.schema, cursor.place))
    key = next((step for step in reversed(cursor.place) if step != ITEM), "")
    if cursor.is_key:
        yield from _keys(vocabulary, shapes, key, cursor, _given(text, offset, cursor))
    words = _words(vocabulary, shapes, key)
    if cursor.is_line and cursor.place[-1:] != (ITEM,):
        return  # words of a list stand behind a hyphen
    if any(shape.get("type") == "boolean" for shape in shapes):
        yield from (Suggestion(word, "", word, len(word)) for word in ("true", "false"))
    is_list = cursor.place[-1:] != (ITEM,) and any(shape.get("type") == "array" for shape in shapes)
    yield from (_word(word, meaning, in_brackets=is_list) for word, meaning in words.items())


def _keys(vocabulary: Vocabulary, shapes: Sequence[Mapping[str, Any]], key: str, cursor: Cursor, given: set[str]) -> Iterator[Suggestion]:
    meanings = {**vocabulary.meanings.get("", {}), **vocabulary.meanings.get(key, {})}
    for shape in shapes:
        for name, inner in shape.get("properties", {}).items():
            if name not in given:
                yield _key(name, meanings.get(name, ""), list(_branches(vocabulary.schema, inner)), cursor, vocabulary.schema)
        items = shape.get("items")
        if items is not None and cursor.is_line and cursor.place[-1:] != (ITEM,):  # a list whose hyphen isn't written yet
            for branch in _branches(vocabulary.schema, items):
                for name, inner in branch.get("properties", {}).items():
                    yield _key(name, meanings.get(name, ""), list(_branches(vocabulary.schema, inner)), cursor, vocabulary.schema, behind="- ")


def _key(name: str, meaning: str, shapes: Sequence[Mapping[str, Any]], cursor: Cursor, schema: Mapping[str, Any], *, behind: str = "") -> Suggestion:
    """A key with what its value begins with."""
    kinds = {str(shape.get("type")) for shape in shapes}
    opened, closed = " ", ""
    if "object" in kinds:
        opened, closed = _block(cursor, "") if cursor.is_line and not cursor.place else (" {", "}")
    elif "array" in kinds:
        items = [branch for shape in shapes for branch in _branches(schema, shape.get("items", {}))]
        of_blocks = any(item.get("type") == "object" for item in items)
        opened, closed = _block(cursor, "- ", deeper=len(behind)) if of_blocks and cursor.is_line else (" [", "]")
    begin = f"{behind}{name}:{opened}"
    return Suggestion(name, meaning, begin + closed, len(begin))


def _block(cursor: Cursor, mark: str, *, deeper: int = 0) -> tuple[str, str]:
    return f"\n{' ' * (cursor.indent + deeper + 2)}{mark}", ""


def _word(word: str, meaning: str, *, in_brackets: bool) -> Suggestion:
    is_plain = _PLAIN.fullmatch(word) and not _NUMBER.fullmatch(word) and word.casefold() not in _AMBIGUOUS
    quoted = word if is_plain else f'"{_escaped(word)}"'
    return Suggestion(word, meaning, f"[{quoted}]", len(quoted) + 1) if in_brackets else Suggestion(word, meaning, quoted, len(quoted))


_PLAIN = re.compile(r"\w|[^\W_][\w .-]*\w")
_NUMBER = re.compile(r"[\d._ -]+")
_AMBIGUOUS = {"yes", "no", "on", "off", "y", "n", "true", "false", "null"}
"""Words that readers of YAML take for something else."""


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def _words(vocabulary: Vocabulary, shapes: Sequence[Mapping[str, Any]], key: str) -> dict[str, str]:
    """The words of the schema, then those that the project knows."""
    meanings = vocabulary.meanings.get(key, {})
    found: dict[str, str] = {}
    for shape in shapes:
        branches = [shape, *(_branches(vocabulary.schema, shape["items"]) if "items" in shape else ())]
        for branch in branches:
            found |= {word: meanings.get(word, "") for word in branch.get("enum", ()) if isinstance(word, str)}
    return {**found, **{word: meaning or found.get(word, "") for word, meaning in vocabulary.known.get(key, {}).items()}}


def _given(text: str, offset: int, cursor: Cursor) -> set[str]:
    """Keys that the same block has already, above and below."""
    if not cursor.is_line or cursor.indent or cursor.place:
        return set()
    lines = (text[:offset].rsplit("\n", 1)[0] if "\n" in text[:offset] else "").split("\n") + text[offset:].split("\n")[1:]
    return {line.split(":", 1)[0] for line in lines if ":" in line and line[:1].isalpha()}


def _at(schema: Mapping[str, Any], place: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """What the schema says of a place, by each of its alternatives."""
    shapes = list(_branches(schema, schema))
    for step in place:
        inner = [shape.get("items") if step == ITEM else _below(shape, step) for shape in shapes]
        shapes = [branch for each in inner if each is not None for branch in _branches(schema, each)]
    yield from shapes


def _below(shape: Mapping[str, Any], key: str) -> Any:
    named = shape.get("properties", {}).get(key)
    others = shape.get("additionalProperties")
    return named if named is not None else others if isinstance(others, dict) else None


def _branches(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A shape without references and alternatives, and without `null`."""
    if "$ref" in shape:
        yield from _branches(schema, schema["$defs"][shape["$ref"].rsplit("/", 1)[1]])
    elif "anyOf" in shape:
        for each in shape["anyOf"]:
            yield from _branches(schema, each)
    elif shape.get("type") != "null":
        yield shape

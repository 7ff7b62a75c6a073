"""YAML read strictly: every value is what it looks like, or it is refused with its line and how to write it.

YAML 1.1 readers take `no` for false, `10:30` for 630 and `0755` for 493, keep the last of two equal keys and say nothing.
Here each of these is a sentence with file and line. Shapes are pydantic models; unknown keys name the nearest known one.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from winback.errors import ConfigError, Problem

Place: TypeAlias = tuple[str | int, ...]
S = TypeVar("S", bound=BaseModel)
_KEPT = 256
"""Files that were read last, of which the meaning is kept."""


class Shape(BaseModel):
    """A part of a YAML file: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """A file that was read: its value, and the line of every part of it, for checks that need other files."""

    value: S
    file: str
    lines: dict[Place, int]

    def line(self, *place: str | int) -> int | None:
        """Line of the nearest existing part on the way to `place`."""
        return _line(self.lines, place)

    def problem(self, place: Place, message: str, how: str = "") -> Problem:
        return Problem(self.file, self.line(*place), message, how)


def refusal(message: str, how: str = "") -> PydanticCustomError:
    """What a shape's validator raises: the sentence, and how to write it."""
    return PydanticCustomError("refused", "{message}", {"message": message, "how": how})


def nearest(word: str, known: typing.Iterable[str], what: str = "Known") -> str:
    """A hint for a name that isn't known: the nearest one, else all of them."""
    names = sorted(known)
    begun = [name for name in names if word and name.startswith(word)]  # the beginning of a long name is the likeliest slip
    close = begun or difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"{what}: {', '.join(names)}." if names else f"{what}: none yet."


def read(path: Path, shape: type[S], *, shown: str) -> Document[S]:
    """Read one YAML file into `shape`; `shown` names the file in messages. Raises ConfigError with every problem found."""
    return parse(text_of(path, shown), shape, shown=shown)


def content(path: Path, *, shown: str) -> object:
    """What a YAML file says, in plain values that nobody may change, whatever its shape. Raises ConfigError when it can't be read."""
    return _said(text_of(path, shown), shown)[0]


def text_of(path: Path, shown: str) -> str:
    """What stands in a YAML file. Raises ConfigError when there is none, or it isn't UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(Problem(shown, None, "there is no such file.", "Make it, or run `winback init` in a new folder.")) from error
    except UnicodeDecodeError as error:
        raise ConfigError(Problem(shown, None, f"byte {error.start} is not UTF-8.", "Save the file as UTF-8.")) from error


def parse(text: str, shape: type[S], *, shown: str) -> Document[S]:
    """The same from text, for what isn't saved yet."""
    return _parsed(text, shape, shown)  # type: ignore[return-value]  # of the shape that was asked for


@lru_cache(maxsize=_KEPT)
def _parsed(text: str, shape: type[BaseModel], shown: str) -> Document[BaseModel]:
    """Kept by the text itself: a page of the studio, or a batch of letters, reads the same files again and again."""
    content, lines = _said(text, shown)
    try:
        value = shape.model_validate(content)
    except ValidationError as error:
        raise ConfigError([_problem(details, shape, shown, lines) for details in _telling(error.errors())]) from error
    return Document(value, shown, lines)


@lru_cache(maxsize=_KEPT)
def _said(text: str, shown: str) -> tuple[object, dict[Place, int]]:
    """The plain values of a text, and in which line each stands. Raises ConfigError."""
    reader = _Reader(shown)
    content = reader.load(text)
    if reader.problems:
        raise ConfigError(reader.problems)
    return content, reader.lines


def _telling(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "the list is too short" of a list that is so only because its parts are wrong."""
    places = [details["loc"] for details in errors]
    return [
        details
        for details in errors
        if details["type"] != "too_short"
        or not any(len(place) > len(details["loc"]) and place[: len(details["loc"])] == details["loc"] for place in places)
    ]


_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}
_TRAPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i:yes|no|on|off|y|n)"), 'YAML readers take it for true or false. Write true or false, or "{0}" in quotes for the word.'),
    (re.compile(r"(?i:true|false|null)"), "Write it in small letters, or in quotes for the word."),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), 'YAML readers take it for a number to the base 60. Write "{0}" in quotes.'),
    (re.compile(r"[-+]?0[0-9_]+"), 'YAML readers take it for an octal number. Write "{0}" in quotes, or the number without the leading zero.'),
    (re.compile(r"[-+]?0[xob][0-9a-fA-F_]+"), 'Write a decimal number, or "{0}" in quotes.'),
    (re.compile(r"[-+]?[0-9]+_[0-9_.]*"), 'Write the number without underscores, or "{0}" in quotes.'),
    (re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+"), 'Write the number in full, or "{0}" in quotes.'),
    (re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"), "Write a number."),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"), 'Write a day as 2026-03-09, and a day with a time as "{0}" in quotes.'),
)


_QUICK: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML has it: seven times as quick, and of the same mind."""
_DEEPEST = 50


class _Reader:
    """Turns YAML nodes into plain values, keeping lines and collecting problems."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []

    def load(self, text: str) -> object:
        try:
            try:
                node = self._composed(text, _QUICK)
            except yaml.YAMLError:  # what is wrong is told in the words of Python's own reader
                self.problems.clear()
                node = self._composed(text, yaml.SafeLoader)
        except yaml.YAMLError as error:
            self._syntax(error)
            return None
        if node is None:
            if not self.problems:
                self._refuse(0, "the file is empty.", "Fill it in; `winback schema` shows what may stand there.")
            return None
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node.start_mark.line, "a list of `key: value` lines is expected here.")
            return None
        return self._value(node, ())

    def _composed(self, text: str, loader: type[yaml.SafeLoader]) -> yaml.Node | None:
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            self._refuse_what_hides(event)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                line = event.start_mark.line if event.start_mark else 0
                self._refuse(line, f"lists and blocks lie in each other here more than {_DEEPEST} deep.", "Nothing of ours is as deep.")
                return None
        return None if self.problems else yaml.compose(text, Loader=loader)

    def _refuse_what_hides(self, event: yaml.Event) -> None:
        """Anchors, aliases and tags: a reader of the file couldn't see what stands there."""
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(line, "anchors and aliases (&, *) are not read here.", "Write the part out where it belongs.")
        elif tag := getattr(event, "tag", None):
            self._refuse(line, f"the tag {tag} is not read here.", "Write the plain value.")

    def _value(self, node: yaml.Node, place: Place) -> object:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._value(item, (*place, index)) for index, item in enumerate(node.value))
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if isinstance(key, date):
                key = key_node.value
            if key == "<<":
                self._refuse(line, "the merge key `<<` is not read here.", "Write the part out where it belongs.")
            elif not isinstance(key, str):
                if not self.problems or self.problems[-1].line != line + 1:
                    self._refuse(line, f"`{getattr(key_node, 'value', '?')}` can't be a key.", "Write a word, or put it in quotes.")
            elif key in result:
                first = self.lines[(*place, key)]
                self._refuse(line, f"`{key}` stands here a second time (first in line {first}).", "Keep one of the two.")
            else:
                self.lines[(*place, key)] = line + 1
                result[key] = self._value(value_node, (*place, key))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text: str = node.value
        if node.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self._refuse(node.start_mark.line, f"there is no day {text}.", "Write a day as 2026-03-09.")
                return None
        for pattern, how in _TRAPS:
            if pattern.fullmatch(text):
                self._refuse(node.start_mark.line, f"`{text}` is ambiguous.", how.format(text))
                return None
        return text

    def _syntax(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        found = getattr(error, "problem", None) or "it can't be read as YAML"
        how = "Look at the indentation and the line above."
        if "mapping values are not allowed" in found:
            found, how = "a second colon stands in this line.", "Put a text that contains a colon in quotes."
        elif "\\t" in found:
            found, how = "a tab stands where YAML wants blanks.", "Indent with blanks."
        elif "cannot start any token" in found:
            found, how = f"{found}.", "Put a text that begins with a special character in quotes."
        else:
            found = f"{found}."
        self._refuse(mark.line if mark else 0, found, how)

    def _refuse(self, line: int, message: str, how: str = "") -> None:
        self.problems.append(Problem(self.shown, line + 1, message, how))


def _line(lines: dict[Place, int], place: Place) -> int | None:
    for length in range(len(place), -1, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


_EXPECTED = {
    "string_type": "text", "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
    "date_type": "a day, as 2026-03-09", "tuple_type": "a list", "dict_type": "a block of `key: value` lines", "model_type": "a block of `key: value` lines",
    "model_attributes_type": "a block of `key: value` lines", "decimal_type": "a number", "is_instance_of": "another kind of value",
}  # fmt: skip


def _problem(error: ErrorDetails, shape: type[BaseModel], shown: str, lines: dict[Place, int]) -> Problem:
    place = _known_place(tuple(error["loc"]), lines)
    name = ".".join(str(part) for part in place) if place else "the file"
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    line = _line(lines, place)
    if kind == "refused":
        return Problem(shown, line, f"{_last_word(place)}{context['message']}", str(context.get("how", "")))
    if kind == "extra_forbidden":
        return Problem(shown, line, f"`{place[-1]}` is not known here.", nearest(str(place[-1]), _fields_at(shape, place[:-1])))
    if kind == "missing":
        missing = str(error["loc"][-1])
        return Problem(shown, line, f"`{missing}` is missing{f' in {name}' if place else ''}.", f"Add `{missing}:`.")
    if kind == "literal_error":
        return Problem(shown, line, f"`{name}` is {_show(found)}.", f"Write one of {context['expected']}.")
    if kind in _EXPECTED:
        hint = " Put it in quotes if it is meant as text." if kind == "string_type" and not isinstance(found, dict | tuple) else ""
        return Problem(shown, line, f"`{name}` is {_show(found)}; {_EXPECTED[kind]} is expected.{hint}")
    return Problem(shown, line, f"`{name}` is {_show(found)}: {error['msg'][0].lower()}{error['msg'][1:]}.")


def _known_place(loc: Place, lines: dict[Place, int]) -> Place:
    """The location without the names that pydantic adds for union branches, and without a key that isn't in the file."""
    place: Place = ()
    for part in loc:
        if (*place, part) in lines:
            place = (*place, part)
    return place


def _last_word(place: Place) -> str:
    words = [part for part in place if isinstance(part, str)]
    return f"{words[-1]} " if words else ""


def _show(value: object) -> str:
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, tuple):
        return "a list"
    if value is None:
        return "empty"
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _fields_at(shape: type[BaseModel], place: Place) -> set[str]:
    return {field.alias or name for model in _models_at(shape, place) for name, field in model.model_fields.items()}


def _models_at(annotation: Any, place: Place) -> Iterator[type[BaseModel]]:
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        for branch in typing.get_args(annotation):
            yield from _models_at(branch, place)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not place:
            yield annotation
        elif place[0] in annotation.model_fields:
            yield from _models_at(annotation.model_fields[str(place[0])].annotation, place[1:])
    elif origin in {dict, tuple} and place:
        inner = typing.get_args(annotation)[1 if origin is dict else 0]
        yield from _models_at(inner, place[1:])

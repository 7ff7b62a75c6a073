"""How sources.yaml names a column of the shop: by its name alone, or with what is special about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from winback.model import FeedbackKind
from winback.strictyaml import Shape, refusal

_WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
_WORD_LIST = {"type": "array", "items": {"type": ["string", "number"]}}


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _schema(**special: Any) -> WithJsonSchema:
    block = {"type": "object", "properties": {"column": {"type": "string"}, **special}, "required": ["column"], "additionalProperties": False}
    return WithJsonSchema({"anyOf": [{"type": "string"}, block]})


class Column(Shape):
    """A column whose words differ from ours: {column: lang, words: {ua: uk}}."""

    column: str = Field(min_length=1)
    words: dict[str, str] = Field(default_factory=dict)

    @field_validator("words")
    @classmethod
    def _without_case(cls, value: dict[str, str]) -> dict[str, str]:
        return {word.casefold(): ours for word, ours in value.items()}


class CustomColumn(Column):
    """A column of the shop's own, kept under a name of ours: {column: points, kind: number}."""

    kind: Literal["number", "text"] | None = None  # None: numbers where all of the column are


class TagsColumn(Shape):
    """A column of tags: {column: labels, separator: ";"}."""

    column: str = Field(min_length=1)
    separator: str = Field(default=";", min_length=1)


class PhoneColumn(Shape):
    """A column of phone numbers: {column: tel, country: UA}."""

    column: str = Field(min_length=1)
    country: str = Field(default="", pattern="^([A-Z]{2})?$")  # of numbers without a country code, where the customer's isn't known


Named: TypeAlias = Annotated[Column, BeforeValidator(_column), _schema(words=_WORDS)]
"""A column of the shop: its name alone, or with its words."""
Custom: TypeAlias = Annotated[CustomColumn, BeforeValidator(_column), _schema(words=_WORDS, kind={"enum": ["number", "text"]})]
"""A column for `custom`: its name alone, or with its words and kind."""
Tags: TypeAlias = Annotated[TagsColumn, BeforeValidator(_column), _schema(separator={"type": "string", "minLength": 1})]
"""A column of tags: its name alone, or with what stands between them."""
Phone: TypeAlias = Annotated[PhoneColumn, BeforeValidator(_column), _schema(country={"type": "string", "pattern": "^[A-Z]{2}$"})]
"""A column of phone numbers: its name alone, or with their country."""


def _words(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple("" if word is None else str(word).casefold() for word in value)
    raise refusal("is one word; a list is expected.", f'Write for example ["{value}"].')


Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_words), WithJsonSchema(_WORD_LIST)]
"""The shop's words for one thing, compared without regard to capitals."""


def tell_apart(lists: dict[str, tuple[str, ...]]) -> None:
    """Refuse a word that stands for two things."""
    seen: dict[str, str] = {}
    for name, words in lists.items():
        for word in words:
            if seen.setdefault(word, name) != name:
                raise refusal(f"has the word `{word}` under {seen[word]} and under {name}.", "Keep one of the two.")


class KindColumn(Shape):
    """What a row of feedback is: the same all through, or told by a column in the shop's words."""

    always: Literal["complaint", "survey"] | None = None
    column: str = ""
    complaint: Words = ()
    survey: Words = ()

    @model_validator(mode="after")
    def _tells_apart(self) -> KindColumn:
        if self.always is None and not (self.column and (self.complaint or self.survey)):
            raise refusal("doesn't say which rows are complaints and which are answers to a survey.", _HOW_KIND)
        tell_apart({"complaint": self.complaint, "survey": self.survey})
        return self


_HOW_KIND = "Write complaint or survey for all of them, or {column: type, complaint: [...], survey: [...]} with the words of a column."


def _kind(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in list(FeedbackKind):
        raise refusal(f"is {value}; that is neither complaint nor survey.", _HOW_KIND)
    return {"always": value}


Kind: TypeAlias = Annotated[
    KindColumn,
    BeforeValidator(_kind),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [kind.value for kind in FeedbackKind]},
                {
                    "type": "object",
                    "properties": {"column": {"type": "string"}, "complaint": _WORD_LIST, "survey": _WORD_LIST},
                    "required": ["column"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""The kind of feedback: one of our words for all rows, or a column with the shop's words."""

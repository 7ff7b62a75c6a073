"""Which of the shop's columns is what: the blocks `customers:`, `orders:` and `inquiries:` of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from winback.model import ChannelName
from winback.shapes import Channel
from winback.strictyaml import Shape, refusal


class Column(Shape):
    """A column whose words differ from ours: {column: lang, words: {ua: uk}}."""

    column: str = Field(min_length=1)
    words: dict[str, str] = Field(default_factory=dict)

    @field_validator("words")
    @classmethod
    def _without_case(cls, value: dict[str, str]) -> dict[str, str]:
        return {word.casefold(): ours for word, ours in value.items()}


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Named: TypeAlias = Annotated[
    Column,
    BeforeValidator(_column),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"column": {"type": "string"}, "words": {"type": "object", "additionalProperties": {"type": "string"}}},
                    "required": ["column"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A column of the shop: its name alone, or with its words."""


def _words(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple("" if word is None else str(word).casefold() for word in value)
    raise refusal("is one word; a list is expected.", f'Write for example ["{value}"].')


Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_words), WithJsonSchema({"type": "array", "items": {"type": ["string", "number"]}})]
"""The shop's words for one thing, compared without regard to capitals."""


class Consent(Shape):
    """The columns that say whether, when and where a customer agreed to advertising."""

    column: str
    agreed: Words
    declined: Words
    given_at: str | None = None
    source: str | None = None
    channels: tuple[Channel, ...] = Field(default=(ChannelName.EMAIL,), min_length=1)

    @model_validator(mode="after")
    def _tells_apart(self) -> Consent:
        _tell_apart({"agreed": self.agreed, "declined": self.declined})
        return self


class Customers(Shape):
    """Columns of a source of customers."""

    id: Named
    email: Named | None = None
    telegram: Named | None = None  # the chat's number, where the shop already knows it
    given_name: Named | None = None
    patronymic: Named | None = None
    family_name: Named | None = None
    sex: Named | None = None
    locale: Named | None = None
    country: Named | None = None
    city: Named | None = None
    time_zone: Named | None = None
    birthday: Named | None = None
    favourite_day: Named | None = None
    manager: Named | None = None
    black_list: Named | None = None
    consent: Consent | None = None


class Status(Shape):
    """The column that says what became of an order, and the shop's words in it."""

    column: str
    placed: Words
    cancelled: Words = ()
    returned: Words = ()

    @model_validator(mode="after")
    def _tells_apart(self) -> Status:
        _tell_apart({"placed": self.placed, "cancelled": self.cancelled, "returned": self.returned})
        return self


class Orders(Shape):
    """Columns of a source of orders."""

    id: Named
    customer: Named
    ordered_at: Named
    amount: Named
    currency: Named | None = None
    quantity: Named | None = None
    status: Status | None = None
    minus_is_return: bool = False  # a row below zero is goods brought back, whatever its status says


class Inquiries(Shape):
    """Columns of a source of inquiries."""

    id: Named
    customer: Named
    inquired_at: Named
    subject: Named | None = None


def columns(mapping: Customers | Orders | Inquiries) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every column that is named, by its place in the block."""
    for name in type(mapping).model_fields:
        value = getattr(mapping, name)
        if isinstance(value, Column):
            yield (name,), value.column
        elif isinstance(value, Consent | Status):
            yield (name, "column"), value.column
            if isinstance(value, Consent):
                yield from (((name, part), column) for part in ("given_at", "source") if (column := getattr(value, part)))


def _tell_apart(lists: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for name, words in lists.items():
        for word in words:
            if seen.setdefault(word, name) != name:
                raise refusal(f"has the word `{word}` under {seen[word]} and under {name}.", "Keep one of the two.")

"""Which of the shop's columns is what: the blocks `customers:`, `orders:`, `inquiries:`, `touches:`, `feedback:`, `reasons:` of a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from winback.audience.columns import Column, Custom, Kind, KindColumn, Named, Phone, PhoneColumn, Tags, TagsColumn, Words, tell_apart
from winback.model import ChannelName
from winback.shapes import Channel
from winback.strictyaml import Shape, refusal

STANDINGS = ("vip", "adherent")
"""What the staff know of a customer's place in the shop."""


class Proof(Shape):
    """The columns that say whether, when and where a customer agreed to something, and what shows it."""

    column: str
    agreed: Words
    declined: Words
    given_at: str | None = None
    source: str | None = None
    confirmed_at: str | None = None  # when the address itself said yes, by double opt-in of another tool
    withdrawn_at: str | None = None  # of those who declined; else the import's moment
    wording: str | None = None  # what was agreed to, word for word
    text: str | None = Field(default=None, min_length=1)  # the same, where it is one sentence for everybody
    evidence: dict[str, str] = Field(default_factory=dict)  # other columns that show it: order, form, ip

    @model_validator(mode="after")
    def _tells_apart(self) -> Proof:
        tell_apart({"agreed": self.agreed, "declined": self.declined})
        if self.wording is not None and self.text is not None:
            raise refusal("has `wording` and `text`.", "Write the column in `wording:`, or the one sentence for everybody in `text:`.")
        for name in self.evidence:
            if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name):
                raise refusal(f"has the evidence `{name}`; names are small Latin letters, digits and _.", "Write for example order, form or ip.")
        return self


class Consent(Proof):
    """Consent to advertising, and over which channels."""

    channels: tuple[Channel, ...] = Field(default=(ChannelName.EMAIL,), min_length=1)


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
    phone: Phone | None = None
    standing: Named | None = None  # what the staff know: vip, adherent
    recommended_by: Named | None = None  # the shop's id of the customer who brought them
    tags: Tags | None = None
    custom: dict[str, Custom] = Field(default_factory=dict)  # the shop's own columns by the names that cohorts and letters call them
    consent: Consent | None = None
    open_tracking: Proof | None = None  # consent to our seeing who opens letters; by e-mail, where alone it can be seen

    @field_validator("standing")
    @classmethod
    def _known_standings(cls, value: Column | None) -> Column | None:
        if value and (unknown := next((ours for ours in value.words.values() if ours not in {*STANDINGS, ""}), None)):
            raise refusal(f"has the word {unknown}; a standing is vip or adherent.", "Write for example {column: level, words: {gold: vip}}.")
        return value

    @field_validator("custom")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name):
                raise refusal(f"has the name `{name}`; names are small Latin letters, digits and _.", "Write for example loyalty_points.")
        return value


class Status(Shape):
    """The column that says what became of an order, and the shop's words in it."""

    column: str
    placed: Words
    cancelled: Words = ()
    returned: Words = ()
    left_out: Words = ()  # no order yet, or none at all: drafts, baskets

    @model_validator(mode="after")
    def _tells_apart(self) -> Status:
        tell_apart({"placed": self.placed, "cancelled": self.cancelled, "returned": self.returned, "left_out": self.left_out})
        return self


class Lines(Shape):
    """Rows of one order that follow each other, one for each of its goods: their first written cells count, and some are added up."""

    add_up: tuple[Literal["amount", "refunded", "quantity", "margin"], ...] = ()


class Orders(Shape):
    """Columns of a source of orders."""

    id: Named
    customer: Named
    ordered_at: Named
    amount: Named
    currency: Named | None = None
    quantity: Named | None = None
    status: Status | None = None
    margin: Named | None = None  # what of the amount stays with the shop
    code: Named | None = None  # redeemed with it
    refunded: Named | None = None  # what of the amount was given back: taken off it
    lines: Lines | None = None  # the order is in several rows
    minus_is_return: bool = False  # a row below zero is goods brought back, whatever its status says

    @model_validator(mode="after")
    def _adds_up_what_there_is(self) -> Orders:
        for name in self.lines.add_up if self.lines else ():
            if getattr(self, name) is None:
                raise refusal(f"adds up `{name}` of its lines, but names no such column.", f"Add `{name}:`, or take it out of `add_up:`.")
        return self


class Inquiries(Shape):
    """Columns of a source of inquiries."""

    id: Named
    customer: Named
    inquired_at: Named
    subject: Named | None = None


class Touches(Shape):
    """Columns of a source of contacts made elsewhere: calls, visits, letters of a former system."""

    id: Named
    customer: Named
    touched_at: Named
    channel: Named | None = None  # as the shop calls it
    reacted_at: Named | None = None  # empty: no reaction


class Feedback(Shape):
    """Columns of a source of complaints or answers to surveys."""

    id: Named
    customer: Named
    said_at: Named
    kind: Kind
    score: Named | None = None  # 0 to 10
    order: Named | None = None  # the id of the order that it is about
    text: Named | None = None
    mended_at: Named | None = None  # empty: not put right yet

    @model_validator(mode="after")
    def _surveys_have_scores(self) -> Feedback:
        if self.score is None and (self.kind.always == "survey" or self.kind.survey):
            raise refusal("has answers to a survey, but no column with their scores.", "Add `score:` with the column that holds 0 to 10.")
        return self


class LeavingReasons(Shape):
    """Columns of a source of reasons for leaving."""

    id: Named | None = None  # without it a customer has one row for each reason and day
    customer: Named
    reason: Named
    recorded_at: Named
    recorded_by: Named | None = None
    note: Named | None = None
    source: Literal["staff", "survey"] = "staff"  # who told it: those who served the customer, or the customers themselves


Block: TypeAlias = Customers | Orders | Inquiries | Touches | Feedback | LeavingReasons
"""What stands in a source."""


_PROOF = ("given_at", "source", "confirmed_at", "withdrawn_at", "wording")


def columns(block: Block) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every column that is named, by its place in the block."""
    for name in type(block).model_fields:
        value = getattr(block, name)
        if isinstance(value, Column):
            yield (name,), value.column
        elif isinstance(value, dict):
            yield from (((name, ours), column.column) for ours, column in value.items())
        elif isinstance(value, Proof | Status | KindColumn | TagsColumn | PhoneColumn) and value.column:
            yield (name, "column"), value.column
            if isinstance(value, Proof):
                yield from (((name, part), column) for part in _PROOF if (column := getattr(value, part)))
                yield from (((name, "evidence", ours), column) for ours, column in value.evidence.items())

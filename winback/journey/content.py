"""What a campaign's letters tell of beside its offers: goods, an event, tips... The `content:` of a campaign and of a letter's sample.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator

from winback.shapes import Amount, Duration, Hours, Share
from winback.strictyaml import Place, Shape, refusal


def _localised(value: Any) -> Any:
    if isinstance(value, str):
        raise refusal("is one text; it is written once for each language.", f'Write {{en: "...", uk: "{value}"}}.')
    return value


Localised: TypeAlias = Annotated[dict[str, str], BeforeValidator(_localised), Field(min_length=1)]
"""A text per language: {en: ..., uk: ...}."""
Period: TypeAlias = Literal["month", "quarter", "half-year"]


class Product(Shape):
    """One of the goods, as a row of a letter."""

    name: Localised
    text: Localised | None = None  # a line on why it is good
    price: Amount | None = Field(default=None, gt=0)  # in the project's currency
    link: str = "shop"  # a name of brand.yaml's `links:`
    image: str = ""  # an https address; empty: no picture

    @field_validator("image")
    @classmethod
    def _https(cls, image: str) -> str:
        if image and not re.fullmatch(r"https://[^\s\"<>]+", image):
            raise refusal(f"is {image}; pictures lie at https addresses.", "Write for example https://zerno.example/tea.jpg.")
        return image


class Event(Shape):
    """Something to come to."""

    title: Localised
    text: Localised | None = None
    day: date
    hours: Hours | None = None
    place: Localised


class Mended(Shape):
    """What customers were unhappy with, and what has changed: each a whole sentence."""

    trouble: Localised
    repair: Localised


class Tip(Shape):
    """A piece of advice."""

    title: Localised
    text: Localised


class Level(Shape):
    """From which sum on which discount is given."""

    from_: Amount = Field(alias="from", gt=0)  # in the project's currency
    discount: Share


class Programme(Shape):
    """The more bought in a period, the larger the discount."""

    period: Period = "month"
    levels: tuple[Level, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rises(self) -> Programme:
        sums, discounts = [level.from_ for level in self.levels], [level.discount for level in self.levels]
        if sums != sorted(set(sums)) or discounts != sorted(set(discounts)):
            raise refusal("has levels that don't rise.", "Begin with the smallest sum; each next level has a larger sum and a larger discount.")
        return self


class Survey(Shape):
    """Three to five questions. The first is answered in the letter by a number, the others on the survey's page."""

    link: str = "survey"  # a name of brand.yaml's `links:`: the page, which gets the first answer as ?answer=4
    scale: Literal[5, 10] = 5  # 1 to 5, or 0 to 10
    questions: tuple[Localised, ...] = Field(min_length=3, max_length=5)


class Greeting(Shape):
    """What is congratulated on."""

    kind: Literal["holiday", "birthday", "favourite-day", "anniversary"]
    name: Localised | None = None  # of a holiday or a favourite day, as a calendar has it: Easter
    wish: Localised | None = None  # a sentence or two for this day alone

    @model_validator(mode="after")
    def _has_a_name(self) -> Greeting:
        if self.kind in {"holiday", "favourite-day"} and not self.name:
            raise refusal(f"greets on a {self.kind} without a name.", "Add `name:` with the day's name in each language.")
        return self


class Compensation(Shape):
    """A part of the order that went wrong, given back; never a part of whatever comes next."""

    share: Share = Field(default=0.2, gt=0)
    valid_for: Duration = Field(default="90 days", validate_default=True)  # from the day somebody enters the campaign


class Content(Shape):
    """Everything that a letter may tell of; what is left out is absent."""

    products: tuple[Product, ...] = ()
    event: Event | None = None
    mended: Mended | None = None
    tips: tuple[Tip, ...] = ()
    programme: Programme | None = None
    survey: Survey | None = None
    period: Period | None = None  # what a thank-you looks back on
    greeting: Greeting | None = None
    compensation: Compensation = Compensation()

    def texts(self) -> Iterator[tuple[Place, dict[str, str]]]:
        """Every text with its place in the block: each must be there in every language that letters go out in."""
        return _texts(self, ())

    def links(self) -> Iterator[tuple[Place, str]]:
        """Every name of a link with its place in the block."""
        yield from ((("products", index, "link"), product.link) for index, product in enumerate(self.products))
        if self.survey:
            yield ("survey", "link"), self.survey.link


def _texts(part: Any, place: Place) -> Iterator[tuple[Place, dict[str, str]]]:
    if isinstance(part, Shape):
        for name in type(part).model_fields:
            yield from _texts(getattr(part, name), (*place, name))
    elif isinstance(part, tuple):
        for index, each in enumerate(part):
            yield from _texts(each, (*place, index))
    elif isinstance(part, Mapping):
        yield place, dict(part)

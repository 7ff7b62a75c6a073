"""What a campaign's letters tell of beside its offers: goods, an event, tips... The `content:` of a campaign and of a letter's sample.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator

from winback.shapes import Amount, Duration, Hours, Share, one_of
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


class QuestionKind(StrEnum):
    """How a question of a survey is answered."""

    SCORE = "score"  # by a number of the survey's scale
    RECOMMEND = "recommend"  # "would you recommend us?": 0 to 10, of which the net promoter score is made
    REASON = "reason"  # by one of config/reasons.yaml, as customers would say it
    TEXT = "text"  # in their own words


class Question(Shape):
    """One question; written as its text alone, the first one asks for a score and the others for words."""

    ask: Localised
    kind: Annotated[QuestionKind, *one_of(QuestionKind, "a kind of question")] = QuestionKind.TEXT

    @property
    def is_number(self) -> bool:
        return self.kind in {QuestionKind.SCORE, QuestionKind.RECOMMEND}


def _questions(value: Any) -> Any:
    """Texts alone become questions."""
    if not isinstance(value, list | tuple):
        return value
    kinds = [QuestionKind.SCORE, *[QuestionKind.TEXT] * len(value)]
    return tuple(
        {"ask": each, "kind": kind} if isinstance(each, str) or (isinstance(each, Mapping) and "ask" not in each) else each
        for each, kind in zip(value, kinds, strict=False)
    )


_Written = Annotated[tuple[Question | Localised, ...], Field(min_length=3, max_length=5)]
"""How the questions stand in a file, for editors."""


class Survey(Shape):
    """Three to five questions. The first is answered in the letter by a number, the others on the survey's page."""

    link: str = ""  # a page of the shop's own, by its name in brand.yaml's `links:`, which gets the first answer as ?answer=4; empty: ours
    scale: Literal[5, 10] = 5  # 1 to 5, or 0 to 10
    questions: Annotated[tuple[Question, ...], BeforeValidator(_questions, json_schema_input_type=_Written)] = Field(min_length=3, max_length=5)
    bad_below: int = Field(default=7, ge=0, le=10)  # of 10: whoever says less is answered by a person; 0: nobody is

    @model_validator(mode="after")
    def _begins_with_a_number(self) -> Survey:
        first = self.questions[0]
        if not first.is_number:
            raise refusal(
                f"begins with a question of the kind {first.kind}.", "The first one is answered by a number in the letter: score or recommend."
            )
        if first.kind is QuestionKind.RECOMMEND and self.scale != 10:
            raise refusal("begins with a recommendation on a scale of 5.", "Write `scale: 10`: it is asked from 0 to 10.")
        for kind in (QuestionKind.RECOMMEND, QuestionKind.REASON):
            if sum(each.kind is kind for each in self.questions) > 1:
                raise refusal(f"asks for a {kind} twice.", "Keep one of the questions.")
        return self

    def numbers(self, question: Question) -> range:
        """The numbers that a question can be answered by."""
        return range(1, 6) if self.scale == 5 and question.kind is QuestionKind.SCORE else range(11)


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
        if self.survey and self.survey.link:
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

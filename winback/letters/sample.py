"""sample.yaml of a letter: what kind it is, what it is for, and made-up values to look at it with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from winback import strictyaml
from winback.journey.content import Content
from winback.journey.wishes import Topic
from winback.letters import formats
from winback.letters.values import OfferValues
from winback.letters.wording import Wording, in_locale
from winback.model import Benefits, Money, Person, ProblemOrder
from winback.shapes import Amount, Share
from winback.strictyaml import Document, Shape, refusal


class Kind(StrEnum):
    """What a letter does."""

    NEWS = "news"  # tells something; asks for nothing
    OFFER = "offer"  # promises something to those who come back
    REMINDER = "reminder"  # of an offer that was made
    GREETING = "greeting"  # congratulates, and nothing else: no offer, no request
    SURVEY = "survey"  # asks for an opinion
    APOLOGY = "apology"  # says sorry, and what was mended
    CONSENT = "consent"  # asks to confirm that we may write, and nothing else: it is no advertising

    @property
    def topic(self) -> Topic | None:
        """What a customer says they want no more of; None: said once something went wrong, whatever they want to hear of."""
        return _TOPICS.get(self)


_TOPICS: Mapping[Kind, Topic] = {
    Kind.NEWS: Topic.NEWS,
    Kind.OFFER: Topic.OFFERS,
    Kind.REMINDER: Topic.OFFERS,
    Kind.GREETING: Topic.GREETINGS,
    Kind.SURVEY: Topic.SURVEYS,
}


def _kind(value: object) -> Kind:
    try:
        return Kind(str(value))
    except ValueError as error:
        raise refusal(f"is {value}; a letter is one of {', '.join(Kind)}.", f"Write the nearest. {strictyaml.nearest(str(value), Kind)}") from error


KindName: TypeAlias = Annotated[Kind, BeforeValidator(_kind), WithJsonSchema({"type": "string", "enum": list(Kind)})]


class SampleCustomer(Shape):
    """Somebody to write to."""

    given_name: Wording = ""
    patronymic: Wording = ""
    family_name: Wording = ""
    sex: str = ""
    city: Wording = ""
    country: str = "UA"


class SampleOffer(Shape):
    """Something to promise."""

    text: Wording
    code: str = ""
    ends_on: date
    discount: Share | None = None
    amount: Amount | None = None  # in the project's currency
    points: int | None = None
    prize: Wording | None = None


class SampleBenefits(Shape):
    """What somebody already has."""

    points: int = 0
    discount: Share = 0
    code: str = ""
    ends_on: date | None = None


class SampleProblemOrder(Shape):
    """An order that went wrong."""

    number: str
    ordered_on: date
    amount: Amount


class Sample(Shape):
    """sample.yaml."""

    kind: KindName
    about: str  # one line: when to send it
    customer: SampleCustomer = SampleCustomer()
    offer: SampleOffer | None = None
    occasion: Wording | None = None
    content: Content = Content()  # as a campaign has it
    benefits: SampleBenefits | None = None
    problem_order: SampleProblemOrder | None = None
    favourites: tuple[Wording, ...] = ()  # goods that were bought most
    first_order_on: date | None = None
    last_order_on: date | None = None
    orders_count: int = 0
    today: date

    def person(self, locale: str) -> Person:
        """The made-up customer, with a name of that language."""
        made_up = self.customer
        return Person(
            key="sample",
            given_name=in_locale(made_up.given_name, locale),
            patronymic=in_locale(made_up.patronymic, locale),
            family_name=in_locale(made_up.family_name, locale),
            sex=made_up.sex,
            locale=locale,
            country=made_up.country,
            city=in_locale(made_up.city, locale),
        )

    def offer_values(self, locale: str, currency: str) -> OfferValues | None:
        """The made-up offer in that language."""
        made_up = self.offer
        if made_up is None:
            return None
        return OfferValues(
            text=in_locale(made_up.text, locale),
            code=made_up.code,
            ends_on=made_up.ends_on,
            discount=made_up.discount,
            amount=None if made_up.amount is None else formats.write_money(made_up.amount, currency, locale=locale),
            points=made_up.points,
            prize=None if made_up.prize is None else in_locale(made_up.prize, locale),
        )

    def customer_benefits(self) -> Benefits | None:
        """What the made-up customer has."""
        had = self.benefits
        return Benefits(had.points, had.discount, had.code, had.ends_on) if had else None

    def order_gone_wrong(self, currency: str) -> ProblemOrder | None:
        """The made-up order that the customer complained of."""
        wrong = self.problem_order
        return ProblemOrder(wrong.number, wrong.ordered_on, Money(wrong.amount, currency)) if wrong else None

    def has(self, word: str) -> bool:
        """Whether there is something for a value that may be absent: `offer`, `products`, `compensation`..."""
        match word:
            case "benefits":
                return self.benefits is not None
            case "together":
                return bool(self.orders_count and self.first_order_on)
            case "compensation":
                return self.problem_order is not None
            case "confirm_url":
                return self.kind is Kind.CONSENT
            case "months_silent":
                return self.last_order_on is not None
        return bool(getattr(self.content if word in Content.model_fields else self, word, None))


def read(folder: Path, shown: str) -> Document[Sample]:
    """The sample of a letter's folder. Raises ConfigError."""
    return strictyaml.read(folder / "sample.yaml", Sample, shown=f"{shown}/sample.yaml")

"""sample.yaml of a letter: what kind it is, what it is for, and made-up values to look at it with."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from winback import strictyaml
from winback.letters.values import OfferValues
from winback.letters.wording import Wording, in_locale
from winback.model import Person
from winback.strictyaml import Document, Shape, refusal


class Kind(StrEnum):
    """What a letter does."""

    NEWS = "news"  # tells something; asks for nothing
    OFFER = "offer"  # promises something to those who come back
    REMINDER = "reminder"  # of an offer that was made
    GREETING = "greeting"  # congratulates, and nothing else: no offer, no request
    SURVEY = "survey"  # asks for an opinion
    APOLOGY = "apology"  # says sorry, and what was mended


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


class Sample(Shape):
    """sample.yaml."""

    kind: KindName
    about: str  # one line: when to send it
    customer: SampleCustomer = SampleCustomer()
    offer: SampleOffer | None = None
    occasion: Wording | None = None
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

    def offer_values(self, locale: str) -> OfferValues | None:
        """The made-up offer in that language."""
        return OfferValues(in_locale(self.offer.text, locale), self.offer.code, self.offer.ends_on) if self.offer else None


def read(folder: Path, shown: str) -> Document[Sample]:
    """The sample of a letter's folder. Raises ConfigError."""
    return strictyaml.read(folder / "sample.yaml", Sample, shown=f"{shown}/sample.yaml")

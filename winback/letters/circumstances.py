"""What a letter is looked at with: its sample's made-up values, or instead of them somebody real, a campaign's promise, a stage's day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from winback.journey.content import Content
from winback.letters import standing, telling
from winback.letters.names import Tone
from winback.letters.sample import Sample
from winback.letters.standing import Standing
from winback.letters.telling import Told
from winback.letters.values import OfferValues
from winback.letters.wording import in_locale
from winback.model import Benefits, Person, ProblemOrder


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody to write to, what they bought and have."""

    person: Person
    orders_count: int
    first_order_on: date | None
    last_order_on: date | None
    benefits: Benefits | None = None
    problem_order: ProblemOrder | None = None
    favourites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """What a campaign says in one language on one day; its absence is meant."""

    offer: OfferValues | None
    occasion: str | None
    content: Content
    begins_on: date  # the campaign's first day
    today: date
    tone: str = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Both; None: as the sample has it."""

    customer: Customer | None = None
    promise: Promise | None = None


AS_ITS_SAMPLE = Circumstances()
SAMPLE_SURVEY = "https://u.example.com/s/sample"
"""The survey's page of letters that are only looked at."""


def customer_of(sample: Sample, language: str, currency: str) -> Customer:
    """The made-up customer of a sample."""
    return Customer(
        person=sample.person(language),
        orders_count=sample.orders_count,
        first_order_on=sample.first_order_on,
        last_order_on=sample.last_order_on,
        benefits=sample.customer_benefits(),
        problem_order=sample.order_gone_wrong(currency),
        favourites=tuple(in_locale(name, language) for name in sample.favourites),
    )


def promise_of(sample: Sample, language: str, currency: str) -> Promise:
    """What the made-up campaign of a sample says."""
    occasion = in_locale(sample.occasion, language) if sample.occasion else None
    return Promise(sample.offer_values(language, currency), occasion, sample.content, begins_on=sample.today, today=sample.today)


def told(promise: Promise, customer: Customer, *, language: str, currency: str, link: Callable[[str], str]) -> Told:
    """What the campaign has to tell this customer; `link` gives the URL of a name of the brand's links."""
    return telling.of(
        promise.content,
        locale=language,
        currency=currency,
        link=link,
        survey_link=lambda answer: _survey_page(promise.content, link, answer),
        years=standing.whole_years(customer.first_order_on, promise.today) if customer.first_order_on else None,
    )


def _survey_page(block: Content, link: Callable[[str], str], answer: int | None) -> str:
    """Where the survey is: a page of the shop's, or one of ours that nobody answers."""
    page = link(block.survey.link) if block.survey and block.survey.link else SAMPLE_SURVEY
    return page if answer is None else telling.answered(page, answer)


def standing_of(customer: Customer, promise: Promise, language: str) -> Standing:
    """What the customer has and has had."""
    rule, today = promise.content.compensation, promise.today
    return Standing(
        benefits=standing.benefits(customer.benefits, today),
        together=standing.together(customer.orders_count, customer.first_order_on, today, customer.favourites),
        compensation=standing.compensation(customer.problem_order, rule, begins_on=promise.begins_on, today=today, locale=language),
    )

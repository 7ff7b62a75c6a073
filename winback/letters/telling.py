"""What a campaign has to tell, in the language of one letter: goods, an event, tips... The words of a campaign's `content:` for templates.

Sums are texts, as the language writes them with their currency; shares are whole percents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from winback.journey import content
from winback.journey.content import Content
from winback.letters import formats
from winback.letters.wording import in_locale


@dataclass(frozen=True, slots=True)
class ProductValues:
    """A row of `products`."""

    name: str
    text: str | None
    price: str | None
    page_url: str
    image_url: str | None


@dataclass(frozen=True, slots=True)
class EventValues:
    """What letters call `event`."""

    title: str  # as a title stands: A tasting of new Ethiopian coffees
    text: str | None
    day: date
    hours: str | None  # 15:00–18:00
    place: str


@dataclass(frozen=True, slots=True)
class MendedValues:
    """What letters call `mended`: two whole sentences."""

    trouble: str  # what customers were unhappy with
    repair: str  # what has changed


@dataclass(frozen=True, slots=True)
class TipValues:
    """A row of `tips`."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class LevelValues:
    """A row of `programme.levels`."""

    amount: str  # the sum from which on
    percent: int  # the discount is this


@dataclass(frozen=True, slots=True)
class ProgrammeValues:
    """What letters call `programme`."""

    period: str  # month, quarter or half-year
    levels: tuple[LevelValues, ...]


@dataclass(frozen=True, slots=True)
class AnswerValues:
    """A row of `survey.answers`: a number to press."""

    label: str
    answer_url: str


@dataclass(frozen=True, slots=True)
class SurveyValues:
    """What letters call `survey`."""

    question: str  # the first one
    answers: tuple[AnswerValues, ...]  # 1 to 5, or 0 to 10; the highest is the best
    worst: int
    best: int
    questions: int  # how many there are
    more: int  # how many beside the first
    page_url: str  # where the survey begins without an answer


@dataclass(frozen=True, slots=True)
class GreetingValues:
    """What letters call `greeting`."""

    kind: str  # holiday, birthday, favourite-day or anniversary
    name: str | None  # of a holiday or favourite day
    wish: str | None  # sentences for this day alone
    years: int | None  # of an anniversary: whole years since the first order
    days: int | None = None  # until the day, where the letter comes before it


@dataclass(frozen=True, slots=True)
class Told:
    """Everything of a `content:` block in one language."""

    products: tuple[ProductValues, ...] | None = None
    event: EventValues | None = None
    mended: MendedValues | None = None
    tips: tuple[TipValues, ...] | None = None
    programme: ProgrammeValues | None = None
    survey: SurveyValues | None = None
    period: str | None = None
    greeting: GreetingValues | None = None


def of(
    block: Content,
    *,
    locale: str,
    currency: str,
    link: Callable[[str], str],
    survey_link: Callable[[int | None], str],
    years: int | None = None,
    days: int = 0,
) -> Told:
    """A content block in a language; sums are in `currency`.

    `link` gives the URL of a name of the brand's links, `survey_link` that of the survey's page, with a first answer or without; `years` is how
    many whole years ago the customer first ordered, on the day of a greeting, which comes in so many `days`.
    """
    return Told(
        products=tuple(_product(product, locale, currency, link) for product in block.products) or None,
        event=_event(block.event, locale) if block.event else None,
        mended=MendedValues(in_locale(block.mended.trouble, locale), in_locale(block.mended.repair, locale)) if block.mended else None,
        tips=tuple(TipValues(in_locale(tip.title, locale), in_locale(tip.text, locale)) for tip in block.tips) or None,
        programme=_programme(block.programme, locale, currency) if block.programme else None,
        survey=_survey(block.survey, locale, survey_link) if block.survey else None,
        period=block.period,
        greeting=_greeting(block.greeting, locale, years, days) if block.greeting else None,
    )


def answers(survey: content.Survey) -> range:
    """The numbers that the first question can be answered by."""
    return survey.numbers(survey.questions[0])


def answered(url: str, answer: int) -> str:
    """A survey page's address with the first answer given."""
    return f"{url}{'&' if '?' in url else '?'}answer={answer}"


def _product(product: content.Product, locale: str, currency: str, link: Callable[[str], str]) -> ProductValues:
    return ProductValues(
        name=in_locale(product.name, locale),
        text=_optional(product.text, locale),
        price=formats.write_money(product.price, currency, locale=locale) if product.price is not None else None,
        page_url=link(product.link),
        image_url=product.image or None,
    )


def _programme(programme: content.Programme, locale: str, currency: str) -> ProgrammeValues:
    levels = tuple(LevelValues(formats.write_money(level.from_, currency, locale=locale), round(level.discount * 100)) for level in programme.levels)
    return ProgrammeValues(programme.period, levels)


def _survey(survey: content.Survey, locale: str, survey_link: Callable[[int | None], str]) -> SurveyValues:
    numbers = answers(survey)
    return SurveyValues(
        question=in_locale(survey.questions[0].ask, locale),
        answers=tuple(AnswerValues(str(number), survey_link(number)) for number in numbers),
        worst=numbers[0],
        best=numbers[-1],
        questions=len(survey.questions),
        more=len(survey.questions) - 1,
        page_url=survey_link(None),
    )


def _event(event: content.Event, locale: str) -> EventValues:
    hours = "–".join(f"{moment:%H:%M}" for moment in event.hours) if event.hours else None
    return EventValues(in_locale(event.title, locale), _optional(event.text, locale), event.day, hours, in_locale(event.place, locale))


def _greeting(greeting: content.Greeting, locale: str, years: int | None, days: int) -> GreetingValues:
    return GreetingValues(greeting.kind, _optional(greeting.name, locale), _optional(greeting.wish, locale), years or None, days or None)


def _optional(wording: dict[str, str] | None, locale: str) -> str | None:
    return in_locale(wording, locale) if wording else None

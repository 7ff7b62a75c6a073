"""Every value that a public page may use, and what its forms are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from winback.letters.values import BrandValues


@dataclass(frozen=True, slots=True)
class ChoiceValues:
    """Something to choose in a form."""

    value: str
    label: str
    is_chosen: bool = False
    language: str = ""  # of the label, BCP 47; empty: that of the page


@dataclass(frozen=True, slots=True)
class FieldValues:
    """A field that a form carries along unseen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class PreferenceValues:
    """What a customer wants of letters, as it stands."""

    saved: bool  # it was just stored
    silent: bool  # no letters come at all
    languages: tuple[ChoiceValues, ...]  # none where there is nothing to choose
    has_email: bool  # we know an address there
    email: bool  # letters come there
    has_telegram: bool
    telegram: bool
    offers: bool
    news: bool
    greetings: bool
    surveys: bool
    most: int  # letters a month; 0: no limit of their own
    paused_until: date | None
    pause: str  # the same day, as the form sends it
    days: tuple[ChoiceValues, ...]
    months: tuple[ChoiceValues, ...]
    before: tuple[FieldValues, ...]  # what stood before it was saved, to undo it


@dataclass(frozen=True, slots=True)
class QuestionValues:
    """One question of a survey's form."""

    number: int
    name: str  # of its field
    text: str
    kind: str  # score, recommend, reason or text
    answers: tuple[ChoiceValues, ...]  # of those that are chosen from
    worst: str
    best: str


@dataclass(frozen=True, slots=True)
class SurveyFormValues:
    """A survey."""

    questions: tuple[QuestionValues, ...]
    has_answered: bool  # before: what is answered now takes its place
    is_empty: bool  # it was sent without any answer


@dataclass(frozen=True, slots=True)
class JoinValues:
    """The way into the chat with the bot."""

    url: str
    code: str  # the same as a QR code, for the camera of a phone: an address of a picture that holds it (data:)


@dataclass(frozen=True, slots=True)
class PageValues:
    """Every value that a page may use."""

    brand: BrandValues
    language: str  # BCP 47
    action: str  # where the page's button posts to; empty: to its own address
    preferences_url: str  # of the reader's preference page; empty where it isn't known whose
    preferences: PreferenceValues | None
    survey: SurveyFormValues | None
    joining: JoinValues | None = None  # where there is a bot, it may be used there, and the reader hasn't joined

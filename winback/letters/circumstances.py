"""What a letter is looked at with instead of its sample's made-up values: somebody real, a campaign's offer, a stage's day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from winback.letters.names import Tone
from winback.letters.values import OfferValues
from winback.model import Person


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody to write to, and what they bought."""

    person: Person
    last_order_on: date | None
    orders_count: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What a campaign says in one language on one day; its absence is meant."""

    offer: OfferValues | None
    occasion: str | None
    today: date
    tone: str = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Both; None: as the sample has it."""

    customer: Customer | None = None
    promise: Promise | None = None


AS_ITS_SAMPLE = Circumstances()

"""What an offer comes to for one customer. Decided once, when they are assigned, so that every letter says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from winback.journey import assignment
from winback.journey.eligibility import Candidate
from winback.journey.offer import Offer, OfferKind, Prize
from winback.model import Money, minor_digits

FACT = "promised"
"""The word among a recipient's facts under which it is kept."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What one customer is promised."""

    fixed: Decimal = Decimal(0)  # what it costs whatever is ordered, in the project's currency
    discount: Decimal = Decimal(0)  # share of the order that it is used on
    at_most: Decimal = Decimal(0)  # what it is taken to cost at the most: with a discount, on an order as large as their average
    prize: int | None = None  # which of a draw's
    amount: Money | None = None  # off the order, or given back

    def as_fact(self) -> dict[str, Any]:
        """As it is kept with the recipient."""
        told = {"fixed": f"{self.fixed:f}", "discount": f"{self.discount:f}", "at_most": f"{self.at_most:f}"}
        prize = {} if self.prize is None else {"prize": self.prize}
        return told | prize | ({} if self.amount is None else {"amount": f"{self.amount.amount:f}", "currency": self.amount.currency})

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any]) -> Promised:
        amount = Money(Decimal(fact["amount"]), fact["currency"]) if "amount" in fact else None
        return cls(Decimal(fact["fixed"]), Decimal(fact["discount"]), Decimal(fact["at_most"]), fact.get("prize"), amount)


def to(offer: Offer, candidate: Candidate, *, salt: str, currency: str, rates: Mapping[str, Decimal]) -> Promised | None:
    """What the offer comes to for this customer; None when they have nothing that it could be counted from.

    A draw's prize hangs on a salted hash of the customer, like the arm, so that anybody can redo it by hand.
    """
    average = Money.from_minor(max(0, candidate.average_order_minor), currency).amount
    match offer.kind:
        case OfferKind.DRAW:
            number = drawn(offer, assignment.bucket(f"{salt}-draw", candidate.person.key))
            fixed = offer.cost + offer.prizes[number].cost
            return Promised(fixed, at_most=_up(fixed, currency), prize=number)
        case OfferKind.COMPENSATION:
            wrong = candidate.problem_order
            if wrong is None or wrong.amount.amount <= 0:
                return None
            back = wrong.amount.part(offer.share)
            rate = Decimal(1) if back.currency == currency else rates.get(back.currency)
            if rate is None:  # nobody could say what it costs
                return None
            fixed = offer.cost + back.amount * rate
            return Promised(fixed, at_most=_up(fixed, currency), amount=back)
        case OfferKind.PROGRESSIVE:
            reached = [step.discount for step in offer.levels if step.orders <= candidate.orders]
            return _discounted(offer.cost, Decimal(str(reached[-1])), average, currency) if reached else None
        case OfferKind.AMOUNT:
            fixed = offer.cost + offer.amount
            return Promised(fixed, at_most=_up(fixed, currency), amount=Money(offer.amount, currency))
    return _discounted(offer.cost, Decimal(str(offer.discount)), average, currency)


def example(offer: Offer, currency: str) -> Promised:
    """What it might come to, to look at: the first prize, the highest level, a part of an order of a thousand."""
    fixed, discount = offer.usual
    match offer.kind:
        case OfferKind.DRAW:
            return Promised(prize=0)
        case OfferKind.COMPENSATION:
            return Promised(amount=Money(Decimal(1000), currency).part(offer.share))
        case OfferKind.AMOUNT:
            return Promised(fixed, amount=Money(offer.amount, currency))
    return Promised(fixed, discount)


def kept(offer: Offer, facts: Mapping[str, Any], currency: str) -> Promised | None:
    """What was promised when somebody was assigned; of an offer that is the same for all and came into the file later, that."""
    if FACT in facts:
        return None if facts[FACT] is None else Promised.from_fact(facts[FACT])
    if offer.kind in {OfferKind.DRAW, OfferKind.COMPENSATION, OfferKind.PROGRESSIVE}:
        return None
    return example(offer, currency)


def drawn(offer: Offer, place: float) -> int:
    """Which prize lies at a place in [0, 1)."""
    edge, last = 0.0, len(offer.prizes) - 1
    for number, prize in enumerate(offer.prizes):
        edge += prize.share
        if place < edge:
            return number
    return last  # what rounding leaves


def prize_of(offer: Offer, promised: Promised) -> Prize | None:
    """The prize itself; None where it was taken out of the file, or nothing is drawn."""
    return offer.prizes[promised.prize] if promised.prize is not None and promised.prize < len(offer.prizes) else None


def _discounted(fixed: Decimal, discount: Decimal, average: Decimal, currency: str) -> Promised:
    return Promised(fixed, discount, _up(fixed + discount * average, currency))


def _up(amount: Decimal, currency: str) -> Decimal:
    """To what can be paid, upwards: a budget is rather kept than met."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), ROUND_CEILING)

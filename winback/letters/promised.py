"""An offer as one customer's letter calls it: what it comes to for them, in their language."""

from __future__ import annotations

from datetime import date

from winback.journey import promises
from winback.journey.offer import Offer, OfferKind
from winback.journey.promises import Promised
from winback.letters import formats
from winback.letters.values import OfferValues
from winback.letters.wording import in_locale

EXAMPLE = "7K3M-9QXT"
"""What stands for a code that a customer would get, where a letter is only looked at."""


def values(offer: Offer, promised: Promised, *, locale: str, code: str, ends_on: date) -> OfferValues:
    """What letters call `offer`."""
    prize, has = promises.prize_of(offer, promised), offer.has
    amount = promised.amount if "amount" in has else None
    return OfferValues(
        text=in_locale(offer.text, locale),
        code=code,
        ends_on=ends_on,
        discount=float(promised.discount) if "discount" in has else None,
        amount=formats.write_money(amount.amount, amount.currency, locale=locale) if amount else None,
        points=offer.points if offer.kind is OfferKind.POINTS else None,
        prize=in_locale(prize.text, locale) if prize else None,
    )


def example(offer: Offer, *, locale: str, currency: str, ends_on: date) -> OfferValues:
    """The same for nobody in particular; codes of the customers' own are made up, so that nobody can use them."""
    code = offer.code if offer.codes is None else f"{offer.codes.prefix}-{EXAMPLE}"
    return values(offer, promises.example(offer, currency), locale=locale, code=code, ends_on=ends_on)

"""How the money of a run is counted: what its plan promised, what the shop's files say of margins and prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from winback.audience import value
from winback.journey.offer import Offer, OfferKind, Prize, Step
from winback.model import Money
from winback.settings import Project
from winback.store.outcome_costs import Terms, Uncoded

_MONEY = frozenset({OfferKind.PERCENTAGE, OfferKind.AMOUNT, OfferKind.PROGRESSIVE, OfferKind.COMPENSATION})
"""Offers that take something off an order; all others give something."""


def terms(project: Project, plan: Mapping[str, Any]) -> Terms:
    """By the plan of a run, as it was when the run began: editing the file afterwards makes no campaign cheaper."""
    currency = project.settings.currency
    offers = {name: _offer(offer) for name, offer in plan.get("offers", {}).items()}
    tactics = {arm: offers[tactic["offer"]] for arm, tactic in plan.get("tactics", {}).items() if tactic.get("offer")}
    worth = value.read(project)
    return Terms(
        margin=worth.margin,
        is_paid=worth.totals == "paid",
        cap_minor=plan.get("cap_minor"),
        call_minor=Money(plan.get("calls", 0) * project.settings.call_cost, currency).minor,
        money_offers=frozenset(name for name, offer in offers.items() if offer.kind in _MONEY),
        uncoded={arm: _uncoded(offer, currency) for arm, offer in tactics.items() if not offer.has_code},
    )


def _offer(kept: Mapping[str, Any]) -> Offer:
    """As the plan keeps it, which was read strictly when the run began: amounts are text there, and the file's shape doesn't take them again."""
    amounts = {name: Decimal(kept.get(name, 0)) for name in ("cost", "amount")}
    prizes = tuple(Prize.model_construct(**{**prize, "cost": Decimal(prize.get("cost", 0))}) for prize in kept.get("prizes", ()))
    levels = tuple(Step.model_construct(**level) for level in kept.get("levels", ()))
    return Offer.model_construct(**{**kept, **amounts, "kind": OfferKind(kept.get("kind", OfferKind.GIFT)), "prizes": prizes, "levels": levels})


def _uncoded(offer: Offer, currency: str) -> Uncoded:
    """At the dearest: of several prizes or levels what they cost on average or at the most, as the plan counted it."""
    fixed, discount = offer.usual
    return Uncoded(Money(fixed, currency).minor, float(discount), offer.kind in _MONEY)

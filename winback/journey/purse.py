"""What may still be promised of a campaign's offers: budgets, and codes that are left in pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from winback.journey.campaign import Campaign
from winback.journey.offer import Offer
from winback.model import Reason


@dataclass(slots=True)
class Left:
    """Of one offer. None: no end to it."""

    minor: int | None = None  # of its budget, in minor units
    codes: int | None = None  # in its pool

    @property
    def has_end(self) -> bool:
        return self.minor is not None or self.codes is not None


@dataclass(slots=True)
class Purse:
    """What is left of each offer; `pay` takes from it."""

    offers: dict[str, Left] = field(default_factory=dict)

    def refuses(self, promises: Mapping[str, int]) -> Reason | None:
        """Why somebody is not promised any of these offers, each with what it would cost at the most (minor units).

        It is asked for all offers of a campaign before anybody is drawn for one of them: else the arms, and those left alone, would
        no longer be alike when one offer comes to its end.
        """
        for name, at_most in promises.items():
            left = self.offers.get(name, Left())
            if left.codes is not None and left.codes < 1:
                return Reason.NO_CODE_LEFT
            if left.minor is not None and left.minor < at_most:
                return Reason.BUDGET_PROMISED
        return None

    def pay(self, name: str, at_most: int) -> None:
        """Somebody was promised this offer, and has a code of it."""
        left = self.offers.get(name, Left())
        if left.minor is not None:
            left.minor -= at_most
        if left.codes is not None:
            left.codes -= 1


def coded(campaign: Campaign) -> dict[str, Offer]:
    """The offers that somebody may be drawn for and whose customers have a code, by name."""
    named = dict.fromkeys(tactic.offer for tactic in campaign.tactics.values() if tactic.offer)
    return {name: campaign.offers[name] for name in named if campaign.offers[name].has_code}

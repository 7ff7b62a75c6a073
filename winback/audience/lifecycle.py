"""config/lifecycle.yaml and the stages of a customer's life with the shop, from the first question to the farewell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from winback.audience.value import ValueClass
from winback.settings import Project
from winback.strictyaml import Shape, refusal


class Stage(StrEnum):
    """Where a customer stands with the shop."""

    POTENTIAL = "potential"  # asked, or is known, but never bought
    BUYER = "buyer"  # bought once
    REPEAT = "repeat"  # bought again
    REGULAR = "regular"  # has the habit: three times or more
    ADHERENT = "adherent"  # buys such things here only
    ADVOCATE = "advocate"  # recommends the shop to others
    VIP = "vip"  # so dear that the head of the shop knows them
    BLACK_LIST = "black-list"  # owes money or did harm: left alone
    LOST = "lost"  # bought once, and stopped


class AdherentFrom(Shape):
    """What shows that somebody buys here only, where nobody wrote it down."""

    purchases: int = Field(default=8, ge=2)
    days: int = Field(default=365, ge=1)  # between the first and the last of them


class VipFrom(Shape):
    """What makes a VIP where the shop named none."""

    value: Literal["gold", "silver", "copper"] = "gold"
    purchases: int = Field(default=12, ge=1)


class Lifecycle(Shape):
    """A lifecycle file; a project without one, or a line left out, goes by these."""

    lost_after_days: int = Field(default=365, ge=1)  # without a purchase
    repeat: int = Field(default=2, ge=2)  # purchases
    regular: int = Field(default=3, ge=2)  # purchases
    adherent: AdherentFrom = AdherentFrom()
    recommended: int = Field(default=1, ge=1)  # customers brought: an advocate
    vip: VipFrom | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Lifecycle:
        if not self.repeat < self.regular < self.adherent.purchases:
            raise refusal(
                f"asks {self.repeat} purchases of a repeat customer, {self.regular} of a regular and {self.adherent.purchases} of an adherent: "
                "each stage needs more than the one before.",
                "Write for example repeat: 2, regular: 3 and adherent: {purchases: 8, days: 365}.",
            )
        return self


def read(project: Project) -> Lifecycle:
    """The project's lifecycle.yaml. Raises ConfigError."""
    return project.read(Lifecycle, "lifecycle.yaml").value if project.config("lifecycle.yaml").exists() else Lifecycle()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a stage is decided on. Days are the shop's calendar days."""

    purchases: int = 0
    first_on: date | None = None
    last_on: date | None = None
    recommended: int = 0  # customers who came on this one's word
    value: ValueClass | None = None
    buys_here_only: bool | None = None  # as the staff know it; None: nobody wrote it down
    is_vip: bool = False  # named by the shop
    black_list: str = ""  # the reason; empty: not listed


def stage(facts: Facts, thresholds: Lifecycle, today: date) -> Stage:
    """The one stage of a customer at the end of the day `today`: the first that fits, in this order.

    The black list comes before all; who stopped buying is lost, however dear; who never bought is potential, however warmly they
    recommend; then the dearest word.
    """
    if facts.black_list:
        return Stage.BLACK_LIST
    if not facts.purchases or facts.first_on is None or facts.last_on is None:
        return Stage.POTENTIAL
    if (today - facts.last_on).days >= thresholds.lost_after_days:
        return Stage.LOST
    if facts.is_vip or _is_dear(facts, thresholds.vip):
        return Stage.VIP
    if facts.recommended >= thresholds.recommended:
        return Stage.ADVOCATE
    if _buys_here_only(facts, (facts.last_on - facts.first_on).days, thresholds.adherent):
        return Stage.ADHERENT
    if facts.purchases >= thresholds.regular:
        return Stage.REGULAR
    return Stage.REPEAT if facts.purchases >= thresholds.repeat else Stage.BUYER


def _is_dear(facts: Facts, vip: VipFrom | None) -> bool:
    return vip is not None and facts.value == vip.value and facts.purchases >= vip.purchases


def _buys_here_only(facts: Facts, days: int, adherent: AdherentFrom) -> bool:
    """What the staff know comes before what the orders suggest."""
    if facts.buys_here_only is not None:
        return facts.buys_here_only
    return facts.purchases >= adherent.purchases and days >= adherent.days

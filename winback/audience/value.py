"""config/value.yaml: what a customer is worth to the shop, in the words and figures that decide about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from winback.settings import Project
from winback.shapes import Duration, Share
from winback.strictyaml import Shape, refusal


class ValueClass(StrEnum):
    """ABC: what a customer brings of the shop's profit."""

    GOLD = "gold"  # A: the few who bring most of it
    SILVER = "silver"  # B: those who bring nearly all of the rest
    COPPER = "copper"  # C: the many who bring little, and who brought nothing or a loss


class Regularity(StrEnum):
    """XYZ: how even a customer's purchases are from period to period."""

    STEADY = "steady"  # X: about as much every time
    UNEVEN = "uneven"  # Y: more in some, less in others
    ERRATIC = "erratic"  # Z: now and then


class ValueShares(Shape):
    """Shares of the total, counted from the dearest customer down."""

    gold: Share = 0.75
    silver: Share = 0.95  # gold and silver together

    @model_validator(mode="after")
    def _in_order(self) -> ValueShares:
        if not 0 < self.gold < self.silver:
            raise refusal(
                f"gold reaches to {self.gold:g} and silver to {self.silver:g} of the total; silver begins where gold ends.",
                "Write for example {gold: 0.75, silver: 0.95}.",
            )
        return self


class RegularityLimits(Shape):
    """Largest coefficients of variation (standard deviation / mean) of the steady and the uneven, over periods of one length."""

    period: Literal["month", "quarter"] = "quarter"  # equal ones, counted back from today: 30 and 91 days
    steady: float = Field(default=0.5, gt=0)
    uneven: float = Field(default=1.0, gt=0)

    @property
    def days(self) -> int:
        """Length of a period."""
        return 91 if self.period == "quarter" else 30

    @model_validator(mode="after")
    def _in_order(self) -> RegularityLimits:
        if self.steady >= self.uneven:
            raise refusal(
                f"steady reaches to {self.steady:g} and uneven to {self.uneven:g}; uneven begins where steady ends.",
                "Write for example {steady: 0.5, uneven: 1.0}.",
            )
        return self


class Value(Shape):
    """A value file; a project without one, or a line left out, goes by these."""

    by: Literal["profit", "revenue"] = "profit"
    shares: ValueShares = ValueShares()
    regularity: RegularityLimits = RegularityLimits()
    margin: Share = 0.4  # part of a sale that stays with the shop, where orders don't tell
    totals: Literal["before discounts", "paid"] = "before discounts"  # what the shop's orders tell
    months_of_life: float = Field(default=24, gt=0)  # how long a customer stays, until the shop's own closed customers say it
    chance_for: Duration = Field(default="182 days", validate_default=True)  # h: "the chance of no purchase in the next ..."

    @model_validator(mode="after")
    def _whole_days(self) -> Value:
        if self.chance_for.days < 1 or self.chance_for.seconds:
            raise refusal(f"`chance_for` is {self.chance_for}; a chance is told for whole days.", "Write for example 182 days or 26 weeks.")
        return self


def read(project: Project) -> Value:
    """The project's value.yaml. Raises ConfigError."""
    return project.read(Value, "value.yaml").value if project.config("value.yaml").exists() else Value()

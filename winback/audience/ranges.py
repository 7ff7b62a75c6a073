"""What a cohort's conditions ask of a fact: a length of time, a day, a number, an amount, a share, one of several words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field, model_validator

from winback.shapes import Amount, Duration, Share
from winback.speech import N_, said
from winback.strictyaml import Shape, refusal


class Days(Shape):
    """Whole calendar days in the shop's time zone: at least `from`, fewer than `below`."""

    from_: int = Field(default=0, ge=0, alias="from")
    below: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Days:
        if self.below is not None and self.below <= self.from_:
            raise refusal(
                f"goes from {self.from_} to below {self.below}: no day lies between.",
                f"Write for example {{from: {self.below}, below: {self.from_}}}.",
            )
        return self


class Between(Shape):
    """Calendar days of the shop: on or after `since`, before `before`."""

    since: date | None = None
    before: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Between:
        if self.since is None and self.before is None:
            raise refusal("names no day.", "Write for example {since: 2025-01-01, before: 2026-01-01}.")
        if self.since is not None and self.before is not None and self.before <= self.since:
            raise refusal(f"begins on {self.since} and ends before {self.before}: no day lies between.", "Write the earlier day as `since`.")
        return self


class Number(Shape):
    """A whole number, both ends included."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Number:
        _both_ends(self.at_least, self.at_most)
        if self.at_least == 0:
            raise refusal("is at least 0, as it always is.", "Write at_least: 1, or take the line out.")
        return self


class Counted(Number):
    """A whole number, of all there is or of what happened lately."""

    within: Duration | None = None

    @model_validator(mode="after")
    def _whole_days(self) -> Counted:
        whole_days(self.within)
        return self


class Sum(Shape):
    """An amount in the project's currency, both ends included."""

    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Sum:
        _both_ends(self.at_least, self.at_most)
        return self


class Summed(Sum):
    """An amount, of all there is or of what was ordered lately."""

    within: Duration | None = None

    @model_validator(mode="after")
    def _whole_days(self) -> Summed:
        whole_days(self.within)
        return self


class Part(Shape):
    """A share or a chance, both ends included."""

    at_least: Share | None = None
    at_most: Share | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Part:
        _both_ends(self.at_least, self.at_most)
        return self


class Times(Shape):
    """How many times something is as long as something else."""

    at_least: float | None = Field(default=None, gt=0)
    at_most: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Times:
        _both_ends(self.at_least, self.at_most)
        return self


def _both_ends(at_least: float | Decimal | None, at_most: float | Decimal | None) -> None:
    if at_least is None and at_most is None:
        raise refusal("names no number.", "Write for example {at_least: 3} or {at_most: 10}.")
    if at_least is not None and at_most is not None and at_most < at_least:
        raise refusal(f"is at least {at_least} and at most {at_most}: nothing lies between.", f"Write {{at_least: {at_most}, at_most: {at_least}}}.")


def whole_days(within: timedelta | None) -> None:
    """Raises what a shape's validator raises, for hours and minutes where only days are counted."""
    if within is not None and (within.days < 1 or within.seconds):
        raise refusal(f"`within` is {within}; it counts whole days.", "Write for example 90 days or 12 weeks.")


def ends(value: Number | Sum | Part | Times) -> str:
    """`3 or more`, `10 at most`, `3 to 10`."""
    low, high = value.at_least, value.at_most
    shown = {
        name: f"{bound:f}" if isinstance(bound, Decimal) else f"{bound:g}" for name, bound in (("low", low), ("high", high)) if bound is not None
    }
    if len(shown) == 2:
        return said(N_("%(low)s to %(high)s"), **shown)
    return said(N_("%(low)s or more"), **shown) if low is not None else said(N_("%(high)s at most"), **shown)

"""What a campaign says about how its arms are drawn: its part of a layer, its strata, shares that follow what was learnt."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, model_validator

from winback.shapes import Duration, Share
from winback.strictyaml import Shape, refusal


class Stratum(StrEnum):
    """Within what arms are kept of one size: all of it is known before anybody is assigned."""

    VALUE_CLASS = "value_class"  # gold, silver, copper
    SIGN = "sign"  # of being lost
    SILENCE = "silence"  # how long they haven't bought
    LANGUAGE = "language"  # of the letters
    COUNTRY = "country"
    MANAGER = "manager"


class Layer(Shape):
    """A part of all customers: campaigns with other parts of a layer of that name never share a customer."""

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
    from_: Share = Field(default=0, alias="from")
    below: Share = 1

    @model_validator(mode="after")
    def _holds_somebody(self) -> Layer:
        if self.from_ >= self.below:
            raise refusal(f"is from {self.from_:g} below {self.below:g}: nobody is in it.", "Write for example {name: tea, from: 0, below: 0.5}.")
        return self

    def overlaps(self, other: Layer) -> bool:
        return self.name == other.name and self.from_ < other.below and other.from_ < self.below


class Adaptive(Shape):
    """Shares of tactics follow what was learnt from one wave to the next; the holdout's stays."""

    wave: Duration = Field(default="28 days", validate_default=True)  # how long one lasts
    floor: Share = 0.1  # what no tactic's share of those written to falls below

    @model_validator(mode="after")
    def _is_whole_days(self) -> Adaptive:
        if self.wave < timedelta(days=1) or self.wave % timedelta(days=1):
            raise refusal(f"has waves of {self.wave}; whoever enters on a day enters in one wave.", "Write whole days: `wave: 28 days`.")
        return self

    def fits(self, tactics: int) -> bool:
        """Whether as many tactics can have the floor each, and something is left to follow what was learnt."""
        return tactics > 1 and self.floor * tactics < 1

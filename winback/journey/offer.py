"""What a tactic promises: the `offers:` of a campaign."""

from __future__ import annotations

from pydantic import Field

from winback.journey.content import Localised
from winback.shapes import Amount, Duration, Share
from winback.strictyaml import Shape


class Offer(Shape):
    """What is promised, in every language that letters go out in."""

    text: Localised
    code: str = ""
    valid_for: Duration = Field(default="30 days", validate_default=True)  # from the day somebody enters the campaign
    cost: Amount = Field(default=0, validate_default=True)  # to the shop, each time it is taken up
    discount: Share = 0  # part of the order that it is used on
    take_up: Share = 1  # part of those written to who use it, as far as you know

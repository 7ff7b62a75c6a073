"""What a tactic promises: the `offers:` of a campaign."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from winback.journey.content import Localised
from winback.shapes import Amount, Duration, Share, one_of
from winback.strictyaml import Shape, refusal


class OfferKind(StrEnum):
    """What an offer gives."""

    PERCENTAGE = "percentage"  # a share off the order that it is used on
    AMOUNT = "amount"  # a sum off it
    GIFT = "gift"  # a thing
    POINTS = "points"  # on the customer's account
    FREE_DELIVERY = "free-delivery"  # of one order
    DRAW = "draw"  # one of several prizes: everybody wins something
    COMPENSATION = "compensation"  # a part of the order that went wrong
    PROGRESSIVE = "progressive"  # a share that grows with what the customer bought before
    GUARANTEE = "guarantee"  # something that costs only when it is called upon


class Prize(Shape):
    """What a draw gives to its share of the customers."""

    text: Localised
    share: Share
    cost: Amount = Field(default=0, validate_default=True)


class Step(Shape):
    """From how many orders on which discount is given."""

    orders: int = Field(ge=1)
    discount: Share


class Codes(Shape):
    """Where the codes come from that no two customers share: made here, or the lines of a file."""

    file: str = Field(default="", pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$|^$")  # below config/
    prefix: str = Field(default="WB", pattern="^[A-Z0-9]{1,10}$")  # of those made here: WB-7K3M-9QXT


def _codes(value: Any) -> Any:
    if value == "unique":
        return {}
    if isinstance(value, dict):
        if "file" in value and "prefix" in value:
            raise refusal("has both `file:` and `prefix:`; codes of a file are taken as they are.", "Take one of them out.")
        return value
    if isinstance(value, Codes):
        return value
    raise refusal(f"is {value}; codes are made for each customer, or come from a file.", "Write `codes: unique`, or `codes: {file: codes/tea.txt}`.")


_OWN = ("discount", "amount", "points", "prizes", "share", "levels")
"""Fields of which each kind of offer has its own."""
_NEEDS = {
    OfferKind.PERCENTAGE: ("discount", "Add for example `discount: 0.1` for 10 %."),
    OfferKind.AMOUNT: ("amount", "Add for example `amount: 150`, in the project's currency."),
    OfferKind.POINTS: ("points", "Add for example `points: 300`, and what they cost the shop as `cost:`."),
    OfferKind.DRAW: ("prizes", "Add `prizes:`, each with `text:`, `share:` and `cost:`."),
    OfferKind.COMPENSATION: ("share", "Add for example `share: 0.2`: the part of the order that went wrong which is given back."),
    OfferKind.PROGRESSIVE: ("levels", "Add for example `levels: [{orders: 3, discount: 0.05}, {orders: 10, discount: 0.1}]`."),
}


class Offer(Shape):
    """What is promised, in every language that letters go out in."""

    kind: Annotated[OfferKind, *one_of(OfferKind, "a kind of offer")] = OfferKind.GIFT
    text: Localised
    code: str = Field(default="", max_length=100)  # the same word for everybody
    codes: Annotated[Codes | None, BeforeValidator(_codes), WithJsonSchema({"type": ["string", "object"]})] = None  # one for each customer
    when_codes_run_out: Literal["refuse", "stop"] = "refuse"  # to start with too few; stop: nobody new is taken when the last one is gone
    valid_for: Duration = Field(default="30 days", validate_default=True)  # from the day somebody enters the campaign
    cost: Amount = Field(default=0, ge=0, validate_default=True)  # to the shop, each time it is taken up
    discount: Share = 0  # part of the order that it is used on
    amount: Amount = Field(default=0, ge=0, validate_default=True)  # off that order, in the project's currency
    points: int = Field(default=0, ge=0)
    prizes: tuple[Prize, ...] = ()  # of a draw; their shares add up to 1
    share: Share = 0  # of the order that went wrong
    levels: tuple[Step, ...] = ()
    budget: Amount | None = Field(default=None, gt=0)  # what all of it may cost, in the project's currency
    take_up: Share = 1  # part of those written to who use it, as far as you know

    @model_validator(mode="after")
    def _is_its_kind(self) -> Offer:
        need, how = _NEEDS.get(self.kind, ("", ""))
        if need and not getattr(self, need):
            raise refusal(f"is of the kind {self.kind}, and has no `{need}:`.", how)
        for field in _OWN:
            if field != need and getattr(self, field):
                kind = next(kind for kind, (own, _) in _NEEDS.items() if own == field)
                raise refusal(f"is of the kind {self.kind}, which has no `{field}:`.", f"Write `kind: {kind}`, or take `{field}:` out.")
        return self

    @model_validator(mode="after")
    def _adds_up(self) -> Offer:
        if self.prizes and abs(sum(prize.share for prize in self.prizes) - 1) > 1e-6:
            total = sum(prize.share for prize in self.prizes)
            raise refusal(f"has prizes whose shares add up to {total:g}.", "Everybody wins something: make them add up to 1.")
        orders, discounts = [step.orders for step in self.levels], [step.discount for step in self.levels]
        if orders != sorted(set(orders)) or discounts != sorted(set(discounts)):
            raise refusal("has levels that don't rise.", "Begin with the fewest orders; each next level has more orders and a larger discount.")
        return self

    @model_validator(mode="after")
    def _codes_make_sense(self) -> Offer:
        if self.code and self.codes is not None:
            raise refusal("has both `code:` and `codes:`.", "Keep `code:` for one word that everybody gets, `codes:` for one each.")
        if self.code and not self.code.strip():
            raise refusal("has a code of blanks only.", "Write the word, or take `code:` out.")
        if self.budget is not None and not self.has_code:
            raise refusal("has a budget and no code, so nobody could tell what of it is used.", "Add `codes: unique`, or take `budget:` out.")
        if self.when_codes_run_out == "stop" and not self.file:
            raise refusal("says what happens when codes run out, and its codes never do.", "Take `when_codes_run_out:` out.")
        return self

    @property
    def has_code(self) -> bool:
        """Whether each customer who is promised it has a code, of their own or not."""
        return bool(self.code) or self.codes is not None

    @property
    def file(self) -> str:
        """The file of its codes below config/; empty: they don't come from one."""
        return self.codes.file if self.codes else ""

    @property
    def usual(self) -> tuple[Decimal, Decimal]:
        """What it costs each time it is taken up, whatever is ordered; and as a share of the order: before anybody's history is known."""
        match self.kind:
            case OfferKind.DRAW:
                return self.cost + sum((prize.cost * Decimal(str(prize.share)) for prize in self.prizes), Decimal(0)), Decimal(0)
            case OfferKind.PROGRESSIVE:
                return self.cost, Decimal(str(self.levels[-1].discount))
            case OfferKind.COMPENSATION:
                return self.cost, Decimal(str(self.share))
        return self.cost + self.amount, Decimal(str(self.discount))

    @property
    def has(self) -> frozenset[str]:
        """What letters may call it by, beside `text` and `ends_on`: discount, amount, points, prize, code."""
        word = {
            OfferKind.PERCENTAGE: "discount",
            OfferKind.PROGRESSIVE: "discount",
            OfferKind.AMOUNT: "amount",
            OfferKind.COMPENSATION: "amount",
            OfferKind.POINTS: "points",
            OfferKind.DRAW: "prize",
        }.get(self.kind)
        return frozenset({*([word] if word else []), *(["code"] if self.has_code else [])})

"""What a customer has and has had with the shop, in the language of one letter: benefits, results together, a compensation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from winback.journey.content import Compensation
from winback.letters import formats
from winback.model import Benefits, Money, ProblemOrder


@dataclass(frozen=True, slots=True)
class BenefitValues:
    """What letters call `benefits`: what the customer already has. One of points, percent and code is always there."""

    points: int | None
    percent: int | None  # of the standing discount
    code: str | None
    ends_on: date | None  # the last day of it


@dataclass(frozen=True, slots=True)
class TogetherValues:
    """What letters call `together`: what has come of it so far."""

    orders: int
    first_order_on: date
    years: int | None  # whole ones since then, from one on
    favourites: tuple[str, ...] | None  # goods that were bought most, dearest first


@dataclass(frozen=True, slots=True)
class CompensationValues:
    """What letters call `compensation`: what is given back of one order that went wrong."""

    amount: str
    order: str  # its number
    ordered_on: date
    ends_on: date  # the last day to use it


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it; None where there is nothing to say."""

    benefits: BenefitValues | None = None
    together: TogetherValues | None = None
    compensation: CompensationValues | None = None


def benefits(has: Benefits | None, today: date) -> BenefitValues | None:
    """What the customer has; None when that is nothing, or its last day has passed."""
    if has is None or not (has.points or has.discount or has.code) or (has.ends_on is not None and has.ends_on < today):
        return None
    return BenefitValues(has.points or None, round(has.discount * 100) or None, has.code or None, has.ends_on)


def together(orders: int, first_order_on: date | None, today: date, favourites: tuple[str, ...] = ()) -> TogetherValues | None:
    """Results so far; None for somebody who never bought."""
    if not orders or first_order_on is None:
        return None
    return TogetherValues(orders, first_order_on, whole_years(first_order_on, today) or None, favourites or None)


def compensation(problem: ProblemOrder | None, rule: Compensation, *, begins_on: date, today: date, locale: str) -> CompensationValues | None:
    """What is given back of the order that went wrong, promised on `begins_on`; None when none went wrong, or the promise is over."""
    ends_on = begins_on + rule.valid_for
    if problem is None or problem.amount.amount <= 0 or ends_on < today:
        return None
    back = part(problem.amount, rule.share)
    return CompensationValues(formats.write_money(back.amount, back.currency, locale=locale), problem.key, problem.ordered_on, ends_on)


def part(whole: Money, share: float) -> Money:
    """A share of a sum, rounded half up to what can be paid."""
    return whole.part(share)


def whole_years(start: date, end: date) -> int:
    """Anniversaries that have passed; who began on 29 February has theirs on 1 March in common years."""
    return max(0, end.year - start.year - ((end.month, end.day) < (start.month, start.day)))

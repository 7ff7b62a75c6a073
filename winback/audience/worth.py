"""Whether winning a customer back pays: what they would bring against what the whole sequence costs.

Money is Decimal in the project's currency; shares and chances are fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

DAYS_A_MONTH = Decimal("365.25") / 12


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """LTV with the four figures it is made of."""

    average_check: Decimal
    purchases_a_month: Decimal  # per customer
    margin: Decimal
    months: Decimal

    @property
    def amount(self) -> Decimal:
        return self.average_check * self.purchases_a_month * self.margin * self.months


def lifetime_value(revenue: Decimal, purchases: int, customer_months: Decimal, margin: Decimal, months: Decimal) -> LifetimeValue | None:
    """Average check x purchases per customer-month x margin x months as a customer; None where nobody bought.

    `revenue` (goods brought back taken off), `purchases` and `customer_months` must come from the same customers over the same time.
    """
    if purchases <= 0 or customer_months <= 0:
        return None
    return LifetimeValue(revenue / purchases, purchases / customer_months, margin, months)


def months_of_life(closed: Sequence[tuple[date, date]]) -> Decimal | None:
    """Mean months from the first to the last order of *closed* customers, those called lost; None without any.

    Who is still buying has not lived their life to the end: counting them makes it too short.
    """
    if not closed:
        return None
    return Decimal(sum((last - first).days for first, last in closed)) / len(closed) / DAYS_A_MONTH


def months_by_churn(lost: int, customer_months: Decimal) -> Decimal | None:
    """The same as one over the monthly churn, the share of customers lost in a month; None while nobody was lost."""
    return customer_months / lost if lost else None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a customer's return would bring, times its chance."""

    chance: Decimal  # of returning
    orders_a_year: Decimal
    average_order: Decimal
    margin: Decimal

    @property
    def next_year(self) -> Decimal:
        """The margin of the year after the return; never below zero."""
        return max(Decimal(0), self.orders_a_year * self.average_order * self.margin)

    @property
    def amount(self) -> Decimal:
        return self.chance * self.next_year


@dataclass(frozen=True, slots=True)
class Prices:
    """What one of each costs the shop."""

    letter: Decimal = Decimal(0)
    message: Decimal = Decimal(0)
    call: Decimal = Decimal(0)
    gateways: Mapping[str, Decimal] = field(default_factory=dict)  # messages to phones, by channel


@dataclass(frozen=True, slots=True)
class Promise:
    """What a sequence offers, paid only by those who take it up."""

    gift: Decimal = Decimal(0)  # or the value of a code
    discount: Decimal = Decimal(0)  # share of the order it is used on
    take_up: Decimal = Decimal(1)  # share of customers who use it

    def cost(self, average_order: Decimal) -> Decimal:
        """Per customer written to, whose order would be `average_order`."""
        return (self.gift + self.discount * max(Decimal(0), average_order)) * self.take_up


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a whole sequence for one customer, part by part."""

    letters: Decimal
    messages: Decimal
    calls: Decimal
    promises: Decimal

    @property
    def amount(self) -> Decimal:
        return self.letters + self.messages + self.calls + self.promises


def cost_of_sequence(
    prices: Prices, *, letters: int = 0, messages: int = 0, calls: int = 0, promises: Sequence[Promise] = (), average_order: Decimal = Decimal(0)
) -> Cost:
    """If it is played to its end: all letters, messages and calls, and each promise as far as it is taken up."""
    return Cost(
        prices.letter * letters,
        prices.message * messages,
        prices.call * calls,
        sum((promise.cost(average_order) for promise in promises), Decimal(0)),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it pays, with both figures."""

    expected: Decimal
    cost: Decimal

    @property
    def is_worth_it(self) -> bool:
        """More is expected than spent; what comes out even isn't worth the trouble."""
        return self.expected > self.cost


def worth_it(expected: Expectation, cost: Cost) -> Verdict:
    return Verdict(expected.amount, cost.amount)

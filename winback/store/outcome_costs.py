"""What an arm cost: letters that left, calls that were made, and what orders took of its offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, select

from winback.model import CodeStatus, minor_digits
from winback.outcomes.figures import CostFigures
from winback.store.measured import Measured, margin_of
from winback.store.moments import later
from winback.store.tables import codes, orders, outcomes, recipients


@dataclass(frozen=True, slots=True)
class Uncoded:
    """An offer without a code: nobody can tell who used it, so everybody in its arm who returned counts as having used it once."""

    fixed_minor: int
    discount: float  # of the first order
    is_money: bool  # a sum off the order, not a thing


@dataclass(frozen=True, slots=True)
class Terms:
    """What counting money takes from the shop's files and from the run's plan."""

    margin: float = 0.0  # part of a sale that stays with the shop, where orders don't tell
    cap_minor: int | None = None
    call_minor: int = 0  # calls that every customer of a tactic gets beside its stages, by the plan
    money_offers: frozenset[str] = frozenset()  # whose fixed part is money off, by name
    uncoded: Mapping[str, Uncoded] = field(default_factory=dict)  # by arm
    is_paid: bool = False  # orders' totals and margins are what is left after discounts

    def margin_of(self, movers: FromClause) -> ColumnElement[float]:
        """What of each one's revenue stays with the shop."""
        return margin_of(movers.c.revenue, movers.c.margin, movers.c.margin_known, self.margin)


NO_TERMS = Terms()


def by_arm(
    connection: Connection, measured: Measured, currency: str, terms: Terms, reached: Mapping[str, Mapping[str, int]]
) -> dict[str, CostFigures]:
    """What each arm cost by the measured moment, in minor units of `currency`, which is the project's. `reached`: what responses counted."""
    coded, uncoded = _coded(connection, measured, terms), _uncoded(connection, measured, currency, terms)
    found = {}
    for arm, counts in reached.items():
        discounts, gifts = (ours + theirs for ours, theirs in zip(coded.get(arm, (0, 0)), uncoded.get(arm, (0, 0)), strict=True))
        calls = _minor(counts["calls_micros"], currency) + terms.call_minor * counts["contacted"]
        found[arm] = CostFigures(_minor(counts["messages_micros"], currency), discounts, gifts, calls)
    return found


def _coded(connection: Connection, measured: Measured, terms: Terms) -> dict[str, tuple[int, int]]:
    """What orders of the return window used. A code that somebody else brought costs the arm that it was given to."""
    used = (
        codes.c.run_id == measured.run_id,
        codes.c.status == CodeStatus.REDEEMED,
        codes.c.redeemed_at <= measured.now,
        codes.c.redeemed_at > recipients.c.assigned_at,
        codes.c.redeemed_at <= later(recipients.c.assigned_at, measured.window),
        measured.assigned(),
    )
    here = and_(recipients.c.run_id == codes.c.run_id, recipients.c.customer_id == codes.c.customer_id)
    is_money = codes.c.offer.in_(sorted(terms.money_offers))
    off = case((is_money, codes.c.cost_minor), else_=codes.c.cost_minor - codes.c.fixed_minor)
    to_orders = codes.join(recipients, here).outerjoin(orders, orders.c.key == codes.c.order_key)
    rows = connection.execute(
        select(recipients.c.arm, func.sum(off), func.sum(_off_known(off)), func.sum(case((is_money, 0), else_=codes.c.fixed_minor)))
        .select_from(to_orders)
        .where(*used)
        .group_by(recipients.c.arm)
    )
    return {arm: (_lost(int(discounts), int(known), terms), int(gifts)) for arm, discounts, known, gifts in rows}


def _off_known(off: ColumnElement[int]) -> ColumnElement[int]:
    """The part that was taken off an order whose own margin is told."""
    return case((orders.c.margin_minor.is_not(None), off), else_=0)


def _lost(discounts: int, known: int, terms: Terms) -> int:
    """What discounts cost that revenue and margins don't show already.

    Where totals are what was paid, an order's own margin has lost its discount, and a share m of a total p, sold for d less, leaves
    p - (1 - m)(p + d) = m p - (1 - m) d.
    """
    if not terms.is_paid:
        return discounts
    return int((Decimal(discounts - known) * (1 - Decimal(str(terms.margin)))).quantize(Decimal(1), ROUND_HALF_UP))


def _uncoded(connection: Connection, measured: Measured, currency: str, terms: Terms) -> dict[str, tuple[int, int]]:
    if not terms.uncoded:
        return {}
    first = case((outcomes.c.currency == currency, outcomes.c.first_minor), else_=0)
    is_told = and_(outcomes.c.currency == currency, outcomes.c.margin_known_minor == outcomes.c.revenue_minor)
    here = and_(outcomes.c.run_id == recipients.c.run_id, outcomes.c.customer_id == recipients.c.customer_id)
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.count(outcomes.c.customer_id.distinct()),
            func.sum(first),
            func.count(case((is_told, outcomes.c.customer_id)).distinct()),
            func.sum(case((is_told, first), else_=0)),
        )
        .select_from(recipients.join(outcomes, here))
        .where(measured.assigned(), recipients.c.arm.in_(sorted(terms.uncoded)), outcomes.c.orders > 0)
        .group_by(recipients.c.arm)
    )
    found = {}
    for arm, returned, ordered, of_told, ordered_of_told in rows:
        offer = terms.uncoded[arm]
        discounts, gifts = _costs(offer, returned, int(ordered))
        known, _ = _costs(offer, of_told, int(ordered_of_told))
        found[arm] = (_lost(discounts, known, terms), gifts)
    return found


def _costs(offer: Uncoded, returned: int, ordered_minor: int) -> tuple[int, int]:
    discounts = int((Decimal(str(offer.discount)) * ordered_minor).quantize(Decimal(1), ROUND_HALF_UP))
    fixed = offer.fixed_minor * returned
    return (discounts + fixed, 0) if offer.is_money else (discounts, fixed)


def _minor(micros: int, currency: str) -> int:
    return int((Decimal(int(micros)).scaleb(minor_digits(currency) - 6)).quantize(Decimal(1), ROUND_HALF_UP))

"""What an arm cost: letters that left, calls that were made, and what orders took of its offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import Connection, and_, case, func, select

from winback.model import CodeStatus, minor_digits
from winback.outcomes.figures import CostFigures
from winback.store.measured import Measured
from winback.store.moments import later
from winback.store.tables import codes, outcomes, recipients


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
    of_order = codes.c.cost_minor - codes.c.fixed_minor
    rows = connection.execute(
        select(
            recipients.c.arm,
            func.sum(case((is_money, codes.c.cost_minor), else_=of_order)),
            func.sum(case((is_money, 0), else_=codes.c.fixed_minor)),
        )
        .select_from(codes.join(recipients, here))
        .where(*used)
        .group_by(recipients.c.arm)
    )
    return {arm: (int(discounts), int(gifts)) for arm, discounts, gifts in rows}


def _uncoded(connection: Connection, measured: Measured, currency: str, terms: Terms) -> dict[str, tuple[int, int]]:
    if not terms.uncoded:
        return {}
    first = case((outcomes.c.currency == currency, outcomes.c.first_minor), else_=0)
    here = and_(outcomes.c.run_id == recipients.c.run_id, outcomes.c.customer_id == recipients.c.customer_id)
    rows = connection.execute(
        select(recipients.c.arm, func.count(outcomes.c.customer_id.distinct()), func.sum(first))
        .select_from(recipients.join(outcomes, here))
        .where(measured.assigned(), recipients.c.arm.in_(sorted(terms.uncoded)), outcomes.c.orders > 0)
        .group_by(recipients.c.arm)
    )
    return {arm: _costs(terms.uncoded[arm], returned, int(ordered)) for arm, returned, ordered in rows}


def _costs(offer: Uncoded, returned: int, ordered_minor: int) -> tuple[int, int]:
    discounts = int((Decimal(str(offer.discount)) * ordered_minor).quantize(Decimal(1), ROUND_HALF_UP))
    fixed = offer.fixed_minor * returned
    return (discounts + fixed, 0) if offer.is_money else (discounts, fixed)


def _minor(micros: int, currency: str) -> int:
    return int((Decimal(int(micros)).scaleb(minor_digits(currency) - 6)).quantize(Decimal(1), ROUND_HALF_UP))

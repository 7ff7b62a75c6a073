"""What is known of customers, counted from what happened: orders, gaps between them, inquiries, touches, what they said.

Each part is a subquery with one row for each customer who has anything to count; `relation` puts the parts together that are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from winback.model import EventKind, FeedbackKind, OrderStatus, Verdict, minor_digits
from winback.settings import Project
from winback.store.tables import customers, deliveries, events, facts, facts_state, feedback, inquiries, orders, touches

Whose: TypeAlias = Sequence[int] | Select[tuple[int]] | None
"""Some customers, as ids or as a statement that finds them; None: everybody."""

REACTIONS = (EventKind.CLICK, EventKind.REPLY, EventKind.UNSUBSCRIBE, EventKind.COMPLAINT)
"""What shows that a letter reached a person. Being opened doesn't: it is not an answer."""

_MEDIAN, _LONG = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class AsOf:
    """What a statement takes from outside: the moment, the shop's zone and currency, and what other currencies are worth in it."""

    now: datetime
    zone: str
    currency: str
    rates: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, project: Project, now: datetime) -> AsOf:
        """As the project's settings have it."""
        settings = project.settings
        return cls(now, settings.time_zone, settings.currency, settings.rates)

    def terms(self) -> dict[str, Any]:
        """What stored facts depend on."""
        return {"zone": self.zone, "currency": self.currency, "rates": {code: str(rate) for code, rate in sorted(self.rates.items())}}


def is_purchase() -> ColumnElement[bool]:
    """The one definition of a purchase: placed, and something was paid. A gift or a free replacement is none."""
    return and_(orders.c.status == OrderStatus.PLACED, orders.c.amount_minor > 0)


def moves_money() -> ColumnElement[bool]:
    """What counts into revenue: what was bought, and what was brought back."""
    return or_(is_purchase(), orders.c.status == OrderStatus.RETURNED)


def priced(amount: ColumnElement[Any], as_of: AsOf) -> ColumnElement[Any]:
    """An order's amount in minor units of the project's currency; NULL where its currency has no rate."""
    others = [(orders.c.currency == code, _exchanged(amount, code, rate, as_of.currency)) for code, rate in as_of.rates.items()]
    return case((orders.c.currency == as_of.currency, amount), *others)


def _exchanged(amount: ColumnElement[Any], code: str, rate: Decimal, ours: str) -> ColumnElement[Any]:
    factor = rate.scaleb(minor_digits(ours) - minor_digits(code))
    return cast(func.round(amount * literal(float(factor), Float)), BigInteger)


def relation(as_of: AsOf, dialect: str, *, needed: AbstractSet[str] | None = None, whose: Whose = None, name: str = "facts") -> Subquery:
    """One row for each customer (of `whose`) with the columns of the table `facts` as they were at `as_of.now`.

    With `needed` only these columns, and `customer_id`; what they don't need isn't counted. Merged customers have no row.
    """
    names = [column.name for column in facts.c if column.name != "customer_id" and (needed is None or column.name in needed)]
    counted = _Counted(as_of, dialect, whose)
    source: FromClause = customers
    for part in dict.fromkeys(_PARTS[column] for column in names):
        source = source.outerjoin(counted.part(part), counted.part(part).c.customer_id == customers.c.id)
    columns = [_column(facts.c[column], counted.part(_PARTS[column])) for column in names]
    mine = customers.c.merged_into.is_(None)
    return select(customers.c.id.label("customer_id"), *columns).select_from(source).where(mine, of(customers.c.id, whose)).subquery(name)


def unpriced(connection: Connection, as_of: AsOf) -> list[tuple[str, int, int]]:
    """Purchases in currencies that have no rate: currency, how many, and their sum in its own minor units; the most first."""
    state = connection.execute(select(facts_state.c.terms)).scalar_one_or_none()
    if state == as_of.terms() and not connection.execute(select(exists().where(facts.c.unpriced_orders > 0))).scalar_one():
        return []
    known = [as_of.currency, *as_of.rates]
    statement = (
        select(orders.c.currency, func.count(), cast(func.sum(orders.c.amount_minor), BigInteger))
        .where(is_purchase(), orders.c.currency.not_in(known), orders.c.ordered_at <= as_of.now)
        .group_by(orders.c.currency)
        .order_by(func.count().desc(), orders.c.currency)
    )
    return [(currency, count, minor) for currency, count, minor in connection.execute(statement)]


def orders_of(as_of: AsOf, whose: Whose = None) -> Select[Any]:
    """Counts, first and last days, and sums of each customer's orders."""
    bought, moves = is_purchase(), moves_money()
    money = priced(orders.c.amount_minor, as_of)
    told = and_(moves, orders.c.margin_minor.is_not(None))
    currency = case((bought, orders.c.currency))
    return (
        select(
            orders.c.customer_id,
            func.count(case((bought, 1))).label("orders"),
            func.min(case((bought, orders.c.ordered_at))).label("first_order_at"),
            func.max(case((bought, orders.c.ordered_at))).label("last_order_at"),
            func.min(case((bought, orders.c.ordered_on))).label("first_order_on"),
            func.max(case((bought, orders.c.ordered_on))).label("last_order_on"),
            case((func.min(currency) == func.max(currency), func.min(currency)), else_="").label("currency"),
            _sum(case((moves, money))).label("revenue_minor"),
            func.count(case((bought, money))).label("paid_orders"),
            (func.count(case((bought, 1))) - func.count(case((bought, money)))).label("unpriced_orders"),
            _sum(case((told, priced(orders.c.margin_minor, as_of)))).label("margin_minor"),
            _sum(case((told, money))).label("margin_known_minor"),
            func.count(case((and_(bought, orders.c.code != ""), 1))).label("codes_used"),
        )
        .where(orders.c.ordered_at <= as_of.now, of(orders.c.customer_id, whose))
        .group_by(orders.c.customer_id)
    )


def gaps_of(as_of: AsOf, dialect: str, whose: Whose = None) -> Select[Any]:
    """Purchase days, and quantiles of the gaps between one and the next, between two gaps in proportion (Hyndman & Fan 1996, type 7)."""
    day = type_coerce(orders.c.ordered_on, Integer)
    before = func.lag(day).over(partition_by=orders.c.customer_id, order_by=orders.c.ordered_at)  # the index has this order
    steps = (
        select(orders.c.customer_id, (day - before).label("gap"))
        .where(is_purchase(), orders.c.ordered_at <= as_of.now, of(orders.c.customer_id, whose))
        .subquery("steps")
    )
    another_day = or_(steps.c.gap.is_(None), steps.c.gap > 0)  # the first, or later than the one before
    if dialect == "postgresql":
        quantiles = [func.percentile_cont(share).within_group(steps.c.gap).label(name) for share, name in _QUANTILES]
        return select(steps.c.customer_id, func.count().label("purchase_days"), *quantiles).where(another_day).group_by(steps.c.customer_id)
    ranked = (
        select(
            steps.c.customer_id,
            steps.c.gap,
            (func.row_number().over(partition_by=steps.c.customer_id, order_by=steps.c.gap.asc().nulls_first()) - 2).label(
                "place"
            ),  # the first day has no gap
            (func.count().over(partition_by=steps.c.customer_id) - 2).label("last_place"),
        )
        .where(another_day)
        .subquery("ranked")
    )
    return select(ranked.c.customer_id, func.count().label("purchase_days"), *(_quantile(ranked, *each) for each in _QUANTILES)).group_by(
        ranked.c.customer_id
    )


_QUANTILES = ((_MEDIAN, "median_gap"), (_LONG, "long_gap"))


def _quantile(ranked: Subquery, share: float, name: str) -> ColumnElement[Any]:
    at = literal(share) * ranked.c.last_place
    below = cast(at, Integer)
    rest = at - below
    weight = case((ranked.c.place == below, 1 - rest), (ranked.c.place == below + 1, rest))
    return func.sum(case((ranked.c.place >= 0, ranked.c.gap * weight))).label(name)


def inquiries_of(as_of: AsOf, bought: FromClause, whose: Whose = None) -> Select[Any]:
    """How many inquiries, and how many of them after the last purchase. `bought`: customer_id and last_order_at."""
    after = or_(bought.c.last_order_at.is_(None), inquiries.c.inquired_at > bought.c.last_order_at)
    return (
        select(
            inquiries.c.customer_id,
            func.count().label("inquiries"),
            func.max(inquiries.c.inquired_at).label("last_inquiry_at"),
            func.count(case((after, 1))).label("inquiries_since_order"),
        )
        .select_from(inquiries.outerjoin(bought, bought.c.customer_id == inquiries.c.customer_id))
        .where(inquiries.c.inquired_at <= as_of.now, of(inquiries.c.customer_id, whose))
        .group_by(inquiries.c.customer_id)
    )


def touches_of(as_of: AsOf, bought: FromClause, whose: Whose = None) -> Select[Any]:
    """Touches of ours and from elsewhere, and how many of them since the last reaction or purchase."""
    made = union_all(
        select(touches.c.customer_id, touches.c.touched_at.label("at")).where(touches.c.touched_at <= as_of.now, of(touches.c.customer_id, whose)),
        select(deliveries.c.customer_id, deliveries.c.sent_at).where(deliveries.c.sent_at <= as_of.now, of(deliveries.c.customer_id, whose)),
    ).subquery("made")
    answered = _reactions(as_of, whose)
    since = and_(
        or_(answered.c.at.is_(None), made.c.at > answered.c.at),
        or_(bought.c.last_order_at.is_(None), made.c.at > bought.c.last_order_at),
    )
    return (
        select(
            made.c.customer_id,
            func.count().label("touches"),
            func.max(made.c.at).label("last_touch_at"),
            func.max(answered.c.at).label("last_reaction_at"),
            func.count(case((since, 1))).label("touches_since_reaction"),
        )
        .select_from(
            made.outerjoin(answered, answered.c.customer_id == made.c.customer_id).outerjoin(bought, bought.c.customer_id == made.c.customer_id)
        )
        .group_by(made.c.customer_id)
    )


def _reactions(as_of: AsOf, whose: Whose) -> Subquery:
    reacted = union_all(
        select(touches.c.customer_id, touches.c.reacted_at.label("at")).where(touches.c.reacted_at <= as_of.now, of(touches.c.customer_id, whose)),
        select(events.c.customer_id, events.c.happened_at).where(
            events.c.kind.in_(REACTIONS), events.c.verdict == Verdict.HUMAN, events.c.happened_at <= as_of.now, of(events.c.customer_id, whose)
        ),
    ).subquery("reacted")
    return select(reacted.c.customer_id, func.max(reacted.c.at).label("at")).group_by(reacted.c.customer_id).subquery("answered")


def feedback_of(as_of: AsOf, whose: Whose = None) -> Select[Any]:
    """Complaints, and the last score; of two scores at one moment the lower counts."""
    complains, scored = feedback.c.kind == FeedbackKind.COMPLAINT, feedback.c.score.is_not(None)
    is_mended = and_(feedback.c.mended_at.is_not(None), feedback.c.mended_at <= as_of.now)
    place = func.row_number().over(
        partition_by=(feedback.c.customer_id, feedback.c.score.is_(None)), order_by=(feedback.c.said_at.desc(), feedback.c.score)
    )
    said = (
        select(
            feedback.c.customer_id,
            case((complains, 1)).label("complaint"),
            case((and_(complains, not_(is_mended)), feedback.c.said_at)).label("open_since"),
            case((scored, feedback.c.said_at)).label("scored_at"),
            feedback.c.score,
            case((scored, place)).label("place"),
        )
        .where(feedback.c.said_at <= as_of.now, of(feedback.c.customer_id, whose))
        .subquery("said")
    )
    return select(
        said.c.customer_id,
        func.count(said.c.complaint).label("complaints"),
        func.max(said.c.open_since).label("last_complaint_at"),
        func.count(said.c.score).label("scores"),
        func.max(case((said.c.place == 1, said.c.score))).label("last_score"),
        func.max(said.c.scored_at).label("last_score_at"),
    ).group_by(said.c.customer_id)


_PARTS: dict[str, str] = {
    **dict.fromkeys(
        [
            *("orders", "first_order_at", "last_order_at", "first_order_on", "last_order_on", "currency", "revenue_minor", "paid_orders"),
            *("unpriced_orders", "margin_minor", "margin_known_minor", "codes_used"),
        ],
        "bought",
    ),
    **dict.fromkeys(["purchase_days", "median_gap", "long_gap"], "gaps"),
    **dict.fromkeys(["inquiries", "last_inquiry_at", "inquiries_since_order"], "asked"),
    **dict.fromkeys(["touches", "last_touch_at", "last_reaction_at", "touches_since_reaction"], "touched"),
    **dict.fromkeys(["complaints", "last_complaint_at", "scores", "last_score", "last_score_at"], "told"),
}

OF_TOUCHES = frozenset(name for name, part in _PARTS.items() if part == "touched")
"""Facts that change by sending and by what comes back; the others change by imports alone."""


class _Counted:
    """The parts of one relation, each made when it is first asked for; those that look at the last purchase share one count of orders."""

    def __init__(self, as_of: AsOf, dialect: str, whose: Whose) -> None:
        self._made: dict[str, FromClause] = {}
        self._make: dict[str, Callable[[], FromClause]] = {
            "bought": lambda: orders_of(as_of, whose).cte("bought"),
            "gaps": lambda: gaps_of(as_of, dialect, whose).subquery("gaps"),
            "asked": lambda: inquiries_of(as_of, self.part("bought"), whose).subquery("asked"),
            "touched": lambda: touches_of(as_of, self.part("bought"), whose).subquery("touched"),
            "told": lambda: feedback_of(as_of, whose).subquery("told"),
        }

    def part(self, name: str) -> FromClause:
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]


def _column(stored: Column[Any], part: FromClause) -> ColumnElement[Any]:
    """A counted column under its name and type; where nothing was counted 0 or empty, unless the table says None."""
    counted = part.c[stored.name]
    if stored.nullable:
        return type_coerce(counted, stored.type).label(stored.name)
    return func.coalesce(counted, literal("" if stored.name == "currency" else 0)).label(stored.name)


def _sum(what: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.coalesce(func.sum(what), 0), BigInteger)


def of(column: ColumnElement[Any], whose: Whose) -> ColumnElement[bool]:
    """Whether a row is theirs."""
    return true() if whose is None else column.in_(whose)

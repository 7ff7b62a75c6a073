"""The five signs of being lost as SQL."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Float, FromClause, Integer, and_, case, cast, false, func, not_, or_, select, type_coerce

from winback import clock
from winback.audience.cohort import bounds
from winback.audience.ranges import Days
from winback.audience.signs import Sign
from winback.store import counting
from winback.store.as_of import of
from winback.store.ground import Ground
from winback.store.tables import orders


def sign(name: Sign, ground: Ground) -> ColumnElement[bool]:
    """Whether a customer shows a sign of being lost."""
    facts, signs, zone = ground.facts.c, ground.selection.signs, ground.as_of.zone
    match name:
        case Sign.NO_INQUIRIES:
            silent_since, _ = bounds(Days.model_validate({"from": signs.no_inquiries.for_.days}), ground.as_of.now, zone)
            return and_(facts.last_order_at < silent_since, or_(facts.last_inquiry_at.is_(None), facts.last_inquiry_at < silent_since))
        case Sign.INQUIRIES_WITHOUT_ORDERS:
            return facts.inquiries_since_order >= signs.inquiries_without_orders.in_a_row
        case Sign.NO_ANSWER:
            return facts.touches_since_reaction >= signs.no_answer.touches
        case Sign.DISSATISFIED:
            first_day = ground.today - timedelta(days=signs.dissatisfied.within.days - 1)
            since = clock.start_of_day(first_day, ZoneInfo(zone))
            low = and_(facts.last_score <= signs.dissatisfied.score_at_most, facts.last_score_at >= since)
            return or_(func.coalesce(facts.last_complaint_at >= since, false()), func.coalesce(low, false()))
        case Sign.VOLUME_DROPPED:
            return _volume_dropped(ground)


def volumes(ground: Ground) -> FromClause:
    """Orders and revenue of the recent and the earlier time: columns recent, earlier (minor units), recent_orders, earlier_orders."""
    dropped = ground.selection.signs.volume_dropped
    start = ground.today.toordinal() - dropped.recent.days + 1
    day, money = type_coerce(orders.c.ordered_on, Integer), counting.priced(orders.c.amount_minor, ground.as_of)
    recent = day >= start
    bought = counting.is_purchase()
    rows = (
        select(
            orders.c.customer_id,
            cast(func.coalesce(func.sum(case((recent, money))), 0), BigInteger).label("recent"),
            cast(func.coalesce(func.sum(case((not_(recent), money))), 0), BigInteger).label("earlier"),
            func.count(case((and_(recent, bought), 1))).label("recent_orders"),
            func.count(case((and_(not_(recent), bought), 1))).label("earlier_orders"),
        )
        .where(
            counting.moves_money(),
            day >= start - dropped.earlier.days,
            orders.c.ordered_at <= ground.as_of.now,
            of(orders.c.customer_id, ground.whose),
        )
        .group_by(orders.c.customer_id)
        .subquery("volumes")
    )
    return ground.joined("volumes", rows)


def _volume_dropped(ground: Ground) -> ColumnElement[bool]:
    found, dropped = volumes(ground).c, ground.selection.signs.volume_dropped
    kept = 1 - dropped.by
    return and_(
        found.recent_orders > 0,
        found.earlier_orders >= dropped.earlier_orders,
        found.earlier > 0,
        cast(found.recent, Float) * dropped.earlier.days <= cast(found.earlier, Float) * (kept * dropped.recent.days),
    )

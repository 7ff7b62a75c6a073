"""A cohort's conditions as SQL: whether each holds, and the value that it looks at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    type_coerce,
)

from winback import clock
from winback.audience import rhythm
from winback.audience.businesses import Business
from winback.audience.cohort import Custom, Rule, bounds
from winback.audience.conditions import FACTS
from winback.audience.ranges import Between, Counted, Days, Number, Part, Sum, Summed, Times
from winback.audience.signs import Sign
from winback.journey.condition import Deed
from winback.model import ChannelName, Money
from winback.store import counting, signs
from winback.store.as_of import of
from winback.store.ground import Ground, SequenceCost
from winback.store.tables import consents, contacts, feedback, inquiries, leaving_reasons, orders


def holds(rule: Rule, ground: Ground) -> ColumnElement[bool]:
    """Whether the condition holds; NULL where nothing is known, as SQL has it."""
    word, value = rule.said
    match value:
        case Rule():
            return not_(func.coalesce(holds(value, ground), false()))
        case Days():
            return _days_ago(word, value, ground)
        case Between():
            return _within(
                type_coerce(ground.column(word), Integer), value.before and value.before.toordinal(), value.since and value.since.toordinal()
            )
        case date():
            last = ground.column(word)
            return or_(last.is_(None), last < clock.start_of_day(value, ZoneInfo(ground.as_of.zone)))
        case tuple() if word in {"all", "any"}:
            parts = [holds(part, ground) for part in value if isinstance(part, Rule)]
            return and_(*parts) if word == "all" else or_(*parts)
        case tuple():
            return _one_of(word, value, ground)
        case str() if word == "lapsed":
            return _lapsed(ground.selection.businesses[value], ground)
        case str():
            return _is_worth_it(ground.costs[value], ground)
        case Custom():
            return _custom(value, ground)
    assert isinstance(value, Number | Sum | Part | Times)
    return _measures(word, value, ground)


def value(rule: Rule, ground: Ground) -> ColumnElement[Any]:
    """What the condition looks at, for a person to read: a moment, a number, an amount in minor units, a word; NULL for several."""
    word, asked = rule.said
    if isinstance(asked, Counted | Summed) and asked.within is not None:
        return func.coalesce(_lately(word, asked.within, ground).c.what, 0)
    if word in FACTS:
        return ground.column(word)
    match word:
        case "average_order":
            return _average_order(ground)
        case "overdue":
            return _overdue(ground)
        case "lapsed":
            return ground.facts.c.last_order_at
        case "worth_it":
            return ground.scored.c.expected_value_minor
        case "tag":
            return ground.people.c.tags
        case "custom":
            assert isinstance(asked, Custom)
            text: ColumnElement[Any] = _own_column(ground, asked.name).as_string()
            return text
        case "reason":
            return _latest_reason(ground)
    return null()


def order(ground: Ground, by: str) -> ColumnElement[Any]:
    """What members are put in order by."""
    if by == "average_order":
        return _average_order(ground)
    return ground.facts.c.last_order_at if by == "last_order" else ground.column(by)


def _days_ago(word: str, asked: Days, ground: Ground) -> ColumnElement[bool]:
    if word == "days_since_last_order":  # the bounds are whole days, and days are compared sooner than moments
        today, last_on = ground.today.toordinal(), type_coerce(ground.facts.c.last_order_on, Integer)
        return _within(last_on, today - asked.from_ + 1, None if asked.below is None else today - asked.below + 1)
    return _within(ground.column(word), *bounds(asked, ground.as_of.now, ground.as_of.zone))


def _within(column: ColumnElement[Any], before: Any, not_before: Any) -> ColumnElement[bool]:
    return and_(true() if before is None else column < before, true() if not_before is None else column >= not_before)


def _measures(word: str, asked: Number | Sum | Part | Times, ground: Ground) -> ColumnElement[bool]:
    low: float | None
    high: float | None
    if isinstance(asked, Sum):
        low, high = (None if end is None else Money(end, ground.as_of.currency).minor for end in (asked.at_least, asked.at_most))
    else:
        low, high = asked.at_least, asked.at_most
    if isinstance(asked, Counted | Summed) and asked.within is not None:
        return _between(func.coalesce(_lately(word, asked.within, ground).c.what, 0), low, high)
    if word == "average_order":  # multiplied, so that both databases compare exactly
        facts = ground.facts.c
        sides = [
            *([] if low is None else [facts.revenue_minor >= literal(low) * facts.paid_orders]),
            *([] if high is None else [facts.revenue_minor <= literal(high) * facts.paid_orders]),
        ]
        return and_(facts.paid_orders > 0, *sides)
    if word == "overdue":
        return _between(_overdue(ground), low, high)
    if word in {"recency", "frequency", "money"}:
        return and_(ground.column(word) > 0, _between(ground.column(word), low, high))
    return _between(ground.column(word), low, high)


def _between(column: ColumnElement[Any], low: Any, high: Any) -> ColumnElement[bool]:
    return and_(true() if low is None else column >= low, true() if high is None else column <= high)


def _average_order(ground: Ground) -> ColumnElement[Any]:
    return cast(ground.facts.c.revenue_minor, Float) / func.nullif(ground.facts.c.paid_orders, 0)


def _overdue(ground: Ground) -> ColumnElement[Any]:
    """The silence in the customer's own mean gaps; NULL below the days that make a rhythm."""
    facts = ground.facts.c
    last, first = type_coerce(facts.last_order_on, Integer), type_coerce(facts.first_order_on, Integer)
    mean = cast(last - first, Float) / func.nullif(facts.purchase_days - 1, 0)
    return case((facts.purchase_days >= rhythm.FEWEST_DAYS, (ground.today.toordinal() - last) / func.nullif(mean, 0.0)))


def _lately(word: str, within: timedelta, ground: Ground) -> Subquery:
    """How many, or how much, in the last so many days of the shop's calendar, today included."""
    now, name = ground.as_of.now, f"{word}_{within.days}"
    first = ground.today - timedelta(days=within.days - 1)
    since = clock.start_of_day(first, ZoneInfo(ground.as_of.zone))
    owner, what, *conditions = {
        "orders": (orders.c.customer_id, func.count(), counting.is_purchase(), orders.c.ordered_at),
        "revenue": (
            orders.c.customer_id,
            func.sum(counting.priced(orders.c.amount_minor, ground.as_of)),
            counting.moves_money(),
            orders.c.ordered_at,
        ),
        "inquiries": (inquiries.c.customer_id, func.count(), true(), inquiries.c.inquired_at),
        "complaints": (feedback.c.customer_id, func.count(), feedback.c.kind == "complaint", feedback.c.said_at),
    }[word]
    counts, moment = conditions
    rows = (
        select(owner.label("customer_id"), what.label("what"))
        .where(counts, moment >= since, moment <= now, of(owner, ground.whose))
        .group_by(owner)
        .subquery(name)
    )
    return ground.joined(name, rows)  # type: ignore[return-value]  # a subquery, as it went in


def _one_of(word: str, words: tuple[object, ...], ground: Ground) -> ColumnElement[bool]:
    said = [str(part) for part in words]
    match word:
        case "reachable_by":
            return or_(*(_reachable_by(ChannelName(channel), ground) for channel in said))
        case "sign":
            return or_(*(signs.sign(Sign(name), ground) for name in said))
        case "tag":
            return or_(*(ground.people.c.tags.icontains(f"|{tag}|", autoescape=True) for tag in said))
        case "reason":
            return _latest_reason(ground).in_(said)
        case "did":
            return ground.customer_id.in_(sorted({who for name in said for who in ground.done.get(Deed(name), ())}))
    return ground.column(word).in_(said)


def _lapsed(trade: Business, ground: Ground) -> ColumnElement[bool]:
    """Silent by the trade's own period, after enough purchases. Where an inquiry ends a silence, it is counted from the later of both."""
    facts = ground.facts.c
    last: ColumnElement[Any] = facts.last_order_at
    if trade.silence == "inquiry":
        last = case((facts.last_inquiry_at > facts.last_order_at, facts.last_inquiry_at), else_=facts.last_order_at)
    return and_(_within(last, *bounds(trade.silent, ground.as_of.now, ground.as_of.zone)), facts.orders >= trade.orders)


def _is_worth_it(costs: tuple[SequenceCost, ...], ground: Ground) -> ColumnElement[bool]:
    """More is expected of a return than even the dearest tactic costs."""
    order_minor = func.coalesce(_average_order(ground), 0.0)
    expected = ground.scored.c.expected_value_minor
    return and_(*(expected > literal(cost.fixed_minor) + order_minor * cost.share_of_order for cost in costs))


def _own_column(ground: Ground, name: str) -> Any:
    return ground.people.c.custom[name]


def _custom(asked: Custom, ground: Ground) -> ColumnElement[bool]:
    found = _own_column(ground, asked.name)
    if asked.is_ is not None:
        words: ColumnElement[bool] = found.as_string().in_(asked.is_)
        return words
    low, high = (None if end is None else float(end) for end in (asked.at_least, asked.at_most))
    if ground.dialect == "postgresql":
        is_number = func.jsonb_typeof(found) == "number"
    else:
        is_number = func.json_type(ground.people.c.custom, f'$."{asked.name}"').in_(["integer", "real"])
    return and_(is_number, _between(case((is_number, found.as_float())), low, high))


def _latest_reason(ground: Ground) -> ColumnElement[Any]:
    """What is known last of why they left."""
    return (
        select(leaving_reasons.c.reason)
        .where(leaving_reasons.c.customer_id == ground.customer_id, leaving_reasons.c.recorded_at <= ground.as_of.now)
        .order_by(leaving_reasons.c.recorded_at.desc(), leaving_reasons.c.id.desc())
        .limit(1)
        .correlate(ground.facts)
        .scalar_subquery()
    )


def _reachable_by(channel: ChannelName, ground: Ground) -> ColumnElement[bool]:
    """Has an address that works and a consent with its proof, not withdrawn."""
    now = ground.as_of.now
    return and_(
        exists().where(
            contacts.c.customer_id == ground.customer_id,
            contacts.c.channel == channel,
            or_(contacts.c.blocked_at.is_(None), contacts.c.blocked_at > now),
        ),
        exists().where(
            consents.c.customer_id == ground.customer_id,
            consents.c.channel == channel,
            consents.c.purpose == "marketing",
            consents.c.given_at <= now,
            consents.c.source != "",
            or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now),
        ),
    )

"""What eligibility and the last check ask about a customer, for a batch of them, as of a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Row, and_, func, or_, select

from winback.journey.eligibility import Candidate, Reach
from winback.journey.last_check import Since
from winback.journey.wishes import NO_WISHES, Wishes
from winback.model import ChannelName, EventKind, Person, Verdict
from winback.store import counting, entitlements, preferences, under_way
from winback.store.as_of import AsOf
from winback.store.counting import is_purchase
from winback.store.tables import campaign_runs, consents, contacts, customers, events, orders, recipients, scores, suppressions


def find(connection: Connection, ids: Sequence[int], as_of: AsOf, *, run_id: int | None, scored: FromClause = scores) -> dict[int, Candidate]:
    """Candidates by customer id; `run_id` is the campaign's own run, which doesn't count as another campaign.

    `scored`: where scores as of that moment are, if the stored ones aren't.
    """
    wishes = preferences.of(connection, ids)
    reach = _reach(connection, ids, as_of.now, wishes)
    busy = _busy(connection, ids, run_id, as_of.now)
    namesakes = _namesakes(connection, ids)
    problems = entitlements.problem_orders(connection, ids, as_of)
    facts = counting.orders_of(as_of, ids).subquery("facts")
    rows = connection.execute(
        select(
            customers,
            *(facts.c[name] for name in ("orders", "first_order_at", "last_order_at", "revenue_minor", "paid_orders")),
            scored.c.expected_value_minor,
        )
        .select_from(customers.outerjoin(facts, facts.c.customer_id == customers.c.id).outerjoin(scored, scored.c.customer_id == customers.c.id))
        .where(customers.c.id.in_(ids))
    )
    return {
        row.id: Candidate(
            customer_id=row.id,
            person=Person(
                key=row.key,
                given_name=row.given_name,
                patronymic=row.patronymic,
                family_name=row.family_name,
                sex=row.sex,
                locale=row.locale,
                country=row.country,
                city=row.city,
                time_zone=row.time_zone,
                birthday=row.birthday,
                manager=row.manager,
            ),
            black_list=row.black_list,
            orders=row.orders or 0,
            first_order_at=row.first_order_at,
            last_order_at=row.last_order_at,
            other_campaign=busy.get(row.id, ""),
            expected_value_minor=row.expected_value_minor,
            average_order_minor=round(row.revenue_minor / row.paid_orders) if row.paid_orders else 0,
            shares_address=row.id in namesakes,
            problem_order=problems.get(row.id),
            benefits=entitlements.benefits(row.custom),
            phone=row.phone,
            favourite_day=row.favourite_day,
            reach=reach[row.id],
            wishes=wishes.get(row.id, NO_WISHES),
        )
        for row in rows
    }


def since(connection: Connection, standing: Sequence[Row[Any]], now: datetime) -> dict[int, Since]:
    """What each recipient did since the decision on them: purchases, and what people (not machines) did.

    A purchase is new when it is later than the last one that the decision knew of: an order of that very morning, imported in the
    evening, stops the letters too.
    """
    moments = {row.customer_id: row.assigned_at for row in standing}
    if not moments:
        return {}
    known = {row.customer_id: last_known_order(row) for row in standing}
    earliest = min(known.values())
    bought: dict[int, int] = defaultdict(int)
    for customer_id, ordered_at in connection.execute(
        select(orders.c.customer_id, orders.c.ordered_at).where(
            orders.c.customer_id.in_(moments), orders.c.ordered_at > earliest, orders.c.ordered_at <= now, is_purchase()
        )
    ):
        bought[customer_id] += ordered_at > known[customer_id]
    kinds: dict[int, set[EventKind]] = defaultdict(set)
    for customer_id, kind, happened_at in connection.execute(
        select(events.c.customer_id, events.c.kind, events.c.happened_at).where(
            events.c.customer_id.in_(moments),
            events.c.happened_at > min(moments.values()),
            events.c.happened_at <= now,
            events.c.verdict == Verdict.HUMAN,
        )
    ):
        if happened_at > moments[customer_id]:
            kinds[customer_id].add(EventKind(kind))
    return {customer_id: Since(bought[customer_id], frozenset(kinds[customer_id])) for customer_id in moments}


def last_known_order(row: Row[Any]) -> datetime:
    """The last order that the decision on a recipient knew of, or the decision itself: what comes later is new."""
    last = row.facts.get("last_order_at")
    return datetime.fromisoformat(last) if last else row.assigned_at


def _namesakes(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of `ids` whose address on some channel an earlier customer has too."""
    earlier = contacts.alias("earlier")
    rows = connection.execute(
        select(contacts.c.customer_id)
        .join(
            earlier,
            and_(
                earlier.c.channel == contacts.c.channel,
                earlier.c.address_hash == contacts.c.address_hash,
                earlier.c.customer_id < contacts.c.customer_id,
            ),
        )
        .where(contacts.c.customer_id.in_(ids), contacts.c.address != "")
    )
    return set(rows.scalars())


def _reach(connection: Connection, ids: Sequence[int], now: datetime, wishes: Mapping[int, Wishes]) -> dict[int, dict[ChannelName, Reach]]:
    rows = connection.execute(
        select(
            contacts.c.customer_id,
            contacts.c.channel,
            contacts.c.address,
            contacts.c.blocked_at,
            contacts.c.blocked_reason,
            suppressions.c.reason.label("suppressed"),
            consents.c.customer_id.label("consent"),
            consents.c.given_at,
            consents.c.source,
        )
        .outerjoin(
            suppressions,
            and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash, suppressions.c.since <= now),
        )
        .outerjoin(
            consents,
            and_(
                consents.c.customer_id == contacts.c.customer_id,
                consents.c.channel == contacts.c.channel,
                consents.c.purpose == "marketing",
                or_(consents.c.given_at.is_(None), consents.c.given_at <= now),
                or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now),
            ),
        )
        .where(contacts.c.customer_id.in_(ids))
    )
    reach: dict[int, dict[ChannelName, Reach]] = defaultdict(dict)
    for row in rows:
        reach[row.customer_id][ChannelName(row.channel)] = Reach(
            address=row.address,
            blocked=row.blocked_reason or "blocked" if row.blocked_at is not None and row.blocked_at <= now else "",
            suppressed=row.suppressed or "",
            consent_given_at=row.given_at,
            consent_source=row.source or "",
            consented=row.consent is not None,
            off=row.channel in wishes.get(row.customer_id, NO_WISHES).channels_off,
        )
    return reach


def _busy(connection: Connection, ids: Sequence[int], run_id: int | None, now: datetime) -> dict[int, str]:
    """Customers whom another run keeps, with its campaign: written to or held out alike."""
    rows = connection.execute(
        select(recipients.c.customer_id, func.min(campaign_runs.c.campaign))
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(recipients.c.customer_id.in_(ids), campaign_runs.c.id != (run_id or 0), under_way.keeps(now))
        .group_by(recipients.c.customer_id)
    )
    return dict(rows.all())


def countries(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Country by customer id."""
    return dict(connection.execute(select(customers.c.id, customers.c.country).where(customers.c.id.in_(ids))).all())

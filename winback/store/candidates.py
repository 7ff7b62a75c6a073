"""What eligibility and the last check ask about a customer, for a batch of them, as of a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, func, select

from winback.audience.consents import MARKETING, OPEN_TRACKING
from winback.journey.eligibility import Candidate, Reach
from winback.journey.last_check import Since
from winback.journey.wishes import NO_WISHES, Wishes
from winback.model import ChannelName, EventKind, Person, Verdict
from winback.store import consents as consent_log
from winback.store import counting, entitlements, preferences, under_way
from winback.store import suppressions as suppressions_log
from winback.store.among import among_these
from winback.store.as_of import AsOf
from winback.store.counting import is_purchase
from winback.store.tables import campaign_runs, consents, contacts, customers, events, orders, recipients, scores, suppressions


def find(connection: Connection, ids: Sequence[int], as_of: AsOf, *, run_id: int | None, scored: FromClause = scores) -> dict[int, Candidate]:
    """Candidates by customer id; `run_id` is the campaign's own run, which doesn't count as another campaign.

    `scored`: where scores as of that moment are, if the stored ones aren't.
    """
    wishes = preferences.of(connection, ids)
    busy = _busy(connection, ids, run_id, as_of.now)
    namesakes = _namesakes(connection, ids)
    problems = entitlements.problem_orders(connection, ids, as_of)
    facts = counting.orders_of(as_of, ids).subquery("facts")
    rows = connection.execute(
        select(
            *(customers.c[name] for name in _ASKED),
            *(facts.c[name] for name in ("orders", "first_order_at", "last_order_at", "revenue_minor", "paid_orders")),
            scored.c.expected_value_minor,
            scored.c.value_class,
        )
        .select_from(customers.outerjoin(facts, facts.c.customer_id == customers.c.id).outerjoin(scored, scored.c.customer_id == customers.c.id))
        .where(among_these(customers.c.id, ids))
    ).all()
    reach = _reach(connection, ids, as_of.now, {row.id: row.last_order_at for row in rows if row.last_order_at is not None}, wishes)
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
            value_class=row.value_class or "",
        )
        for row in rows
    }


_ASKED = (
    *("id", "key", "given_name", "patronymic", "family_name", "sex", "locale", "country", "city", "time_zone", "birthday", "manager"),
    *("black_list", "custom", "phone", "favourite_day"),
)


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
            among_these(orders.c.customer_id, moments), orders.c.ordered_at > earliest, orders.c.ordered_at <= now, is_purchase()
        )
    ).all():
        bought[customer_id] += ordered_at > known[customer_id]
    kinds: dict[int, set[EventKind]] = defaultdict(set)
    for customer_id, kind, happened_at in connection.execute(
        select(events.c.customer_id, events.c.kind, events.c.happened_at).where(
            among_these(events.c.customer_id, moments),
            events.c.happened_at > min(moments.values()),
            events.c.happened_at <= now,
            events.c.verdict == Verdict.HUMAN,
        )
    ).all():
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
        .where(among_these(contacts.c.customer_id, ids), contacts.c.address != "")
    )
    return set(rows.scalars())


def _reach(
    connection: Connection, ids: Sequence[int], now: datetime, bought: Mapping[int, datetime], wishes: Mapping[int, Wishes]
) -> dict[int, dict[ChannelName, Reach]]:
    """`bought`: when customers bought last."""
    closed = suppressions_log.everywhere(connection, ids, now)
    tracking = consents.alias("tracking")
    rows = connection.execute(
        select(
            contacts.c.customer_id,
            contacts.c.channel,
            contacts.c.address,
            contacts.c.blocked_at,
            contacts.c.blocked_reason,
            contacts.c.confirmed_at.label("alive_at"),
            suppressions.c.reason.label("suppressed"),
            consents.c.customer_id.label("consent"),
            consents.c.given_at,
            consents.c.source,
            consents.c.confirmed_at,
            consents.c.withdrawn_at,
            *(tracking.c[name].label(f"tracking_{name}") for name in ("customer_id", "given_at", "source", "withdrawn_at")),
        )
        .outerjoin(
            suppressions,
            and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash, suppressions.c.since <= now),
        )
        .outerjoin(consents, _agreed(consents, MARKETING))
        .outerjoin(tracking, _agreed(tracking, OPEN_TRACKING))
        .where(among_these(contacts.c.customer_id, ids))
    ).all()
    reach: dict[int, dict[ChannelName, Reach]] = defaultdict(dict)
    for row in rows:
        withdrawn = row.withdrawn_at is not None and row.withdrawn_at <= now
        consented = row.consent is not None and not withdrawn and (row.given_at is None or row.given_at <= now)
        last = bought.get(row.customer_id)
        reach[row.customer_id][ChannelName(row.channel)] = Reach(
            address=row.address,
            blocked=row.blocked_reason or "blocked" if row.blocked_at is not None and row.blocked_at <= now else "",
            suppressed=row.suppressed or closed.get(row.customer_id, ""),
            consent_given_at=row.given_at if consented or withdrawn else None,
            consent_source=(row.source or "") if consented or withdrawn else "",
            consented=consented,
            confirmed=consented and row.confirmed_at is not None and row.confirmed_at <= now,
            withdrawn=withdrawn,
            quiet_for=_since([row.given_at, row.confirmed_at, row.alive_at, last], now) if consented else None,
            bought_for=_since([last], now),
            tracking=consent_log.tracking(row.tracking_customer_id, row.tracking_given_at, row.tracking_source, row.tracking_withdrawn_at, now),
            off=row.channel in wishes.get(row.customer_id, NO_WISHES).channels_off,
        )
    return reach


def _agreed(agreed: FromClause, purpose: str) -> ColumnElement[bool]:
    return and_(agreed.c.customer_id == contacts.c.customer_id, agreed.c.channel == contacts.c.channel, agreed.c.purpose == purpose)


def _since(moments: Iterable[datetime | None], now: datetime) -> timedelta | None:
    """Since the last of these moments that is past; None: there is none."""
    last = max((moment for moment in moments if moment is not None and moment <= now), default=None)
    return None if last is None else now - last


def _busy(connection: Connection, ids: Sequence[int], run_id: int | None, now: datetime) -> dict[int, str]:
    """Customers whom another run keeps, with its campaign: written to or held out alike."""
    rows = connection.execute(
        select(recipients.c.customer_id, func.min(campaign_runs.c.campaign))
        .join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        .where(among_these(recipients.c.customer_id, ids), campaign_runs.c.id != (run_id or 0), under_way.keeps(now))
        .group_by(recipients.c.customer_id)
    )
    return dict(rows.all())


def countries(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Country by customer id."""
    return dict(connection.execute(select(customers.c.id, customers.c.country).where(among_these(customers.c.id, ids))).all())

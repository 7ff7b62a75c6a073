"""Whose clicks may be seen: asked again when they happen, whenever the letter left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from winback.audience.consents import OPEN_TRACKING
from winback.journey.policy import Policy
from winback.store.persons import person_id
from winback.store.tables import consents, customers


def may_track_clicks(connection: Connection, policy: Policy, ids: Iterable[int], now: datetime) -> set[int]:
    """Those of these customers whose country lets clicks be tracked, and who by then hadn't taken back being tracked on any channel."""
    person = customers.alias("person")
    said_no = and_(consents.c.customer_id == person.c.id, consents.c.purpose == OPEN_TRACKING, consents.c.withdrawn_at <= now)
    rows = connection.execute(
        select(customers.c.id, person.c.country, func.count(consents.c.customer_id).label("refusals"))
        .join(person, person.c.id == person_id())
        .outerjoin(consents, said_no)
        .where(customers.c.id.in_(list(ids)))
        .group_by(customers.c.id, person.c.country)
    )
    return {row.id for row in rows if not row.refusals and policy.for_country(row.country).click_tracking}

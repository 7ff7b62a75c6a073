"""What whoever answers a customer wants to see of them at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.model import Money
from winback.operations import finding
from winback.settings import Project
from winback.store import cards, database, leaving_reasons, portrait
from winback.store.as_of import AsOf


def glance(project: Project, engine: Engine, key: str, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """Lines of (what, value), only those that are known. Nothing for a customer who isn't there. Raises ConfigError."""
    met = finding.meet(project, engine, key, now=now)
    if met is None:
        return ()
    as_of = AsOf.of(project, now)
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        assert who is not None, "they were met"
        card = cards.read(connection, who)
        facts: Mapping[Any, Any] = portrait.facts_of(connection, as_of, who) or {}
    orders = facts.get("orders") or 0
    spent = Money.from_minor(facts["revenue_minor"], as_of.currency) if orders else None
    journey = next(iter(card.journeys), None)
    lines = {
        "Id": met.customer,
        "Stage": f"{met.stage}, noted {met.stage_since}" if met.stage else "",
        "Language": card.customer.locale,
        "City": card.customer.city,
        "Manager": card.customer.manager,
        "Phone": card.customer.phone,
        "First order": "" if card.first_order_at is None else str(clock.local_day(card.first_order_at, project.zone)),
        "Last order": str(met.last_order_on) if met.last_order_on else "none known",
        "Orders": f"{orders:,} for {spent.amount:,.2f} {spent.currency}" if spent else "",
        "Left because of": ", ".join(dict.fromkeys(each.title or each.reason for each in met.reasons)),
        "Campaign": f"{journey.campaign}: {journey.status}{f' ({journey.reason})' if journey.reason else ''}" if journey else "",
    }
    return tuple((what, value) for what, value in lines.items() if value)

"""What whoever answers a customer wants to see of them at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.model import Money
from winback.operations import finding
from winback.settings import Project
from winback.speech import N_, amount, called, figure, said
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
    lines = (
        (N_("Id"), met.customer),
        (N_("Stage"), said(N_("%(stage)s, noted %(day)s"), stage=called(met.stage, "stage"), day=met.stage_since) if met.stage else ""),
        (N_("Language"), card.customer.locale),
        (N_("City"), card.customer.city),
        (N_("Manager"), card.customer.manager),
        (N_("Phone"), card.customer.phone),
        (N_("First order"), "" if card.first_order_at is None else str(clock.local_day(card.first_order_at, project.zone))),
        (N_("Last order"), str(met.last_order_on) if met.last_order_on else said(N_("none known"))),
        (N_("Orders"), _spent(orders, spent) if spent else ""),
        (N_("Left because of"), ", ".join(dict.fromkeys(each.title or each.reason for each in met.reasons))),
        (N_("Campaign"), _stands(journey) if journey else ""),
    )
    return tuple((said(what), value) for what, value in lines if value)


def _spent(orders: int, spent: Money) -> str:
    return said(N_("%(orders)s for %(amount)s"), orders=figure(orders), amount=amount(spent.amount, spent.currency, 2))


def _stands(journey: Row[Any]) -> str:
    """How the newest campaign with them stands."""
    told = {"campaign": journey.campaign, "status": called(journey.status, "journey")}
    if not journey.reason:
        return said("%(campaign)s: %(status)s", **told)
    return said("%(campaign)s: %(status)s (%(reason)s)", **told, reason=called(journey.reason, "reason"))

"""The codes of a campaign as people ask for them: how many of which offer, what they may cost and did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from winback.journey import campaign as campaigns
from winback.journey import purse
from winback.model import CodeStatus, Money
from winback.operations import explaining
from winback.settings import Project
from winback.store import code_figures, database


@dataclass(frozen=True, slots=True)
class Offered:
    """The codes of one offer, over all runs of its campaign; sums are in the project's currency."""

    offer: str
    by_status: Mapping[CodeStatus, int]
    promised: Decimal  # what those may cost at the most that can still be used or were
    cost: Decimal  # of those that were used
    budget: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return {
            "offer": self.offer,
            "codes": {str(status): self.by_status[status] for status in CodeStatus},
            "promised": str(self.promised),
            "cost": str(self.cost),
            "budget": None if self.budget is None else str(self.budget),
        }


@dataclass(slots=True)
class _Sum:
    by_status: Counter[CodeStatus] = field(default_factory=Counter)
    promised: int = 0
    cost: int = 0


def count(project: Project, engine: Engine, name: str, *, now: datetime) -> list[Offered]:
    """Every offer of the campaign that has codes, or had. Raises ConfigError when there is no such campaign."""
    plan, currency = campaigns.read(project, name).value, project.settings.currency
    sums = {offer: _Sum() for offer in purse.coded(plan)}
    with database.reading(engine) as connection:
        for offer, status, number, promised, cost in code_figures.counts(connection, name, now):
            found = sums.setdefault(offer, _Sum())
            found.by_status[status] += number
            found.promised += promised
            found.cost += cost
    return [
        Offered(
            offer,
            found.by_status,
            Money.from_minor(found.promised, currency).amount,
            Money.from_minor(found.cost, currency).amount,
            plan.offers[offer].budget if offer in plan.offers else None,
        )
        for offer, found in sums.items()
    ]


def listed(project: Project, engine: Engine, name: str, *, now: datetime, customer: str | None = None) -> list[dict[str, Any]]:
    """Codes of the campaign that somebody has or had, or one customer's. Raises ConfigError for a campaign or a customer that isn't there."""
    campaigns.read(project, name)
    who = None if customer is None else explaining.customer_id(engine, customer)
    with database.reading(engine) as connection:
        rows = connection.execute(code_figures.ledger(name, now, customer_id=who)).mappings().all()
    return [_plain(dict(row), project.settings.currency) for row in rows]


def _plain(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return {
        **{name: value for name, value in told.items() if not name.endswith("_minor")},
        "promised": str(Money.from_minor(row["promised_minor"], currency).amount),
        "cost": str(Money.from_minor(row["cost_minor"], currency).amount),
    }

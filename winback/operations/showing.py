"""winback customer show: one customer's card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.audience.consents import Consent, Side, strictness
from winback.errors import ConfigError, Problem
from winback.journey.ends import CAME_BACK
from winback.model import AddressFault
from winback.operations.merging import WORDS
from winback.settings import Project
from winback.store import cards, database, runs
from winback.store.cards import Card

_FIELDS = (
    *("given_name", "patronymic", "family_name", "sex", "birthday", "favourite_day", "locale", "country", "city", "time_zone", "phone"),
    *("manager", "standing", "recommended_by", "black_list"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A card, with days of the shop's calendar."""

    asked_for: str
    card: Card
    project: Project
    now: datetime

    def as_json(self) -> dict[str, Any]:
        customer = self.card.customer
        return {
            "customer": customer.key,
            "merged": list(self.card.merged),
            **{name: _plain(getattr(customer, name)) for name in _FIELDS},
            "tags": [tag for tag in customer.tags.split("|") if tag],
            "custom": customer.custom,
            "addresses": [self._address(row) for row in self.card.addresses],
            "consents": [self._consent(row) for row in self.card.consents],
            "first_order_on": self._day(self.card.first_order_at),
            "last_order_on": self._day(self.card.last_order_at),
            "counts": dict(self.card.counts),
            "journeys": [
                {
                    "campaign": row.campaign,
                    "run": row.number,
                    "on": self._day(row.assigned_at),
                    "arm": row.arm,
                    "status": row.status,
                    "reason": row.reason,
                }
                for row in self.card.journeys
            ],
        }

    def _address(self, row: Row[Any]) -> dict[str, Any]:
        return {
            "channel": row.channel,
            "address": row.address,
            "faults": self._faults(row),
            "meant": row.mistyped,
            "alive_on": self._day(row.confirmed_at),
            "suppressed": row.closed_for or "",
        }

    def _faults(self, row: Row[Any]) -> list[str]:
        before = self.now - self.project.settings.addresses.old_after
        held = {
            AddressFault.BOUNCED: (row.blocked_at is not None and row.blocked_at <= self.now) or row.closed_for in CAME_BACK,
            AddressFault.MISTYPED: bool(row.mistyped),
            AddressFault.OLD: row.confirmed_at is not None and row.confirmed_at < before,
            AddressFault.UNKNOWN: row.confirmed_at is None,
        }
        return [str(word) for word, holds in held.items() if holds]

    def _consent(self, row: Row[Any]) -> dict[str, Any]:
        holds = Consent(row.given_at, row.source, row.withdrawn_at, row.confirmed_at, row.withdrawn_through)
        return {
            "channel": row.channel,
            "purpose": row.purpose,
            "now": WORDS[strictness(Side(has_address=True, consent=holds))],
            "given_on": self._day(row.given_at),
            "at": row.source,
            "confirmed_on": self._day(row.confirmed_at),
            "withdrawn_on": self._day(row.withdrawn_at),
        }

    def _day(self, moment: datetime | None) -> str | None:
        return None if moment is None else clock.local_day(moment, self.project.zone).isoformat()


def show(project: Project, engine: Engine, key: str, *, now: datetime) -> Shown:
    """The card of a customer; of one who was merged into another, that one's. Raises ConfigError when the shop never had one."""
    with database.reading(engine) as connection:
        who = runs.customer_id(connection, key)
        if who is None:
            raise ConfigError(Problem("", None, f"there is no customer `{key}`.", "Give the shop's own id, as `winback cohort members` prints it."))
        return Shown(key, cards.read(connection, who), project, now)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value

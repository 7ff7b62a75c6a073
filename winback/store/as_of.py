"""What statements take from outside: the moment and the shop's terms, and whom they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, true

from winback.settings import Project
from winback.store.among import among_these

Whose: TypeAlias = Sequence[int] | Select[tuple[int]] | None
"""Some customers, as ids or as a statement that finds them; None: everybody."""


EVER = datetime(9999, 12, 30, tzinfo=UTC)
"""A moment after all that can be known."""


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


def by_then(moment: ColumnElement[Any], as_of: AsOf) -> ColumnElement[bool]:
    """Whether it had happened; nothing to ask, and no column to read for it, where all that is known counts."""
    return true() if as_of.now == EVER else moment <= as_of.now


def of(column: ColumnElement[Any], whose: Whose) -> ColumnElement[bool]:
    """Whether a row is theirs."""
    if whose is None:
        return true()
    return column.in_(whose) if isinstance(whose, Select) else among_these(column, whose)

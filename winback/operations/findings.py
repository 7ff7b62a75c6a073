"""The value that a condition found at a customer, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from winback import clock
from winback.audience.conditions import FACTS
from winback.audience.ranges import Counted, Days, Number, Sum, Summed
from winback.model import ChannelName, Money
from winback.settings import Project
from winback.store.cohorts import Found


@dataclass(frozen=True, slots=True)
class Findings:
    """Words for one customer's values: days are the shop's, amounts in the project's currency."""

    project: Project
    today: date
    channels: tuple[ChannelName, ...]  # that they have an address on

    def of(self, found: Found) -> str:
        """What the condition looked at; empty where others are nested in it."""
        word, asked = found.rule.said
        if word == "reachable_by":
            return f"has an address for {', '.join(self.channels)}" if self.channels else "no address"
        if word in {"all", "any", "not", "sign", "did"}:
            return ""
        if isinstance(asked, Days | date) or word == "lapsed":
            return self._ago(found.value, FACTS["days_since_last_order" if word == "lapsed" else word].name)
        if isinstance(asked, Sum | Summed) or word == "worth_it":
            return "not known" if found.value is None else self._amount(found.value)
        if found.value is None or found.value == "":
            return _missing(word, asked)
        return _plain(word, found.value)

    def _ago(self, moment: Any, what: str) -> str:
        if moment is None:
            return "never ordered" if what == "last order" else f"no {what}"
        day = clock.local_day(moment, self.project.zone) if isinstance(moment, datetime) else moment
        days = (self.today - day).days
        return f"{days} day{'' if days == 1 else 's'}, on {day}"

    def _amount(self, minor: Any) -> str:
        money = Money.from_minor(round(minor), self.project.settings.currency)
        return f"{money.amount:f} {money.currency}"


def _missing(word: str, asked: object) -> str:
    if word == "overdue":
        return "bought on too few days: no rhythm yet"
    if word in {"usual_gap", "long_gap"}:
        return "bought on one day only"
    if word == "tag":
        return "no tag"
    return "none" if isinstance(asked, Number | Counted) else "not known"


def _plain(word: str, value: Any) -> str:
    if word == "chance_lost":
        return f"{value:.0%}"
    if word == "tag":
        return ", ".join(str(value).strip("|").split("|"))
    return f"{value:.1f}" if isinstance(value, float | Decimal) else str(value)

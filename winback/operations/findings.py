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
from winback.speech import N_, called, joined, numbered, said
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
            ways = joined(called(str(channel), "channel") for channel in self.channels)
            return said(N_("has an address for %(channels)s"), channels=ways) if self.channels else said(N_("no address"))
        if word in {"all", "any", "not", "sign", "did"}:
            return ""
        if isinstance(asked, Days | date) or word == "lapsed":
            return self._ago(found.value, FACTS["days_since_last_order" if word == "lapsed" else word].name)
        if isinstance(asked, Sum | Summed) or word == "worth_it":
            return said(N_("not known")) if found.value is None else self._amount(found.value)
        if found.value is None or found.value == "":
            return _missing(word, asked)
        return _plain(word, found.value)

    def _ago(self, moment: Any, what: str) -> str:
        if moment is None:
            return said(N_("never ordered")) if what == "last order" else said(N_("no %(fact)s"), fact=said(what))
        day = clock.local_day(moment, self.project.zone) if isinstance(moment, datetime) else moment
        return numbered("%(num)s day, on %(day)s", "%(num)s days, on %(day)s", (self.today - day).days, day=day)

    def _amount(self, minor: Any) -> str:
        money = Money.from_minor(round(minor), self.project.settings.currency)
        return f"{money.amount:f} {money.currency}"


def _missing(word: str, asked: object) -> str:
    if word == "overdue":
        return said(N_("bought on too few days: no rhythm yet"))
    if word in {"usual_gap", "long_gap"}:
        return said(N_("bought on one day only"))
    if word == "tag":
        return said(N_("no tag"))
    return said(N_("none")) if isinstance(asked, Number | Counted) else said(N_("not known"))


def _plain(word: str, value: Any) -> str:
    if word == "chance_lost":
        return f"{value:.0%}"
    if word == "tag":
        return ", ".join(str(value).strip("|").split("|"))
    if word in {"stage", "value", "regularity"}:
        return called(str(value), word)
    return f"{value:.1f}" if isinstance(value, float | Decimal) else str(value)

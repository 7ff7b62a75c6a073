"""What is counted in a run: whole numbers from the store, from which the report is made. Amounts are in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from winback.journey.ends import EndState
from winback.outcomes.statistics import Moments

_NO_MONEY = Moments(0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm. Everything but `orders` and `revenue` counts recipients, each at most once per number."""

    arm: str
    assigned: int
    closed: int  # whose return window is over
    first_assigned_at: datetime | None  # None: nobody is assigned
    last_assigned_at: datetime | None
    returned: int = 0  # bought again in any currency
    orders: int = 0  # purchases, in any currency
    revenue: Moments = _NO_MONEY  # per assigned customer, in the report's currency
    delivered: int = 0  # at least one letter was accepted by the other side
    failed: int = 0  # at least one letter was refused for good
    uncertain: int = 0  # at least one letter may or may not have left
    opened_human: int = 0  # of those who opened, by the best verdict on any of their opens: the three add up
    opened_unverified: int = 0
    opened_machine: int = 0
    clicked: int = 0  # by people; the next two are of those whom no click of theirs shows to be one
    clicked_unverified: int = 0
    clicked_machine: int = 0
    replied: int = 0  # people only
    unsubscribed: int = 0


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage in one arm: what became of its letters."""

    stage: str
    arm: str
    planned: int  # not decided yet: waiting, claimed or handed over
    sent: int
    failed: int
    uncertain: int
    stopped: int
    skipped: int
    held_out: int
    opened: int  # of the sent, by people
    clicked: int  # of the sent, by people


@dataclass(frozen=True, slots=True)
class CurveCell:
    """Customers of an arm who were followed for this many whole days and returned on this day after assignment."""

    arm: str
    followed: int
    day: int | None  # 1 is the first 24 hours; None: did not return
    customers: int


@dataclass(frozen=True, slots=True)
class EndFigures:
    """How many of one tactic's customers came to one end, or are under way."""

    arm: str
    end: EndState
    customers: int


@dataclass(frozen=True, slots=True)
class LocaleFigures:
    """One language of the letters in one arm."""

    locale: str
    arm: str
    assigned: int
    returned: int


@dataclass(frozen=True, slots=True)
class OtherRevenue:
    """Money in a currency that the report doesn't count in: shown beside, never added."""

    arm: str
    currency: str
    orders: int
    revenue_minor: int


@dataclass(frozen=True, slots=True)
class CodeFigures:
    """The codes of one arm. A code that was released counts nowhere: nobody was told of it."""

    arm: str
    codes: int  # reserved, given, redeemed or expired
    promised_minor: int  # what those may cost that can still be used or were
    redeemed: int
    cost_minor: int  # what these did cost


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was counted in a run as of one moment. Arms without recipients don't appear."""

    arms: tuple[ArmFigures, ...]
    stages: tuple[StageFigures, ...]  # in the order in which they fall due
    curve: tuple[CurveCell, ...]
    skips: tuple[tuple[str, int], ...]  # reason, customers; the most first
    locales: tuple[LocaleFigures, ...]
    others: tuple[OtherRevenue, ...]
    codes: tuple[CodeFigures, ...] = ()
    ends: tuple[EndFigures, ...] = ()  # of tactics' customers, as EndState lists them

"""What is counted in a run: whole numbers from the store, from which the report is made. Amounts are in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from winback.journey.ends import EndState
from winback.outcomes.statistics import Moments

_NO_MONEY = Moments(0, 0.0, 0.0)


class Dimension(StrEnum):
    """By what an arm is looked at in parts: each was known when its customers were assigned, and stays as it was then."""

    VALUE_CLASS = "value_class"  # gold, silver, copper
    SIGN = "sign"  # of being lost: the first that they showed
    RECENCY = "recency"  # how long they had been silent
    LANGUAGE = "language"  # of the letters
    COUNTRY = "country"
    DOMAIN = "domain"  # of the e-mail address; those with few customers are "other"
    MANAGER = "manager"
    WAVE = "wave"  # of a campaign that changes its shares: 1, 2, 3...; else the month of the assignment


@dataclass(frozen=True, slots=True)
class CostFigures:
    """What an arm cost, in minor units of the report's currency."""

    messages_minor: int = 0  # letters and messages that left, or may have
    discounts_minor: int = 0  # given with orders of the return window
    gifts_minor: int = 0  # things, points, prizes given with them
    calls_minor: int = 0  # that a person made

    @property
    def total_minor(self) -> int:
        return self.messages_minor + self.discounts_minor + self.gifts_minor + self.calls_minor


_NO_COST = CostFigures()


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm. Everything but orders, money and cost counts recipients, each at most once per number.

    Moments are per assigned customer, zeros included, amounts in minor units of the report's currency.
    """

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
    interested: int = 0  # people who opened, clicked or answered
    unsubscribed: int = 0
    complained: int = 0  # marked a letter as spam
    contacted: int = 0  # at least one letter left, or may have, or a person called
    kept: int = 0  # returned and bought once more, at the latest a return window after the first purchase
    kept_closed: int = 0  # of those who returned: whose time for a second purchase is over, or who made it
    ordered: Moments = _NO_MONEY  # purchases in the report's currency
    margin: Moments = _NO_MONEY  # what of the revenue stays with the shop
    capped: Moments = _NO_MONEY  # revenue, each customer's counted up to `Figures.cap_minor`
    level: Moments = _NO_MONEY  # what they used to spend in as long a time as the window, when they bought
    revenue_by_orders: float = 0.0  # sum of products, for the ratio revenue / orders: the average order
    revenue_by_level: float = 0.0  # the same for revenue / level: the value won back
    cost: CostFigures = _NO_COST


@dataclass(frozen=True, slots=True)
class CellFigures:
    """A part of an arm: everybody in it who is alike in one dimension."""

    dimension: Dimension
    value: str  # empty: not known
    arm: str
    assigned: int
    returned: int
    revenue: Moments
    margin: Moments = _NO_MONEY  # what of the revenue stays with the shop


@dataclass(frozen=True, slots=True)
class DayFigures:
    """How an arm stood at the end of a day: everything since the run began. Only days on which something changed have a row."""

    arm: str
    day: int  # 1 is the first 24 hours after the first assignment of the run
    assigned: int
    returned: int
    revenue: Moments


@dataclass(frozen=True, slots=True)
class MoneyCell:
    """Customers of an arm with about the same revenue: alike in its first two digits and their number of digits. Zeros are no cell."""

    arm: str
    customers: int
    total: float
    squares: float


@dataclass(frozen=True, slots=True)
class WaveFigures:
    """One wave of a campaign that changes its shares between waves."""

    wave: int  # 1, 2, 3...; `value` of its cells
    began_at: datetime
    shares: Mapping[str, float]  # of every arm, the holdout among them; they add up to 1


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
    strata: tuple[CellFigures, ...] = ()  # by dimension, value and arm
    days: tuple[DayFigures, ...] = ()  # by arm and day
    money: tuple[MoneyCell, ...] = ()  # by arm, the smallest revenue first
    waves: tuple[WaveFigures, ...] = ()  # of a campaign with `adaptive:`
    merged: Mapping[str, int] = field(default_factory=dict)  # by arm: places given up because the person had two in the run
    cap_minor: int | None = None  # declared when the run began; None: revenue isn't capped

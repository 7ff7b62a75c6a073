"""What a campaign did: arms, differences, verdicts, and the sentences about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from winback.model import HOLDOUT, Money
from winback.outcomes.backdrop import Mailbox, ReasonFigures
from winback.outcomes.comparison import RETURNED, Comparison, Finding
from winback.outcomes.curve import Point
from winback.outcomes.earnings import Earned
from winback.outcomes.expectations import Kept
from winback.outcomes.figures import ArmFigures, EndFigures, LocaleFigures, StageFigures
from winback.outcomes.proofs import Proofs
from winback.outcomes.secondary import Secondary
from winback.outcomes.sentences import Words
from winback.outcomes.sizes import Cause
from winback.outcomes.statistics import LEVEL, SAMPLE_RATIO_ALARM, Counted, Interval, Moments, round_to_digits, wilson

_INTERNAL = (
    "revenue",
    "margin",
    "capped",
    "level",
    "ordered",
    "revenue_by_orders",
    "revenue_by_level",
    "cost",
    "first_assigned_at",
    "last_assigned_at",
)
"""Sums that the comparisons are made of; told as what they come to."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A tactic or the holdout, with its return rate and its money per assigned customer."""

    name: str
    planned: float  # share of those assigned
    figures: ArmFigures
    revenue: Decimal
    per_customer: Moments  # in the currency's unit

    @property
    def assigned(self) -> int:
        return self.figures.assigned

    @property
    def returned(self) -> Counted:
        return Counted(self.figures.returned, self.figures.assigned)

    @property
    def interval(self) -> Interval:
        """Of the return rate."""
        return wilson(self.figures.returned, self.figures.assigned)

    def as_json(self, currency: str) -> dict[str, object]:
        counts = asdict(self.figures)
        for internal in _INTERNAL:
            del counts[internal]
        return {
            **counts,
            "planned_share": self.planned,
            "rate": round_to_digits(self.returned.rate),
            "low": round_to_digits(self.interval.low),
            "high": round_to_digits(self.interval.high),
            "revenue": float(self.revenue),
            "revenue_per_customer": round_to_digits(self.per_customer.mean),
            "currency": currency,
        }


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the arms have the sizes that were planned."""

    chi2: float
    p_value: float
    sentence: str
    causes: tuple[Cause, ...] = ()  # that the figures point to

    @property
    def alarm(self) -> bool:
        return self.p_value < SAMPLE_RATIO_ALARM

    def as_json(self) -> dict[str, object]:
        """An infinite chi-square, somebody in an arm planned to be empty, is null: JSON has no infinity."""
        chi2 = None if math.isinf(self.chi2) else round_to_digits(self.chi2)
        return {
            "chi2": chi2,
            "p_value": round_to_digits(self.p_value),
            "alarm": self.alarm,
            "sentence": self.sentence,
            "causes": [each.as_json() for each in self.causes],
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a tactic, with the numbers that prove it."""

    arm: str
    finding: Finding
    compared: Comparison  # return rates, against the holdout
    detectable: float | None  # the rise that would be seen four times out of five; None: no rise would
    truth: float | None  # of a made-up shop: the difference that is really there
    covered: bool | None  # whether the interval covers the truth; None: not known, or the window is still open
    sentence: str

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.arm,
            "finding": self.finding,
            "sentence": self.sentence,
            "detectable_difference": round_to_digits(self.detectable),
            "true_difference": self.truth,
            "true_difference_covered": self.covered,
        }


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of an arm, and what they come to in the report's currency."""

    arm: str
    codes: int  # that customers had
    promised: Decimal  # what those may cost at the most that can still be used or were
    redeemed: int
    cost: Decimal  # of the redeemed ones


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `winback report` shows, in the terminal, as JSON and as a page."""

    run_id: int
    campaign: str
    now: datetime
    window: timedelta
    currency: str
    arms: tuple[Arm, ...]  # tactics as planned, the holdout last
    comparisons: tuple[Comparison, ...]
    judged: tuple[Judged, ...]
    sample_ratio: SampleRatio
    closes_at: datetime | None  # when the last window closes; None: nobody was assigned
    closed: bool  # whether every return window is over
    stages: tuple[StageFigures, ...]
    curve: Mapping[str, tuple[Point, ...]]
    skips: tuple[tuple[str, int], ...]
    locales: tuple[LocaleFigures, ...]
    others: tuple[tuple[str, int, Money], ...]  # arm, orders, money in another currency
    codes: tuple[Codes, ...]
    ends: tuple[EndFigures, ...]  # how the journeys of those written to ended, or that they are under way
    among_tactics: str  # what may be said of the tactics against each other; empty with fewer than two
    note: str  # when the numbers are final
    words: Words  # the language it is written in
    earned: tuple[Earned, ...] = ()  # of each tactic, and of all together
    proofs: Proofs = field(default_factory=Proofs)
    secondary: Secondary = field(default_factory=Secondary)
    mailboxes: tuple[Mailbox, ...] = ()
    reasons: tuple[ReasonFigures, ...] = ()
    plan: tuple[Kept, ...] = ()  # empty: nobody counted before the run began
    by_wave: bool = False  # shares changed: arms are compared inside each wave, and nothing is told that would pool them

    @property
    def tactics(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if arm.name != HOLDOUT)

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.arms if arm.name == name)

    def compared(self, outcome: str, arm: str, against: str = HOLDOUT) -> Comparison | None:
        """A tactic against another arm; None when they weren't compared."""
        wanted = (outcome, arm, against)
        return next((one for one in self.comparisons if (one.outcome, one.arm, one.against) == wanted), None)

    def pairs(self) -> tuple[Comparison, ...]:
        """Return rates of tactics against each other."""
        return tuple(one for one in self.comparisons if one.outcome == RETURNED and one.against != HOLDOUT)

    def arms_as_json(self) -> list[dict[str, object]]:
        return [{"arm": arm.name, **arm.as_json(self.currency)} for arm in self.arms]

    def as_json(self) -> dict[str, object]:
        """The stable shape that programs read: rates and differences of rates are fractions, times ISO 8601 in UTC."""
        return {
            "run_id": self.run_id,
            "campaign": self.campaign,
            "now": self.now.isoformat(),
            "level": LEVEL,
            "window_days": self.window / timedelta(days=1),
            "window_closes_at": self.closes_at.isoformat() if self.closes_at else None,
            "window_closed": self.closed,
            "currency": self.currency,
            "note": self.note,
            "comparisons": [compared.as_json() for compared in self.comparisons],
            "arms": self.arms_as_json(),
            "sample_ratio": self.sample_ratio.as_json(),
            "verdicts": [judged.as_json() for judged in self.judged],
            "among_tactics": self.among_tactics,
            "funnel": [asdict(row) for row in self.stages],
            "curve": [point.as_json() for points in self.curve.values() for point in points],
            "skips": [{"reason": reason, "customers": customers} for reason, customers in self.skips],
            "locales": [asdict(row) for row in self.locales],
            "ends": [asdict(row) for row in self.ends],
            "other_currencies": [
                {"arm": arm, "orders": orders, "revenue": float(money.amount), "currency": money.currency} for arm, orders, money in self.others
            ],
            "money": [row.as_json() for row in self.earned],
            "measures": [one.as_json() for one in self.secondary.measures],
            "money_checks": [
                {"arm": arm, "low": round_to_digits(one.interval.low), "high": round_to_digits(one.interval.high), "agrees": one.agrees}
                for arm, one in self.secondary.checks
            ],
            "confidence_sequence": [day.as_json() for day in self.proofs.followed],
            "chances": [
                {"arm": arm, "best": round_to_digits(one.best), "expected_loss": round_to_digits(one.expected_loss)}
                for arm, one in self.proofs.standings.items()
            ],
            "guard_rails": [{"arm": arm, **guard.as_json()} for arm, guard in self.proofs.guards],
            "segments": [{"arm": one.arm, "dimension": one.dimension, **row.as_json()} for one in self.proofs.responding for row in one.found.rows],
            "mailboxes": [{**asdict(one.figures), "troubles": list(one.troubles)} for one in self.mailboxes],
            "reasons": [asdict(row) for row in self.reasons],
            "plan": [row.as_json() for row in self.plan],
            "codes": [{**asdict(row), "promised": float(row.promised), "cost": float(row.cost), "currency": self.currency} for row in self.codes],
        }

"""Whether too many unsubscribe or complain: a limit for each, watched letter by letter, that can stop a tactic.

Those left alone get no letters and can't complain of them, so that the limit is a rate which the shop won't go beyond, not the holdout's.
The test is sequential: evidence is the likelihood of all rates above the limit, mixed, over that of the limit itself. Its chance of ever
reaching 1/alpha while the true rate is at the limit or below is at most alpha, however often one looks (Ville 1939; Robbins 1970).
It is exact for the smallest numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from winback.outcomes.distributions import beta_below
from winback.outcomes.statistics import ALPHA, Counted, round_to_digits

COMPLAINTS = 0.003
"""Of those written to; where Google's and Yahoo's rules for senders (2024) close the door."""
UNSUBSCRIBED = 0.03
"""Of those written to in a whole sequence; more than that and the letters cost the shop its list."""


class Standing(StrEnum):
    """How a tactic stands to one of its limits."""

    FINE = "fine"  # at the limit or below
    WATCH = "watch"  # above it, which may be chance
    STOP = "stop"  # above it, and that isn't chance


@dataclass(frozen=True, slots=True)
class Guarded:
    """One tactic, one limit."""

    name: str
    counted: Counted
    limit: float
    evidence: float  # how much likelier the counts are under rates above the limit; 20 and more stops
    standing: Standing

    def as_json(self) -> dict[str, object]:
        return {
            "guard": self.name,
            "count": self.counted.successes,
            "written_to": self.counted.n,
            "rate": round_to_digits(self.counted.rate),
            "limit": self.limit,
            "evidence": round_to_digits(self.evidence),
            "standing": self.standing,
        }


def judge(name: str, counted: Counted, limit: float, *, alpha: float = ALPHA) -> Guarded:
    """How many of those written to did what shouldn't happen, against the limit (a rate between 0 and 1)."""
    evidence = _evidence(counted, limit)
    if counted.rate is None or counted.rate <= limit:
        return Guarded(name, counted, limit, evidence, Standing.FINE)
    return Guarded(name, counted, limit, evidence, Standing.STOP if evidence >= 1 / alpha else Standing.WATCH)


def _evidence(counted: Counted, limit: float) -> float:
    """The mixture is Beta(1, 1/limit), a rate about the limit, cut off below it."""
    a, b = 1.0, 1 / limit
    did, did_not = counted.successes, counted.n - counted.successes
    above, above_before = 1 - beta_below(limit, a + did, b + did_not), 1 - beta_below(limit, a, b)
    if above <= 0:
        return 0.0
    logs = _log_beta(a + did, b + did_not) - _log_beta(a, b) + math.log(above / above_before)
    return math.exp(min(700.0, logs - did * math.log(limit) - did_not * math.log1p(-limit)))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

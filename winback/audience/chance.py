"""The chance that a customer buys no more: BG/NBD, fitted to the shop's own orders.

Formulas: Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24, 275-284, and the authors' note on
P(alive) (2008). `p_no_purchase` is the one to choose by: P(alive) is 1 for everybody who bought once, whatever happened since. Seasons
move the truth by some points, so a chance ranks customers and is never shown as exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from winback.audience import ascent, likelihood
from winback.audience.arrays import Real, Whole
from winback.audience.purchase_days import PurchaseDays
from winback.speech import N_, numbered, said

FEWEST_CUSTOMERS = 100
"""Below this, four parameters are guesses."""
FEWEST_REPEATERS = 30
"""Customers who bought on a second day; who never did says nothing about rhythm."""
_STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.5, 0.0, -0.5, 1.0))  # logarithms of r, alpha, a, b; time is scaled to about 10
_SCALED_TO = 10.0
_NODES = 40  # of Gauss's rule: twelve digits for times ahead of up to ten times alpha + T, three digits at fifty times


class Unit(StrEnum):
    """What times are counted in."""

    DAY = "day"  # the shop's calendar days
    WEEK = "week"  # sevenths of them, as the literature has it

    @property
    def days(self) -> int:
        return 7 if self is Unit.WEEK else 1


@dataclass(frozen=True, slots=True)
class History:
    """What the model knows of each customer: three columns of the same length.

    `x`: purchase days after the first. `tx`: time from the first to the last of them. `T`: time from the first to now.
    Raises ValueError for what can't have happened.
    """

    x: Whole
    tx: Real
    T: Real
    unit: Unit = Unit.DAY

    def __post_init__(self) -> None:
        if not self.x.shape == self.tx.shape == self.T.shape or self.x.ndim != 1:
            raise ValueError("x, tx and T are columns of the same length")
        if self.x.dtype.kind not in "iu":
            raise ValueError("x counts purchase days: whole numbers")
        fits = (self.x >= 0) & (self.tx >= 0) & (self.tx <= self.T) & np.isfinite(self.T) & ((self.x > 0) == (self.tx > 0))
        if not fits.all():
            at = int(np.flatnonzero(~fits)[0])
            raise ValueError(
                f"x={self.x[at]}, tx={self.tx[at]}, T={self.T[at]} (row {at}) is no history: 0 <= tx <= T, and tx = 0 exactly when x = 0"
            )


@dataclass(frozen=True, slots=True)
class Fitted:
    """The shop's parameters: rates of buying are Gamma(r, alpha) per unit of time, chances of leaving after a purchase Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    unit: Unit
    log_likelihood: float
    customers: int

    @property
    def point(self) -> Real:
        return np.log([self.r, self.alpha, self.a, self.b])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no chance can be told, in a sentence for people."""

    sentence: str


def history(days: PurchaseDays, cut: int, unit: Unit = Unit.DAY) -> History:
    """What is known at the end of the day `cut`, for each customer of `days.until(cut).customers`."""
    known = days.until(cut)
    starts = np.flatnonzero(known.is_first)
    counts = np.diff(np.append(starts, known.day.size))
    first, last = known.day[starts], known.day[starts + counts - 1]
    return History(counts - 1, (last - first) / unit.days, (cut - first) / unit.days, unit)


def fit(history: History) -> Fitted | Refusal:
    """The likeliest parameters for these customers, the better of two climbs; or why there are none.

    Where nobody ever leaves, or all buy at one rate, parameters run off towards zero or infinity; the chances made from them are right.
    """
    if refusal := _refusal(history):
        return refusal
    scale = float(history.T.max()) / _SCALED_TO
    cells = likelihood.cells(history.x, history.tx, history.T)
    scaled, customers = cells.scaled(scale), history.x.size

    def mean(point: Real) -> tuple[float, Real]:
        height, slope = likelihood.log_likelihood(point, scaled)
        return height / customers, slope / customers

    best = max((ascent.climb(mean, np.array(start)) for start in _STARTS), key=lambda summit: summit.height)
    point = best.point + np.array([0.0, np.log(scale), 0.0, 0.0])
    r, alpha, a, b = (float(value) for value in np.exp(point))
    return Fitted(r, alpha, a, b, history.unit, likelihood.log_likelihood(point, cells)[0], customers)


def _refusal(history: History) -> Refusal | None:
    customers, repeaters = history.x.size, int((history.x > 0).sum())
    if customers < FEWEST_CUSTOMERS:
        return Refusal(
            numbered(
                "%(num)s customer has bought; a chance needs %(fewest)s or more. Use the plain rule until then.",
                "%(num)s customers have bought; a chance needs %(fewest)s or more. Use the plain rule until then.",
                customers,
                fewest=FEWEST_CUSTOMERS,
            )
        )
    if repeaters < FEWEST_REPEATERS:
        return Refusal(
            numbered(
                "%(num)s customer bought on a second day; a chance needs %(fewest)s or more. Use the plain rule until then.",
                "%(num)s customers bought on a second day; a chance needs %(fewest)s or more. Use the plain rule until then.",
                repeaters,
                fewest=FEWEST_REPEATERS,
            )
        )
    if all(np.ptp(column) == 0 for column in (history.x, history.tx, history.T)):
        return Refusal(said(N_("All customers bought on the same days; nothing tells one from another. Use the plain rule.")))
    return None


def p_alive(fitted: Fitted, history: History) -> Real:
    """The chance that a customer hasn't left for good; 1 for everybody who bought once."""
    _same_unit(fitted, history)
    alive: Real = np.exp(-np.logaddexp(0.0, likelihood.log_odds_gone(fitted.point, history.x, history.tx, history.T)))
    return alive


def p_no_purchase(fitted: Fitted, history: History, h: float) -> Real:
    """The chance that a customer buys nothing in the next `h` units of time, gone or merely slow."""
    shape, rate = fitted.r + history.x, fitted.alpha + history.T
    buys_if_here = -np.expm1(-shape * np.log1p(h / rate))
    none: Real = 1 - p_alive(fitted, history) * buys_if_here
    return none


def expected_purchases(fitted: Fitted, history: History, h: float) -> Real:
    """How many purchase days the next `h` units of time bring, on average over all that the history leaves open.

    A customer who is still here and leaves after each purchase with the chance p makes (1 - (1 + p u)^-(r+x)) / p purchases, where
    u = h / (alpha + T). What is known of p is Beta(a, b+x), over which this is averaged by Gauss's rule: the same as the paper's
    equation 10, without its hypergeometric function, which overflows.
    """
    alive = p_alive(fitted, history)
    repeats, which = np.unique(history.x, return_inverse=True)
    leaving, weight = _beta_nodes(fitted.a, np.asarray(fitted.b + repeats, dtype=np.float64))
    shape, u = fitted.r + history.x, h / (fitted.alpha + history.T)
    purchases = np.zeros(history.x.size)
    for node in range(_NODES):
        p = leaving[which, node]
        purchases += weight[which, node] * -np.expm1(-shape * np.log1p(p * u)) / p
    return alive * purchases


def _beta_nodes(a: float, b: Real) -> tuple[Real, Real]:
    """Points and weights that average over Beta(a, b), a row for each b: Gauss-Jacobi by Golub & Welsch 1969.

    The recurrence is that of the Jacobi polynomials on [-1, 1] with the exponents b - 1 and a - 1 (DLMF 18.9.2), moved to [0, 1].
    """
    first, second = b[:, None] - 1, a - 1
    n = np.arange(_NODES)[None, :]
    total = 2 * n + first + second
    with np.errstate(divide="ignore", invalid="ignore"):  # 0/0 where a + b is 2 or 1; the two first terms are written out below
        middle = (second**2 - first**2) / (total * (total + 2))
        squared = 4 * n * (n + first) * (n + second) * (n + first + second) / (total**2 * (total + 1) * (total - 1))
    middle[:, 0] = (second - first[:, 0]) / (first[:, 0] + second + 2)
    squared[:, 1] = 4 * (first[:, 0] + 1) * (second + 1) / ((first[:, 0] + second + 2) ** 2 * (first[:, 0] + second + 3))
    matrix = np.zeros((b.size, _NODES, _NODES))
    here, next_ = np.arange(_NODES), np.arange(_NODES - 1)
    matrix[:, here, here] = middle
    matrix[:, next_ + 1, next_] = np.sqrt(squared[:, 1:])
    roots, vectors = np.linalg.eigh(matrix)
    tiny = np.finfo(np.float64).tiny
    return np.clip((1 + roots) / 2, tiny, 1.0), vectors[:, 0, :] ** 2


def _same_unit(fitted: Fitted, history: History) -> None:
    if fitted.unit is not history.unit:
        raise ValueError(f"fitted by the {fitted.unit}, asked by the {history.unit}")

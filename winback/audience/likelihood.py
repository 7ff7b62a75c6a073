"""How likely purchase histories are under the BG/NBD model, and where that is steepest.

The model (Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24): while a customer stays, purchases
come at random at a rate of their own, and after each one they leave for good with a chance of their own. Rates differ between
customers as a gamma distribution (r, alpha), chances as a beta distribution (a, b).

A customer is x purchase days after the first, tx the time from the first to the last, T the time from the first to now. Because x is
a whole number every difference of log-gammas is a sum of x logarithms, taken from one running sum for all customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real, Whole


@dataclass(frozen=True, slots=True)
class Cells:
    """Histories that many customers share, each once with the number of its customers."""

    x: Whole
    tx: Real
    T: Real
    customers: Whole

    def scaled(self, unit: float) -> Cells:
        """The same with time counted in `unit`s."""
        return Cells(self.x, self.tx / unit, self.T / unit, self.customers)


def cells(x: Whole, tx: Real, T: Real) -> Cells:  # noqa: N803  # the paper's letter
    """Equal histories put together."""
    order = np.lexsort((T, tx, x))
    x, tx, T = x[order], tx[order], T[order]  # noqa: N806  # the paper's letter
    is_new = np.ones(x.size, dtype=bool)
    is_new[1:] = (x[1:] != x[:-1]) | (tx[1:] != tx[:-1]) | (T[1:] != T[:-1])
    starts = np.flatnonzero(is_new)
    return Cells(x[starts], tx[starts], T[starts], np.diff(np.append(starts, x.size)))


def log_odds_gone(point: Real, x: Whole, tx: Real, T: Real) -> Real:  # noqa: N803  # the paper's letter
    """Logarithm of the odds that a customer has left; minus infinity for those who bought once, who had no occasion to.

    `point` holds the logarithms of r, alpha, a, b. It is A4 - A3 of the likelihood below.
    """
    r, alpha, a, b = np.exp(point)
    repeated = x > 0
    odds = np.log(a) - np.log(np.where(repeated, b + x - 1, 1.0)) + (r + x) * (np.log(alpha + T) - np.log(alpha + tx))
    return np.where(repeated, odds, -np.inf)


def log_likelihood(point: Real, cells: Cells) -> tuple[float, Real]:
    """At the logarithms of r, alpha, a, b: the log-likelihood of all customers, and its slope in these four directions.

    For each customer A1 + A2 + ln(e^A3 + [x > 0] e^A4), where A1 = ln G(r+x) - ln G(r) + r ln alpha, A2 = ln B(a, b+x) - ln B(a, b),
    A3 = -(r+x) ln(alpha+T) and A4 = ln a - ln(b+x-1) - (r+x) ln(alpha+tx).
    """
    parameters = np.exp(point)
    r, alpha, a, b = parameters
    x, weight = cells.x, cells.customers
    log_now, log_last = np.log(alpha + cells.T), np.log(alpha + cells.tx)
    odds = log_odds_gone(point, x, cells.tx, cells.T)
    gone = np.exp(-np.logaddexp(0.0, -odds))
    stayed = np.logaddexp(0.0, odds)  # ln(e^A3 + e^A4) = A3 + ln(1 + e^(A4 - A3))
    steps = np.arange(int(x.max()))
    a1 = _sums(np.log(r + steps))[x] + r * np.log(alpha)
    a2 = _sums(np.log(b + steps) - np.log(a + b + steps))[x]
    each = a1 + a2 - (r + x) * log_now + stayed
    both = _sums(1 / (a + b + steps))[x]
    repeated = x > 0
    slope = np.array(
        [
            weight @ (_sums(1 / (r + steps))[x] + np.log(alpha) - log_now + gone * (log_now - log_last)),
            weight @ (r / alpha - (r + x) * ((1 - gone) / (alpha + cells.T) + gone / (alpha + cells.tx))),
            weight @ (gone / a - both),
            weight @ (_sums(1 / (b + steps))[x] - both - gone / np.where(repeated, b + x - 1, 1.0)),
        ]
    )
    return float(weight @ each), slope * parameters


def _sums(terms: Real) -> Real:
    """Running sums: the sum of the first n terms stands at n."""
    return np.concatenate([[0.0], np.cumsum(terms)])

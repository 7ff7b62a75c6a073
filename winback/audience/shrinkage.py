"""What few observations are worth: a customer's own figure, drawn towards everybody's the more, the less is known of them.

Buehlmann & Straub 1970, "Glaubwuerdigkeit fuer Schadensaetze" (the empirical Bayes estimator of insurers): own figure and common mean
are mixed by weight / (weight + k), where k is the variance within customers over the variance between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Real, Whole


@dataclass(frozen=True, slots=True)
class Credibility:
    """How far a customer's own figure is believed."""

    mean: float  # what is said of a customer of whom nothing is known
    k: float  # the weight at which the own figure and the mean count alike; infinite where customers don't really differ

    def share_of_own(self, weight: Real) -> Real:
        """0 to 1: what the own figure counts at this weight."""
        return np.zeros(weight.size) if np.isinf(self.k) else weight / np.maximum(weight + self.k, np.finfo(np.float64).tiny)

    def shrunk(self, own: Real, weight: Real) -> Real:
        """The mixture for each customer; the own figure is not looked at where its weight is zero."""
        share = self.share_of_own(weight)
        return self.mean + share * (np.where(weight > 0, own, self.mean) - self.mean)


def average_order(orders: Whole, revenue: Real, squares: Real) -> Credibility | None:
    """For average orders, whose weight is the number of orders; from each customer's orders, their sum, and the sum of their squares.

    None where nobody bought, or nobody twice: then no one knows how far one customer's orders lie apart.
    """
    bought = orders > 0
    weight, mean = orders[bought].astype(np.float64), revenue[bought] / orders[bought]
    freedom = float(weight.sum() - weight.size)
    if freedom <= 0:
        return None
    within = float(np.maximum(squares[bought] - weight * mean**2, 0.0).sum()) / freedom
    return _credibility(mean, weight, within)


def orders_a_year(orders: Whole, years: Real) -> Credibility | None:
    """For orders a year, whose weight is the years as a customer. Counts vary within a customer as Poisson's law has it.

    None where fewer than two customers were there for any time, or nobody ordered.
    """
    there = years > 0
    weight, rate = years[there], orders[there] / years[there]
    if weight.size < 2 or not orders[there].any():
        return None
    return _credibility(rate, weight, float(orders[there].sum() / weight.sum()))


def _credibility(own: Real, weight: Real, within: float) -> Credibility:
    """Of the estimators of Buehlmann & Straub, the variance between customers is the unbiased one, cut off at zero."""
    total, customers = float(weight.sum()), own.size
    mean = float(weight @ own) / total
    spread = float(weight @ (own - mean) ** 2) - (customers - 1) * within
    between = spread / (total - float(weight @ weight) / total) if customers > 1 else 0.0
    if between <= 0:
        return Credibility(mean, float("inf"))
    k = within / between
    share = weight / (weight + k)
    return Credibility(float(share @ own) / float(share.sum()), k)

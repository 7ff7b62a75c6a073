"""Tails of the normal, chi-square and Student distributions.

Power series and continued fractions of the incomplete gamma and beta functions, as in the NIST Digital Library of Mathematical
Functions (DLMF, chapter 8). Right to nine digits for everything a report asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300
_CLOSE = 1e-15
_MOST_TERMS = 10_000


def normal_quantile(share: float) -> float:
    """The z below which `share` of a standard normal lies."""
    return _NORMAL.inv_cdf(share)


def normal_below(z: float) -> float:
    """Chance of a standard normal below `z`."""
    return math.erfc(-z / math.sqrt(2)) / 2


def normal_two_sided(z: float) -> float:
    """Chance of a standard normal at least as far from zero as `z`."""
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square_above(value: float, degrees: int) -> float:
    """Chance of a chi-square with `degrees` of freedom above `value`: the upper incomplete gamma function Q (DLMF 8.2.4)."""
    if value <= 0:
        return 1.0
    if math.isinf(value):
        return 0.0
    shape, x = degrees / 2, value / 2
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    return 1 - front * _lower_gamma(shape, x) if x < shape + 1 else front * _upper_gamma(shape, x)


def student_two_sided(t: float, degrees: float) -> float:
    """Chance of a Student t with `degrees` of freedom (a fraction will do) at least as far from zero as `t`."""
    return beta_below(degrees / (degrees + t * t), degrees / 2, 0.5)


def student_quantile(level: float, degrees: float) -> float:
    """The t within which, on both sides of zero, `level` of a Student distribution lies."""
    high = 2.0
    while student_two_sided(high, degrees) > 1 - level:
        high *= 2
    return bisect(lambda t: student_two_sided(t, degrees) - (1 - level), 0.0, high)


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) (DLMF 8.17)."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_below(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * _beta_fraction(x, a, b) / a


def bisect(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero between `low` and `high`, to the last bit or two."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def _lower_gamma(shape: float, x: float) -> float:
    """The series of DLMF 8.7.1, without its front factor."""
    term = total = 1 / shape
    for n in range(1, _MOST_TERMS):
        term *= x / (shape + n)
        total += term
        if term < total * _CLOSE:
            break
    return total


def _upper_gamma(shape: float, x: float) -> float:
    """The continued fraction of DLMF 8.9.2, without its front factor, by Lentz's method."""
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    value = d
    for n in range(1, _MOST_TERMS):
        a = -n * (n - shape)
        b += 2
        d = 1 / _not_zero(a * d + b)
        c = _not_zero(b + a / c)
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22 by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for coefficient in (even, odd):
            d = 1 / _not_zero(1 + coefficient * d)
            c = _not_zero(1 + coefficient / c)
            value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY

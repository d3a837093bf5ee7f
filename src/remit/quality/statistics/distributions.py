"""The distributions that tests and intervals are read from: normal, Student's t, chi-square with one degree of
freedom, and binomial. Standard library only; every function is pure.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL = NormalDist()
_TERMS = 300
_CLOSE = 1e-15
_TINY = 1e-300
_HALVINGS = 200


def normal_cdf(z: float) -> float:
    """How much of a standard normal distribution lies at or below a value."""
    return _NORMAL.cdf(z)


def normal_quantile(share: float) -> float:
    """The value below which that share of a standard normal distribution lies."""
    return _NORMAL.inv_cdf(share)


def t_cdf(t: float, df: float) -> float:
    """How much of Student's distribution lies at or below a value; `df` need not be whole."""
    if math.isinf(df):
        return normal_cdf(t)
    tail = incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(share: float, df: float) -> float:
    """The value below which that share of Student's distribution lies."""
    if not 0 < share < 1:
        raise ValueError(f"no value has {share} of a distribution below it")
    if math.isinf(df):
        return normal_quantile(share)
    low, high = -1.0, 1.0
    while t_cdf(low, df) > share:
        low *= 2
    while t_cdf(high, df) < share:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if t_cdf(middle, df) < share else (low, middle)
    return (low + high) / 2


def chi2_tail(value: float) -> float:
    """How often chi-square with one degree of freedom exceeds a value."""
    return math.erfc(math.sqrt(max(0.0, value) / 2))


def binomial_cdf(at_most: int, n: int, p: float) -> float:
    """How often at most so many of `n` succeed."""
    if at_most < 0:
        return 0.0
    if at_most >= n:
        return 1.0
    return incomplete_beta(n - at_most, at_most + 1, 1 - p)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz's way of evaluating one)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x > (a + 1) / (a + b + 2):  # it converges fast on the other side
        return 1 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _not_nothing(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_nothing(1 + term * d)
            c = _not_nothing(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return value


def _not_nothing(value: float) -> float:
    return value if abs(value) > _TINY else _TINY

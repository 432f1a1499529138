"""Quadrature rules on [0, 1]: plain numbers `(points, weights)`, both float64 of shape (K,), weights summing to 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps

import numpy as np

Rule = Callable[[int], tuple[np.ndarray, np.ndarray]]


def _kept(rule: Rule) -> Rule:
    """`rule`, whose answers are kept, and cannot be changed as everybody reads the same ones."""

    @cache
    @wraps(rule)
    def found(count: int) -> tuple[np.ndarray, np.ndarray]:
        points, weights = rule(count)
        points.flags.writeable = weights.flags.writeable = False
        return points, weights

    return found


@_kept
def gauss_legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre: exact for polynomials up to degree 2 * count - 1; no point at either end.

    Args:
        count: How many points, at least 1.
    """
    points, weights = np.polynomial.legendre.leggauss(_checked(count, 1))  # type: ignore[no-untyped-call]
    return (points + 1) / 2, weights / weights.sum()


@_kept
def midpoint(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The middles of `count` (at least 1) equal parts, equally weighted; error O(1 / count ** 2)."""
    return (np.arange(_checked(count, 1)) + 0.5) / count, np.full(count, 1 / count)


@_kept
def trapezoid(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` (at least 2) points from 0 to 1, the two ends at half weight; error O(1 / count ** 2)."""
    weights = np.full(_checked(count, 2), 1 / (count - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, count), weights


RULES: dict[str, Rule] = {"gauss_legendre": gauss_legendre, "midpoint": midpoint, "trapezoid": trapezoid}


def halving(samples: range) -> tuple[np.ndarray, np.ndarray]:
    """The points of these numbers of the trapezoid rule in an order in which any 2, 3, 5, 9, 17, ... are one.

    The weights are 1/2 at the ends, which come first, and 1 at all others; they are to be divided by their sum.
    """
    points = np.array([float(k) if k < 2 else bisection(k - 2) for k in samples])
    return points, np.where(np.asarray(samples) < 2, 0.5, 1.0)


def blocks(samples: range, size: int) -> np.ndarray:
    """Positions of these numbers, of which each `size` are evenly spread over [0, 1], and all blocks together too."""
    return np.array([(k % size + bisection(k // size)) / size for k in samples])


def bisection(number: int) -> float:
    """1/2, 1/4, 3/4, 1/8, 3/8, ...: the sequence of van der Corput (1935), level by level."""
    level = (number + 1).bit_length() - 1
    return (2 * (number + 1 - 2**level) + 1) / 2 ** (level + 1)


def _checked(count: int, least: int) -> int:
    if count < least:
        raise ValueError(f"`count` (={count}) must be at least {least}: a rule of fewer points does not exist.")
    return count

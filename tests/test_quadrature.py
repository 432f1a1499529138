"""Quadrature rules: exact for the polynomials that they should be exact for, and no others."""

import numpy as np
import pytest

from fe_saliency.quadrature import RULES, gauss_legendre, midpoint, trapezoid

COUNTS = [2, 3, 7, 64]


def error(rule, count, power):
    """The error of the integral of a ** power from 0 to 1."""
    points, weights = rule(count)
    return abs((weights * points**power).sum() - 1 / (power + 1))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", RULES)
def test_points_in_order_and_weights_that_sum_to_one(name, count):
    points, weights = RULES[name](count)
    assert points.shape == weights.shape == (count,) and points.dtype == weights.dtype == np.float64
    assert (np.diff(points) > 0).all() and points[0] >= 0 and points[-1] <= 1
    assert (weights > 0).all() and weights.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(points + points[::-1], 1, atol=1e-14)
    np.testing.assert_allclose(weights, weights[::-1], rtol=1e-13)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", RULES)
def test_exact_for_a_line(name, count):
    assert error(RULES[name], count, 1) < 1e-14


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_gauss_legendre_is_exact_to_its_degree_and_no_further(count):
    assert max(error(gauss_legendre, count, power) for power in range(2 * count)) < 1e-14
    assert error(gauss_legendre, count, 2 * count) > 1e-8


@pytest.mark.parametrize("rule", [midpoint, trapezoid])
def test_second_order(rule):
    parts = 0 if rule is midpoint else 1
    assert error(rule, 10 + parts, 2) / error(rule, 20 + parts, 2) == pytest.approx(4, rel=1e-6)


def test_known_values():
    np.testing.assert_allclose(midpoint(2), ([0.25, 0.75], [0.5, 0.5]))
    np.testing.assert_allclose(trapezoid(3), ([0, 0.5, 1], [0.25, 0.5, 0.25]))
    np.testing.assert_allclose(gauss_legendre(2)[0], 0.5 + np.array([-1, 1]) / np.sqrt(12))
    np.testing.assert_array_equal(gauss_legendre(1), ([0.5], [1]))


@pytest.mark.parametrize("name, least", [("gauss_legendre", 1), ("midpoint", 1), ("trapezoid", 2)])
def test_too_few_points(name, least):
    with pytest.raises(ValueError, match=rf"`count` \(={least - 1}\) must be at least {least}"):
        RULES[name](least - 1)


@pytest.mark.parametrize("name", RULES)
def test_what_everybody_reads_cannot_be_changed(name):
    for array in RULES[name](5):
        with pytest.raises(ValueError, match="read-only"):
            array *= 2

"""Sampling along the line from a baseline to the input."""

import numpy as np
import pytest
from running import fold, images, run

from fe_saliency import patterns, quadrature
from fe_saliency.op import DataBaseline, PathPoints, StraightPath, UniformBaseline, UniformPattern

POSITIONS = np.array([0.0, 0.25, 1.0])


def path(drawn=False):
    return StraightPath(inputs=["x", "b", "a"], outputs=["point", "difference"], drawn=drawn)


def test_points_of_a_shared_baseline(backend):
    x, b = images(), images(seed=1)
    points, difference = run(path(), backend, x, b, POSITIONS)
    expected = [b + at * (x - b) for at in POSITIONS]
    np.testing.assert_allclose(points, np.concatenate(expected), rtol=1e-12)
    np.testing.assert_allclose(difference, x - b, rtol=1e-12)


def test_points_of_drawn_baselines(backend):
    x, b = images(), images(9, seed=1).reshape(3, 3, 4, 5, 2)
    points, difference = run(path(True), backend, x, fold(b), POSITIONS)
    expected = np.stack([b[k] + at * (x - b[k]) for k, at in enumerate(POSITIONS)])
    np.testing.assert_allclose(points, fold(expected), rtol=1e-12)
    np.testing.assert_allclose(difference, fold(x - b), rtol=1e-12)


@pytest.mark.parametrize("drawn", [False, True])
def test_inside_another_bracket(drawn, backend):
    """Two noisy copies of each row; the baselines are of the rows, and shared by the copies."""
    noisy, b = images(6).reshape(2, 3, 4, 5, 2), images(9 if drawn else 3, seed=1)
    points, difference = run(path(drawn), backend, fold(noisy), b, POSITIONS)
    starts = b.reshape(3, 3, 4, 5, 2) if drawn else np.stack([b] * 3)
    expected = [[starts[k] + at * (noisy[m] - starts[k]) for m in range(2)] for k, at in enumerate(POSITIONS)]
    np.testing.assert_allclose(points, fold(fold(np.array(expected))), rtol=1e-12)
    assert len(difference) == (18 if drawn else 6)


def test_ends_are_baseline_and_input(backend):
    x, b = images(), images(seed=1)
    points, _ = run(path(), backend, x, b, np.array([0.0, 1.0]))
    np.testing.assert_allclose(points, np.concatenate([b, x]), rtol=1e-12)


def test_uniform_baselines_lie_in_the_row(backend):
    x, pattern = images(), patterns.uniform(0, 0, range(4), (4, 5, 2), -1)
    (found,) = run(UniformBaseline(inputs=["x", "p"], outputs="b"), backend, x, pattern.astype(float))
    low, high = (reduce(x, axis=(1, 2, 3), keepdims=True) for reduce in (np.min, np.max))
    np.testing.assert_allclose(found, fold(low + (high - low) * pattern[:, None]), rtol=1e-6)
    by_row = found.reshape(4, 3, -1)
    assert (by_row >= low.reshape(3, 1)).all() and (by_row <= high.reshape(3, 1)).all()


def test_rows_of_data_are_the_baselines_of_every_row(backend):
    x, data = images(), images(4, seed=1)
    (found,) = run(DataBaseline(inputs=["x", "p"], outputs="b"), backend, x, data)
    np.testing.assert_array_equal(found, fold(np.stack([data] * 3, axis=1)))


def test_uniform_patterns(backend):
    found = run(UniformPattern(inputs="x", outputs="p", nsamples=3, seed=9), backend, images())
    np.testing.assert_array_equal(found[0], patterns.uniform(9, 0, range(3), (4, 5, 2), -1))


@pytest.mark.parametrize("rule", quadrature.RULES)
def test_positions_and_weights(rule, backend):
    op = PathPoints(inputs="x", outputs=["a", "w"], nsamples=7, rule=rule)
    for found, expected in zip(run(op, backend, images()), quadrature.RULES[rule](7), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: PathPoints("x", ["a", "w"], rule="simpson"), r"`rule` \(='simpson'\) must be one of"),
        (lambda: PathPoints("x", ["a", "w"], nsamples=0), r"`nsamples` \(=0\) must be at least 1"),
        (lambda: PathPoints("x", "a"), r"`outputs` \(=\['a'\]\) two: positions and weights"),
        (lambda: StraightPath(["x", "b", "a"], "point"), "must name the same number of keys"),
        (lambda: UniformPattern("x", "p", nsamples=0), r"`nsamples` \(=0\) must be at least 1"),
        (lambda: UniformBaseline("x", "b"), "must name the same number of keys"),
        (lambda: UniformBaseline(["x", "z", "p"], "b"), "must name the same number of keys"),
        (lambda: StraightPath(["x", "z", "b", "a"], ["point", "difference"]), "must name the same number of keys"),
        (lambda: StraightPath(["x", "b", "a"], ["p", "d", "e"]), "must name the same number of keys"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""Unfolding samples: each op is its statistic, over samples of which each stands in one piece."""

import numpy as np
import pytest
from running import fold, images, run

from fe_saliency.op import Mean, MeanOfSquares, TimesDifference, Variance, WeightedSum

DEFINITIONS = {
    Mean: lambda values: values.mean(axis=0),
    MeanOfSquares: lambda values: (values**2).mean(axis=0),
    Variance: lambda values: values.var(axis=0, ddof=1),
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_definition(kind, backend):
    values = images(12).reshape(4, 3, 4, 5, 2)
    flat = images(20, shape=(6,)).reshape(4, 5, 6)
    found = run(kind(inputs=["x", "z"], outputs=["a", "b"], nsamples=4), backend, fold(values), fold(flat))
    np.testing.assert_allclose(found[0], DEFINITIONS[kind](values), rtol=1e-12)
    np.testing.assert_allclose(found[1], DEFINITIONS[kind](flat), rtol=1e-12)


def test_weighted_sum(backend):
    values, weights = images(12).reshape(4, 3, 4, 5, 2), np.array([0.1, 0.2, 0.3, 0.4])
    op = WeightedSum(inputs=["x", "w"], outputs="y", nsamples=4)
    np.testing.assert_allclose(
        run(op, backend, fold(values), weights)[0], np.tensordot(weights, values, 1), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("shared", [True, False])
def test_times_difference(shared, backend):
    gradients, difference = images(6), images(3 if shared else 6, seed=1)
    (found,) = run(TimesDifference(inputs=["g", "d"], outputs="y"), backend, gradients, difference)
    np.testing.assert_allclose(found, gradients * np.concatenate([difference] * (2 if shared else 1)), rtol=1e-12)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Mean("x", "y", nsamples=0), r"`nsamples` \(=0\) must be at least 1"),
        (lambda: Variance("x", "y", nsamples=1), r"`nsamples` \(=1\) must be at least 2"),
        (lambda: WeightedSum(["x", "w"], "y", nsamples=0), r"`nsamples` \(=0\) must be at least 1"),
        (lambda: Mean(["x", "z"], "y", nsamples=2), "must name the same number of keys"),
        (lambda: WeightedSum("w", "y", nsamples=2), "must name the same number of keys"),
        (lambda: TimesDifference(["g", "d"], ["a", "b"]), "must name the same number of keys"),
        (lambda: TimesDifference(["g", "h", "d"], "y"), "must name the same number of keys"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()

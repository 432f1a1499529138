"""Every registered method against its slow NumPy derivation, on models in float64."""

import numpy as np
import pytest
import reference
from helpers import few, furthest, path
from models import KINDS, batch, input_keys, maps, net, output_keys, rows, to_host

SPREAD, SEED = 0.2, 11
GIVEN = {"x0": 0.5, "x1": np.linspace(-1, 1, 5)}
IN_FULL = [np.full((6, 6, 2), 0.5), GIVEN["x1"]]
#: The others are derived where they are tested, in tests/method.
METHODS = (
    *("gradient", "smoothgrad", "smoothgrad_squared", "vargrad", "integrated_gradients"),
    *("smoothed_integrated_gradients", "smoothed_integrated_gradients_squared", "integrated_gradients_variance"),
    *("noisegrad", "fusiongrad"),
)
TOLERANCE = 1e-5  # patterns are scaled in single precision, and central differences have an error of their own


def inside_of(statistic, clean, baselines, inner):
    """What stands inside the noise: the gradient, or a path."""
    if inner is None:
        return reference.gradient
    if baselines is None:
        return lambda s, noisy: reference.random_integrated(s, noisy, clean, inner, SEED)
    return lambda s, noisy: reference.integrated(s, noisy, baselines, inner)


def explained(method, nsamples, baselines=None):
    """The method as `reference.over_rows` takes it."""
    if method == "gradient":
        return reference.gradient
    if method == "integrated_gradients":
        return lambda s, x: inside_of(None, x, baselines, nsamples)(s, x)
    if method == "noisegrad":
        return lambda s, x: reference.over_weights(s, x, lambda s, x, _: reference.gradient(s, x), nsamples, 0.2, SEED)
    if method == "fusiongrad":
        return lambda s, x: reference.over_weights(
            s,
            x,
            lambda s, x, seed: reference.smoothed(s, x, reference.gradient, "mean", nsamples[1], SPREAD, seed),
            nsamples[0],
            0.1,
            SEED,
        )
    statistic = {"squared": "squares", "vargrad": "variance", "variance": "variance"}.get(method.split("_")[-1], "mean")
    outer, inner = nsamples if isinstance(nsamples, tuple) else (nsamples, None)
    return lambda s, x: reference.smoothed(
        s, x, inside_of(statistic, x, baselines, inner), statistic, outer, SPREAD, SEED
    )


def both(kind, backend, method, outer=5, baseline=None, explain=None, **given):
    """(maps of the package, maps of the reference, or of `explain` in its place)."""
    nsamples = few(method, outer)
    said = net(kind, backend).attribute(
        batch(kind, backend, 2), method, nsamples=nsamples, stdev_spread=SPREAD, baseline=baseline, seed=SEED
    )
    clean = rows(kind, 2)
    classes = reference.predictions(kind, [clean[key] for key in input_keys(kind)])
    for key, index in zip(output_keys(kind), classes, strict=True):
        np.testing.assert_array_equal(to_host(said.targets[key]), index)
    return maps(said), reference.over_rows(kind, clean, classes, explain or explained(method, nsamples, **given))


@pytest.mark.parametrize("kind", KINDS)
def test_the_numpy_model_is_the_model(kind, backend):
    x = list(rows(kind).values())
    said = net(kind, backend).attribute(batch(kind, backend), target=dict.fromkeys(output_keys(kind), 1))
    for key, units in zip(output_keys(kind), reference.outputs(kind, x), strict=True):
        expected = units[:, 0] if units.shape[1] == 1 else units[:, 1]
        np.testing.assert_allclose(to_host(said.scores[key]), expected, rtol=1e-10, atol=1e-20)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["smooth_conv", "two_inputs"])
def test_method(kind, method, backend):
    assert furthest(*both(kind, backend, method)) < TOLERANCE


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared", "vargrad"])
def test_even_number_of_samples(method, backend):
    assert furthest(*both("smooth_mlp", backend, method, outer=4)) < TOLERANCE


@pytest.mark.parametrize(
    "method", ["integrated_gradients", "smoothed_integrated_gradients_squared", "integrated_gradients_variance"]
)
def test_given_baselines(method, backend):
    assert furthest(*both("two_inputs", backend, method, baseline=GIVEN, baselines=IN_FULL)) < TOLERANCE


def test_gauss_legendre(backend):
    for rule in ("gauss_legendre", "midpoint"):
        found = both(
            "two_inputs",
            backend,
            path("gauss_legendre"),
            baseline=GIVEN,
            explain=lambda s, x, rule=rule: reference.integrated(s, x, IN_FULL, 5, rule),
        )
        assert (furthest(*found) < TOLERANCE) == (rule == "gauss_legendre")


def test_a_wrong_method_is_far_from_the_reference():
    right, _ = both("smooth_mlp", "torch", "smoothgrad")
    for wrong in ("gradient", "vargrad", "integrated_gradients"):
        assert furthest(right, both("smooth_mlp", "torch", wrong)[1]) > 1e-2

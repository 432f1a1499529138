"""What must hold for any model: the laws of each method, and that a row stands alone."""

import numpy as np
import pytest
from helpers import METHODS, distance, few, furthest, path, takes_tables
from models import batch, fresh_net, input_keys, maps, net, output_keys, rows, spec
from reference import outputs

NESTED = {
    "smoothed_integrated_gradients": lambda ig: ig,
    "smoothed_integrated_gradients_squared": np.square,
    "integrated_gradients_variance": np.zeros_like,
}
SMOOTHED = {"smoothgrad": lambda g: g, "smoothgrad_squared": np.square, "vargrad": np.zeros_like}
CALM = [{"stdev_spread": 0, "nsamples": 5}, {"stdev_spread": 0.3, "nsamples": 1}]


def close(actual, expected, tolerance):
    """Whether all maps agree, relative to the row's largest value; zeros must be zeros."""
    return furthest(actual, expected) <= tolerance


@pytest.mark.parametrize("kind", ["smooth_conv", "two_inputs"])
@pytest.mark.parametrize("method", SMOOTHED)
@pytest.mark.parametrize("options", CALM)
def test_without_noise_smoothgrad_is_the_gradient(kind, method, options, backend):
    one, fed = net(kind, backend), batch(kind, backend)
    if method == "vargrad" and options["nsamples"] == 1:
        with pytest.raises(ValueError, match=r"`nsamples` \(=1\) must be at least 2"):
            one.attribute(fed, method, **options)
        return
    expected = {key: SMOOTHED[method](g) for key, g in maps(one.attribute(fed)).items()}
    assert close(maps(one.attribute(fed, method, **options)), expected, 1e-6)


@pytest.mark.parametrize("baseline", [None, 0.5])
@pytest.mark.parametrize("method", NESTED)
@pytest.mark.parametrize("options", [{"stdev_spread": 0, "nsamples": (3, 4)}, {"nsamples": (1, 4)}])
def test_without_noise_smoothed_integrated_is_integrated(method, options, baseline, backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    if method.endswith("variance") and options["nsamples"][0] == 1:
        with pytest.raises(ValueError, match=r"`nsamples` \(=\(1, 4\)\) must be at least 2"):
            one.attribute(fed, method, **options)
        return
    integrated = maps(one.attribute(fed, "integrated_gradients", nsamples=4, baseline=baseline))
    expected = {key: NESTED[method](ig) for key, ig in integrated.items()}
    scale = max(np.abs(ig).max() for ig in integrated.values()) ** 2
    found = maps(one.attribute(fed, method, baseline=baseline, **options))
    if method.endswith("variance"):
        assert max(np.abs(array).max() for array in found.values()) <= 1e-12 * scale
    else:
        assert close(found, expected, 1e-6)


@pytest.mark.parametrize("nsamples", [1, 5])
@pytest.mark.parametrize("baseline", ["zero", 0.7, np.linspace(-1, 1, 6), np.linspace(-3, 3, 18).reshape(3, 6)])
def test_linear_score_gives_weight_times_difference(baseline, nsamples, backend):
    said = net("linear", backend).attribute(
        batch("linear", backend), "integrated_gradients", baseline=baseline, nsamples=nsamples, target=1
    )
    difference = rows("linear")["x"] - (0 if isinstance(baseline, str) else baseline)
    assert distance(maps(said)["x"], difference * spec("linear").heads[0][0].weight[:, 1]) < 1e-6


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared", "vargrad"])
def test_linear_score_is_not_changed_by_noise(method, backend):
    one, fed = net("linear", backend), batch("linear", backend)
    found = maps(one.attribute(fed, method, nsamples=6, stdev_spread=0.5))["x"]
    assert np.abs(found - SMOOTHED[method](maps(one.attribute(fed))["x"])).max() < 1e-12


def test_antithetic_pairs_cancel_what_is_odd(backend):
    """The gradient of a quadratic is linear in the noise: any even number of samples gives it exactly."""
    one, fed = net("quadratic", backend), batch("quadratic", backend)
    plain = maps(one.attribute(fed))
    assert close(maps(one.attribute(fed, "smoothgrad", nsamples=2, stdev_spread=0.5)), plain, 1e-12)


def test_variance_is_the_noise_level(backend):
    """The gradient 2 w x of a quadratic shows the noise itself: its variance is (2 w spread range) ** 2."""
    samples, spread = 400, 0.2
    said = net("quadratic", backend).attribute(
        batch("quadratic", backend), "vargrad", nsamples=samples, stdev_spread=spread, target=1
    )
    x = rows("quadratic")["x"]
    sigma = spread * (x.max(axis=1) - x.min(axis=1))
    ratio = maps(said)["x"] / (2 * spec("quadratic").heads[0][0].weight[:, 1] * sigma[:, None]) ** 2
    assert np.abs(ratio - 1).max() < 5 * np.sqrt(2 / samples)
    assert ratio.mean() == pytest.approx(1, abs=5 * np.sqrt(2 / samples / ratio.shape[1]))


@pytest.mark.parametrize("kind", ["smooth_mlp", "softmax_mlp", "smooth_conv", "two_inputs", "two_outputs", "one_unit"])
def test_completeness(kind, backend):
    """64 points of Gauss-Legendre; the score at the baseline is NumPy's, not the package's."""
    miss, allowed = completeness(kind, backend, path("gauss_legendre"), 64)
    assert (np.abs(miss) <= allowed).all()


@pytest.mark.parametrize("method, fewest", [("integrated_gradients", 16), (path("trapezoid"), 17)])
def test_equally_spaced_points_are_complete_to_the_second_order(method, fewest, backend):
    """Four times as many parts of the path, a sixteenth of the gap, for a smooth model."""
    gaps = [
        np.abs(completeness("smooth_conv", backend, method, nsamples)[0]).max()
        for nsamples in (fewest, 4 * fewest - 3 * (fewest % 2))
    ]
    assert 14 < gaps[0] / gaps[1] < 18


def test_a_poor_quadrature_is_not_complete():
    miss, allowed = completeness("smooth_conv", "torch", path("trapezoid"), 3)
    assert (np.abs(miss) > allowed).any()


def completeness(kind, backend, method, nsamples):
    """(sum of IG - (s(x) - s(b)), what is allowed) of every row, for a baseline of 0.2."""
    said = net(kind, backend).attribute(batch(kind, backend), method, baseline=0.2, nsamples=nsamples)
    x = [rows(kind)[key] for key in input_keys(kind)]
    here, there = (
        sum(_score(units, said.targets[key]) for key, units in zip(output_keys(kind), outputs(kind, at), strict=True))
        for at in (x, [np.full_like(array, 0.2) for array in x])
    )
    flat = np.concatenate([array.reshape(3, -1) for array in maps(said).values()], axis=1)
    size = np.maximum(np.abs(here - there), np.abs(flat).sum(axis=1))
    miss = flat.sum(axis=1) - (here - there)
    np.testing.assert_allclose(said.completeness_gap, miss, atol=1e-12 * size.max())
    return miss, 1e-5 * size


def _score(units, classes):
    classes = np.asarray(classes)
    return units[:, 0] * (2 * classes - 1) if units.shape[1] == 1 else units[np.arange(3), classes]


def test_no_difference_no_attribution(backend):
    """Where input and baseline agree, Integrated Gradients is zero (Sundararajan et al. 2017, sensitivity)."""
    fed, x = batch("smooth_mlp", backend), rows("smooth_mlp")["x"]
    baseline = np.where(np.arange(6) < 3, x, 0)
    found = maps(net("smooth_mlp", backend).attribute(fed, "integrated_gradients", baseline=baseline, nsamples=6))["x"]
    assert not found[:, :3].any() and np.abs(found[:, 3:]).min() > 0


@pytest.mark.parametrize("baseline", [None, 0.3])
@pytest.mark.parametrize("method", NESTED)
def test_an_inner_sum_may_span_chunks(method, baseline, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    whole = maps(one.attribute(fed, method, nsamples=(4, 6), baseline=baseline, max_rows=10**6))
    for max_rows in (1, 4):
        assert close(
            maps(one.attribute(fed, method, nsamples=(4, 6), baseline=baseline, max_rows=max_rows)), whole, 1e-10
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "kind, dtype, tolerance",
    [("two_inputs", "float64", 1e-10), ("smooth_conv", "float32", 1e-5), ("relu_conv", "float32", 1e-3)],
)
def test_a_row_stands_alone(kind, dtype, tolerance, method, backend):
    """Alone or with brighter neighbours, one at a time or all at once, before or after another call."""
    one = net(kind, backend, dtype)
    fed, nsamples = batch(kind, backend, 4, dtype), few(method)
    together = maps(one.attribute(fed, method, nsamples=nsamples, max_rows=10**6))
    alone = maps(one.attribute({key: array[1:2] for key, array in fed.items()}, method, nsamples=nsamples))
    assert close(alone, {key: array[1:2] for key, array in together.items()}, tolerance)
    bright = {key: np.concatenate([100 * array[2:], array[1:2]]) for key, array in _host(fed).items()}
    among = maps(one.attribute(bright, method, nsamples=nsamples, max_rows=3))
    assert close({key: array[-1:] for key, array in among.items()}, alone, tolerance)
    assert close(maps(one.attribute(fed, method, nsamples=nsamples, max_rows=10**6)), together, 0)


@pytest.mark.parametrize("method", filter(takes_tables, METHODS))
@pytest.mark.parametrize("max_rows", [1, 7])
def test_max_rows_changes_nothing(method, max_rows, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend, 4)
    whole = maps(one.attribute(fed, method, nsamples=few(method), max_rows=10**6))
    assert close(maps(one.attribute(fed, method, nsamples=few(method), max_rows=max_rows)), whole, 1e-10)


def test_lenet_rows_stand_alone(backend):
    """ReLU in single precision, 28 x 28."""
    one, fed = net("lenet", backend, "float32"), batch("lenet", backend, 3, "float32")
    for method in ("gradient", "smoothgrad"):
        together = maps(one.attribute(fed, method, nsamples=few(method)))["x"]
        alone = maps(one.attribute({"x": fed["x"][2:]}, method, nsamples=few(method), max_rows=2))["x"]
        assert distance(alone, together[2:]) < 1e-3


def test_the_measure_notices_a_row_that_knows_its_neighbours():
    one = net("smooth_mlp", "torch")
    fed = rows("smooth_mlp")["x"]
    alone = maps(one.attribute({"x": fed[:1]}, "smoothgrad", nsamples=4))["x"]
    batch_range = 0.15 * (fed.max() - fed.min()) / (fed[0].max() - fed[0].min())  # the noise of FE's own module
    wrong = maps(one.attribute({"x": fed[:1]}, "smoothgrad", nsamples=4, stdev_spread=batch_range))["x"]
    assert distance(wrong, alone) > 1e-3


def calls(one, fed):
    """Calls that differ in all that a call may differ in; each must leave the others alone."""
    return {
        "gradient": lambda: one.attribute(fed),
        "zero": lambda: one.attribute(fed, "integrated_gradients", nsamples=4, baseline=0),
        "one": lambda: one.attribute(fed, "integrated_gradients", nsamples=4, baseline=1),
        "array": lambda: one.attribute(fed, "integrated_gradients", nsamples=4, baseline=np.linspace(0, 1, 6)),
        "other array": lambda: one.attribute(fed, "integrated_gradients", nsamples=4, baseline=np.linspace(1, 2, 6)),
        "drawn": lambda: one.attribute(fed, "integrated_gradients", nsamples=4),
        "smooth": lambda: one.attribute(fed, "smoothgrad", nsamples=4),
        "less smooth": lambda: one.attribute(fed, "smoothgrad", nsamples=4, stdev_spread=0.3),
        "another seed": lambda: one.attribute(fed, "smoothgrad", nsamples=4, seed=1),
        "more samples": lambda: one.attribute(fed, "smoothgrad", nsamples=6),
        "another target": lambda: one.attribute(fed, target=2),
        "another score": lambda: one.attribute(fed, score="log_probability"),
    }


def test_the_same_call_repeats_exactly_whatever_comes_between(backend):
    fed = batch("smooth_mlp", backend)
    one = net("smooth_mlp", backend)
    first = {name: maps(call())["x"] for name, call in calls(one, fed).items()}
    again = {name: maps(call())["x"] for name, call in reversed(calls(one, fed).items())}
    for name in first:
        fresh = calls(fresh_net("smooth_mlp", backend), fed)[name]
        np.testing.assert_array_equal(first[name], again[name], err_msg=name)
        np.testing.assert_array_equal(first[name], maps(fresh())["x"], err_msg=name)
    flat = np.stack([array.ravel() for array in first.values()])
    assert len(np.unique(flat, axis=0)) == len(first), "two different calls gave the same map"


def _host(fed):
    return {key: np.asarray(array) for key, array in fed.items()}

"""Expected gradients: the formula of shap's GradientExplainer in NumPy, and what it converges to.

shap draws the row and the position of each sample independently. Ours goes through the data in a random order and
spreads the positions evenly, which has the same expectation and a smaller variance; so it agrees exactly with shap's
formula at the same draws, and within its Monte-Carlo error with draws of one's own.
"""

from functools import cache

import numpy as np
import pytest
import reference
from helpers import distance, furthest, path
from models import batch, input_keys, maps, net, rows, spec, to_backend

from fe_saliency import patterns
from fe_saliency.method import FromData, Several

TARGET = np.array([1, 2, 0])
kept = cache(net)
DATA = np.random.default_rng(9).normal(size=(7, 6))


def explained(kind, backend, baseline, nsamples, **options):
    options = {"nsamples": nsamples, "target": TARGET, **options}
    return kept(kind, backend).attribute(batch(kind, backend), "expected_gradients", baseline=baseline, **options)


def gradient_explainer(s, x, data, numbers, positions):
    """shap's estimate for one row of one input: the mean of (x - b) * gradient at b + a (x - b)."""
    samples = []
    for number, at in zip(numbers, positions, strict=True):
        delta = x - data[number]
        samples.append(delta * reference.gradient(s, [at * x + (1 - at) * data[number]])[0])
    return np.array(samples)


@pytest.mark.parametrize("nsamples", [1, 5, 20])
def test_the_formula_at_the_same_draws(nsamples, backend):
    found = maps(explained("smooth_mlp", backend, FromData(DATA), nsamples, seed=3))["x"]
    numbers = patterns.shuffled(3, range(nsamples), len(DATA))
    positions = (np.arange(nsamples) + 0.5) / nsamples
    expected = reference.over_rows(
        "smooth_mlp",
        rows("smooth_mlp"),
        [TARGET],
        lambda s, inputs: [gradient_explainer(s, inputs[0], DATA, numbers, positions).mean(axis=0)],
    )
    assert distance(found, expected["x"]) < 1e-6


def test_within_the_error_of_shaps_own_draws(backend):
    found = maps(explained("smooth_mlp", backend, FromData(DATA), 700))["x"]
    rng, count = np.random.default_rng(0), 400
    x = rows("smooth_mlp")["x"]
    for row, target in enumerate(TARGET):
        s = reference.scorer("smooth_mlp", [target])
        samples = gradient_explainer(s, x[row], DATA, rng.integers(len(DATA), size=count), rng.uniform(size=count))
        error = samples.std(axis=0) / np.sqrt(count)
        assert (np.abs(found[row] - samples.mean(axis=0)) < 5 * error).all()


@pytest.mark.parametrize("kind", ["smooth_mlp", "two_inputs"])
def test_it_converges_to_the_mean_of_integrated_gradients(kind, backend):
    """Where there are two inputs, rows of the same number are drawn together."""
    shapes = dict(zip(input_keys(kind), spec(kind).inputs, strict=True))
    rng = np.random.default_rng(2)
    data = {key: to_backend(rng.normal(size=(4, *shape)), backend) for key, shape in shapes.items()}
    one, fed = net(kind, backend), batch(kind, backend)
    each = [
        maps(one.attribute(fed, path("gauss_legendre"), baseline=start, nsamples=24, target=TARGET))
        for start in ({key: rows[n] for key, rows in data.items()} for n in range(4))
    ]
    expected = {key: np.mean([part[key] for part in each], axis=0) for key in each[0]}
    baseline = {key: FromData(array) for key, array in data.items()}
    misses = [furthest(maps(explained(kind, backend, baseline, count)), expected) for count in (16, 1600)]
    assert misses[1] < 2e-3 < misses[0]


def test_it_is_complete_against_the_mean_score_of_the_data(backend):
    said = explained("smooth_mlp", backend, FromData(DATA), 1400)
    x = rows("smooth_mlp")["x"]
    score = reference.outputs("smooth_mlp", [x])[0][np.arange(3), TARGET]
    start = reference.outputs("smooth_mlp", [DATA])[0][:, TARGET].mean(axis=0)
    total = maps(said)["x"].sum(axis=1)
    np.testing.assert_allclose(said.completeness_gap, total - (score - start), atol=1e-10)
    assert (np.abs(said.completeness_gap) < 5 * said.completeness_error + 1e-3).all()


def test_the_error_is_not_understated(backend):
    exact = maps(explained("smooth_mlp", backend, FromData(DATA), 2800))["x"]
    ratios = []
    for seed in range(20):
        said = explained("smooth_mlp", backend, FromData(DATA), 40, seed=seed)
        off = np.linalg.norm(maps(said)["x"] - exact, axis=1) / np.linalg.norm(maps(said)["x"], axis=1)
        ratios.append(off / said.relative_error)
    assert np.sqrt(np.mean(np.square(ratios))) < 1.2


@pytest.mark.parametrize("key, kind", [("x", "relu_conv"), ("data", "smooth_mlp")])
def test_data_in_the_batch_and_both_backends_agree(key, kind):
    found = []
    for each in ("tf", "torch"):
        fed = batch(kind, each)
        fed["data"] = to_backend(DATA, each)
        options = {"baseline": FromData(key), "nsamples": 8, "target": TARGET}
        found.append(net(kind, each).attribute(fed, "expected_gradients", **options))
    assert furthest(*map(maps, found)) < 1e-9
    np.testing.assert_allclose(found[0].relative_error, found[1].relative_error, rtol=1e-6)


@pytest.mark.parametrize("max_rows", [1, 2, 7])
def test_neither_chunks_nor_neighbours_change_a_row(max_rows, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    options = {"baseline": FromData(DATA), "nsamples": 9, "target": 1}
    whole = maps(one.attribute(fed, "expected_gradients", max_rows=1000, **options))["x"]
    cut = maps(one.attribute(fed, "expected_gradients", max_rows=max_rows, **options))["x"]
    alone = maps(one.attribute({"x": fed["x"][1:2]}, "expected_gradients", **options))["x"]
    assert distance(cut, whole) < 1e-10 and distance(alone, whole[1:2]) < 1e-10


def test_a_tolerance_is_met(backend):
    said = explained("smooth_mlp", backend, FromData(DATA), None, tolerance=0.1)
    exact = maps(explained("smooth_mlp", backend, FromData(DATA), 2800))["x"]
    assert said.met_tolerance.all() and said.gradient_evaluations.max() < 1024
    assert (np.linalg.norm(maps(said)["x"] - exact, axis=1) < 0.3 * np.linalg.norm(exact, axis=1)).all()


@pytest.mark.parametrize("baseline", [None, "zero", "uniform", DATA[0], {"x1": FromData(DATA[:, :5])}, Several([0, 1])])
def test_without_data_it_says_what_to_give(baseline, backend, monkeypatch):
    one = net("two_inputs", backend)
    monkeypatch.setattr(one._engine, "_composition", None)
    with pytest.raises(ValueError, match=r"`baseline` for `x0` .* must be drawn from data .* `FromData\(array\)`"):
        one.attribute(batch("two_inputs", backend), "expected_gradients", baseline=baseline)

"""What an Attribution says of its own accuracy: errors that match the spread over seeds, gaps that match theirs."""

import numpy as np
import pytest
import reference
from models import batch, input_keys, maps, net, rows, to_host

from fe_saliency.target import Score

SEEDS, SAMPLES = 300, 12
KIND, ROWS = "smooth_mlp", 2


def repeated(method, nsamples=SAMPLES, kind=KIND, **options):
    """(maps (S, B, F), their reported squared standard errors (S, B)) over many seeds."""
    one, fed = net(kind, "torch"), batch(kind, "torch", ROWS)
    found, errors = [], []
    for seed in range(SEEDS):
        said = one.attribute(fed, method, nsamples=nsamples, seed=seed, **options)
        found.append(np.concatenate([array.reshape(ROWS, -1) for array in maps(said).values()], axis=1))
        errors.append((said.relative_error * np.linalg.norm(found[-1], axis=1)) ** 2)
    return np.stack(found), np.stack(errors)


def spread(found):
    """The variance over seeds, summed over the row's elements, (B,)."""
    return found.var(axis=0, ddof=1).sum(axis=1)


def scaled(output, scale):
    return output[:, 0] * scale


@pytest.mark.parametrize(
    "method, options",
    [
        *((method, {}) for method in ("smoothgrad", "smoothgrad_squared", "vargrad", "integrated_gradients")),
        ("smoothgrad_squared", {"tolerance": 1e-9}),
        ("integrated_gradients", {"tolerance": 1e-9, "baseline": "zero"}),
    ],
)
def test_an_error_too_small_for_single_precision_is_not_told(method, options, backend):
    """It depends on no unit of the score; where its squares underflow it is NaN, and no tolerance is met."""
    one, fed = net(KIND, backend, "float32"), batch(KIND, backend, ROWS, dtype="float32")
    expected, told = None, set()
    for power in range(0, 121, 5):
        target = Score(scaled, [np.full(ROWS, 2.0**-power, "float32")])
        said = one.attribute(fed, method, nsamples=17, target=target, **options)
        expected = said.relative_error if expected is None else expected
        seen = np.abs(maps(said)["x"]).reshape(ROWS, -1).max(axis=1) > 1e-37
        known = ~np.isnan(said.relative_error)
        told |= set(known[seen].tolist())
        np.testing.assert_allclose(said.relative_error[seen & known], expected[seen & known], rtol=0.01)
        assert said.met_tolerance is None or not said.met_tolerance[seen].any()
    assert told == {False, True}


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared", "vargrad", "integrated_gradients"])
@pytest.mark.parametrize("scale", [0, 2.0**-100])
def test_draws_that_are_all_zero_tell_no_error(method, scale, backend):
    """They may have missed what is not zero, as of a saturated probability: more of them are drawn, up to the cap."""
    one, fed = net(KIND, backend, "float32"), batch(KIND, backend, ROWS, dtype="float32")
    target = Score(scaled, [np.array([1.0, scale], "float32")])
    said = one.attribute(fed, method, nsamples=32, target=target, tolerance=100)
    assert not np.isnan(said.relative_error[0]) and said.met_tolerance[0]
    assert np.isnan(said.relative_error[1]) and not said.met_tolerance[1]
    assert said.gradient_evaluations.tolist() == [16, 32]


def test_a_zero_map_along_a_path_from_a_given_baseline_is_exact(backend):
    """The gap tells whether it is: the model gives the same at both ends."""
    one, fed = net(KIND, backend, "float32"), batch(KIND, backend, ROWS, dtype="float32")
    said = one.attribute(fed, "integrated_gradients", baseline=fed["x"], nsamples=33, tolerance=0.01)
    assert not maps(said)["x"].any() and (said.relative_error == 0).all() and said.met_tolerance.all()
    assert (said.gradient_evaluations == 9).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "method, nsamples, options",
    [
        ("smoothgrad", SAMPLES, {}),
        ("smoothgrad", SAMPLES + 1, {}),
        ("smoothgrad_squared", SAMPLES, {}),
        ("vargrad", SAMPLES, {}),
        ("integrated_gradients", SAMPLES, {}),
        ("integrated_gradients", SAMPLES + 1, {}),
        ("smoothed_integrated_gradients", (SAMPLES, 3), {"baseline": 0}),
        ("smoothed_integrated_gradients_squared", (SAMPLES, 3), {"baseline": 0}),
    ],
)
def test_reported_error_is_the_spread_over_seeds(method, nsamples, options):
    found, errors = repeated(method, nsamples, stdev_spread=0.3, **options)
    ratio = errors.mean(axis=0) / spread(found)
    assert (ratio > 0.8).all(), f"understated: {ratio}"
    # Neighbouring strata differ a little, which counts as error: collapsed strata overstate it, never understate.
    assert (ratio < (1.5 if method == "integrated_gradients" else 1.25)).all(), f"overstated: {ratio}"


@pytest.mark.slow
def test_the_comparison_notices_a_wrong_error():
    found, _ = repeated("smoothgrad", 2 * SAMPLES)
    _, errors = repeated("smoothgrad", SAMPLES)
    assert (errors.mean(axis=0) / spread(found) > 1.5).all()


@pytest.mark.slow
def test_several_inputs_share_one_error():
    found, errors = repeated("smoothgrad_squared", kind="two_inputs", stdev_spread=0.3)
    np.testing.assert_allclose(errors.mean(axis=0) / spread(found), 1, atol=0.25)


@pytest.mark.parametrize(
    "method, nsamples, known",
    [
        ("smoothgrad", 3, False),
        ("smoothgrad", 4, True),
        ("smoothgrad_squared", 3, False),
        ("vargrad", 3, False),
        ("vargrad", 4, True),
        ("integrated_gradients", 3, False),
        ("integrated_gradients", 4, True),
    ],
)
def test_too_few_samples_tell_no_error(method, nsamples, known, backend):
    said = net(KIND, backend).attribute(batch(KIND, backend), method, nsamples=nsamples)
    assert said.relative_error.shape == (3,) and np.isfinite(said.relative_error).all() == known
    assert np.isnan(said.relative_error).all() != known
    if method == "integrated_gradients":
        assert np.isfinite(said.completeness_error).all() == known
        assert np.isnan(said.completeness_error).all() != known


@pytest.mark.parametrize("method, options", [("gradient", {}), ("integrated_gradients", {"baseline": 0.0})])
def test_what_draws_nothing_has_no_monte_carlo_error(method, options, backend):
    assert net(KIND, backend).attribute(batch(KIND, backend), method, **options).relative_error is None


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared"])
def test_without_noise_the_error_is_zero(method, backend):
    said = net(KIND, backend).attribute(batch(KIND, backend), method, nsamples=6, stdev_spread=0)
    assert said.relative_error.max() < 1e-12


@pytest.mark.parametrize("kind", ["smooth_mlp", "two_inputs"])
def test_gap_is_against_the_mean_over_the_drawn_baselines(kind, backend):
    samples = 6
    said = net(kind, backend, seed=5).attribute(batch(kind, backend), "integrated_gradients", nsamples=samples)
    x = [rows(kind)[key] for key in input_keys(kind)]
    for row in range(3):
        s = reference.scorer(kind, [int(to_host(said.targets["y"])[row])])
        clean = [array[row] for array in x]
        starts = [reference.drawn_baselines(clean, k, 5) for k in range(samples)]
        mean = np.mean([s([b[None] for b in start])[0] for start in starts])
        total = sum(array[row].sum() for array in maps(said).values())
        expected = total - (s([array[None] for array in clean])[0] - mean)
        assert said.completeness_gap[row] == pytest.approx(expected, abs=1e-6)


def gaps(seeds, nsamples=24):
    one, fed = net(KIND, "torch"), batch(KIND, "torch")
    said = [one.attribute(fed, "integrated_gradients", nsamples=nsamples, seed=seed) for seed in range(seeds)]
    return np.stack([each.completeness_gap for each in said]), np.stack([each.completeness_error for each in said])


@pytest.mark.slow
def test_gap_is_a_few_of_its_standard_errors():
    """z-scores over seeds: mean near 0, spread near 1; collapsed strata may make them a little smaller."""
    found, errors = gaps(SEEDS)
    z = found / errors
    assert (np.abs(z.mean(axis=0)) < 0.3).all(), z.mean(axis=0)
    assert (z.std(axis=0) > 0.7).all() and (z.std(axis=0) < 1.25).all(), z.std(axis=0)
    ratio = (errors**2).mean(axis=0) / found.var(axis=0)
    assert (ratio > 0.8).all() and (ratio < 1.5).all(), ratio


def test_gap_shrinks_with_the_square_root_of_the_samples():
    few, many = (np.abs(gaps(60, nsamples)[0]).mean() for nsamples in (8, 128))
    assert 2.5 < few / many < 6.5


def test_gap_of_a_given_baseline_has_no_error(backend):
    said = net(KIND, backend).attribute(batch(KIND, backend), "integrated_gradients", baseline="zero", nsamples=3)
    assert not said.completeness_error.any() and 1e-9 < np.abs(said.completeness_gap).max() < 0.5


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "smoothed_integrated_gradients"])
def test_no_gap_where_there_is_no_path_or_a_smoothed_one(method, backend):
    said = net(KIND, backend).attribute(batch(KIND, backend), method)
    assert said.completeness_gap is None and said.completeness_error is None


@pytest.mark.parametrize("max_rows", [1, 5])
def test_accuracy_does_not_depend_on_chunks(max_rows, backend):
    one, fed = net(KIND, backend), batch(KIND, backend)
    for method in ("smoothgrad", "vargrad", "integrated_gradients"):
        whole, cut = (one.attribute(fed, method, nsamples=6, max_rows=limit) for limit in (10**6, max_rows))
        np.testing.assert_allclose(cut.relative_error, whole.relative_error, rtol=1e-9)
        if whole.completeness_gap is not None:
            np.testing.assert_allclose(cut.completeness_gap, whole.completeness_gap, rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(cut.completeness_error, whole.completeness_error, rtol=1e-9)


@pytest.mark.parametrize("baseline, known", [("uniform", False), ("zero", True)])
def test_an_error_that_cannot_be_told_is_not_told(baseline, known, backend):
    """All noisy copies share the drawn baselines, so their spread says nothing of the baselines' error."""
    found = net(KIND, backend).attribute(
        batch(KIND, backend), "smoothed_integrated_gradients", nsamples=(6, 4), baseline=baseline
    )
    assert (np.isfinite(found.relative_error) == known).all()

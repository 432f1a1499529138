"""Statistics without their errors: the same results, and only where nobody reads the errors."""

import numpy as np
import pytest
from helpers import distance
from models import batch, fresh_net, maps

from fe_saliency import backend as backends
from fe_saliency.errorless import ErrorlessMean, ErrorlessMeanOfSquares, ErrorlessVariance, without_error
from fe_saliency.statistic import Mean, MeanOfSquares, StratifiedMean, Trapezoid, Variance, WeightedSum

PAIRS = {
    Mean: ErrorlessMean,
    MeanOfSquares: ErrorlessMeanOfSquares,
    StratifiedMean: ErrorlessMean,
    Variance: ErrorlessVariance,
}


def fed(statistic, values, sizes):
    """The state after `values` (K, B, ...) in pieces of these sizes."""
    tensor = statistic.backend.tensor
    state, start = statistic.begin(tensor(values[0])), 0
    for size in sizes:
        state = statistic.absorb(state, tensor(values[start : start + size].reshape(-1, *values.shape[2:])))
        start += size
    return state


@pytest.mark.parametrize("sizes", [[9], [1] * 9, [2, 4, 3], [1, 8]])
@pytest.mark.parametrize("kind", PAIRS)
def test_the_result_is_that_of_the_statistic_with_an_error(kind, sizes, backend):
    values = np.random.default_rng(0).gamma(2, size=(9, 3, 4, 2))
    full = kind(backends.by_name(backend))
    quick = without_error(full)
    assert type(quick) is PAIRS[kind] and quick.signed == full.signed and quick.least_samples == full.least_samples
    state = fed(quick, values, sizes)
    assert len(state) == len(quick.parts) < len(full.parts)
    expected = full.backend.numpy(full.result(fed(full, values, sizes)))
    np.testing.assert_allclose(full.backend.numpy(quick.result(state)), expected, rtol=1e-12)
    assert quick.squared_error(state) is None
    assert len(quick.finish(state)) == len(quick.results) == 1


@pytest.mark.parametrize("kind", PAIRS)
def test_rows_are_taken_out_and_joined(kind, backend):
    values = np.random.default_rng(1).normal(size=(6, 4, 5))
    quick = without_error(kind(backends.by_name(backend)))
    state, tensor = fed(quick, values, [6]), quick.backend.tensor
    first, last = (quick.select(state, tensor(np.array(rows))) for rows in ([0, 1], [2, 3]))
    found = quick.backend.numpy(quick.result(quick.join(first, last)))
    np.testing.assert_array_equal(found, quick.backend.numpy(quick.result(state)))


@pytest.mark.parametrize("kind", PAIRS)
def test_half_precision_is_summed_in_single(kind):
    import torch

    quick = without_error(kind(backends.by_name("torch")))
    values = torch.from_numpy(np.random.default_rng(2).gamma(2, size=(400, 1, 3))).half()
    state = quick.absorb(quick.begin(values[0]), values.reshape(400, 3))
    found = quick.result(state)
    assert found.dtype == torch.float32
    exact = kind(quick.backend)
    expected = exact.result(exact.absorb(exact.begin(values[0].double()), values.reshape(400, 3).double()))
    assert distance(found.numpy(), expected.numpy()) < 1e-6


@pytest.mark.parametrize("pieces", [[7], [3, 4], [1] * 7])
def test_samples_that_are_all_equal_vary_by_nothing_at_all(pieces, backend):
    values = np.full((7, 2, 3), 0.1, np.float32) * np.float32([1, 3, 7])
    quick = ErrorlessVariance(backends.by_name(backend))
    assert not quick.backend.numpy(quick.result(fed(quick, values, pieces))).any()


def test_the_variance_does_not_cancel_far_from_zero():
    values = (1000 + np.random.default_rng(0).normal(size=(40, 2, 5))).astype(np.float32)
    quick = ErrorlessVariance(backends.by_name("torch"))
    found = quick.backend.numpy(quick.result(fed(quick, values, [7, 13, 20])))
    assert distance(found, values.astype(np.float64).var(axis=0, ddof=1)) < 1e-5


class Doubled(Mean):
    """A statistic of somebody's own: it computes what it computes."""

    def result(self, state):
        return 2 * super().result(state)


@pytest.mark.parametrize("kind", [WeightedSum, Trapezoid, Doubled])
def test_all_others_stay_what_they_are(kind):
    one = kind(backends.by_name("torch"))
    assert without_error(one) is one


def statistics(backend, method, **options):
    """The kinds of the brackets' statistics in a call, and whether it measures the gap of each point."""
    one = fresh_net("smooth_conv", backend)
    one.attribute(batch("smooth_conv", backend, 3), method, **options)
    (composition,) = one._engine._compositions.values()
    return [type(first.statistic) for first, *_ in composition.reductions], composition.gap is not None


NESTED = ("smoothed_integrated_gradients", {"nsamples": (4, 3)})


@pytest.mark.parametrize(
    "method, options, diagnosed, quick",
    [
        ("smoothgrad", {"nsamples": 4}, ([Mean], False), ([ErrorlessMean], False)),
        ("smoothgrad_squared", {"nsamples": 4}, ([MeanOfSquares], False), ([ErrorlessMeanOfSquares], False)),
        ("vargrad", {"nsamples": 4}, ([Variance], False), ([ErrorlessVariance], False)),
        ("integrated_gradients", {"nsamples": 4}, ([StratifiedMean], True), ([ErrorlessMean], False)),
        ("integrated_gradients", {"nsamples": 4, "baseline": 0}, ([WeightedSum], False), ([WeightedSum], False)),
        (*NESTED, ([Mean, ErrorlessMean], False), ([ErrorlessMean, ErrorlessMean], False)),
    ],
)
def test_errors_are_computed_where_they_are_told(method, options, diagnosed, quick, backend):
    assert statistics(backend, method, diagnose=True, **options) == diagnosed
    assert statistics(backend, method, diagnose=False, **options) == quick


def test_a_tolerance_needs_errors_in_any_case(backend):
    found = statistics(backend, "smoothgrad", tolerance=0.5, nsamples=32, diagnose=False)
    assert found == ([Mean], False)


@pytest.mark.parametrize("options", [{}, {"baseline": "zero"}])
def test_a_tolerance_is_judged_alike_without_the_gap(options, backend):
    one, given = fresh_net("smooth_conv", backend), batch("smooth_conv", backend, 3)
    full, quick = (
        one.attribute(given, "integrated_gradients", tolerance=0.05, nsamples=33, diagnose=each, **options)
        for each in (True, False)
    )
    assert full.completeness_gap is not None and full.completeness_error is not None
    assert quick.completeness_gap is None and quick.completeness_error is None
    for name in ("relative_error", "met_tolerance", "gradient_evaluations"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(full, name))
    np.testing.assert_array_equal(maps(quick)["x"], maps(full)["x"])


def test_a_gradient_is_composed_once(backend):
    """There is nothing to tell of its error."""
    one, given = fresh_net("smooth_conv", backend), batch("smooth_conv", backend, 3)
    full, quick = (maps(one.attribute(given, diagnose=each))["x"] for each in (True, False))
    np.testing.assert_array_equal(full, quick)
    assert len(one._engine._compositions) == 1


def test_one_net_tells_errors_when_asked_and_only_then(backend):
    """Whatever it was asked before: each has a program of its own."""
    one, given = fresh_net("smooth_conv", backend), batch("smooth_conv", backend, 3)
    told = [
        one.attribute(given, "integrated_gradients", nsamples=8, diagnose=each) for each in (False, True, False, True)
    ]
    assert [each.relative_error is not None for each in told] == [False, True, False, True]
    assert [each.completeness_gap is not None for each in told] == [False, True, False, True]
    np.testing.assert_array_equal(told[1].relative_error, told[3].relative_error)
    assert np.isfinite(told[1].relative_error).all() and np.isfinite(told[1].completeness_error).all()

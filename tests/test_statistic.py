"""Streaming statistics: equal to their definitions whatever the pieces they are fed in, errors included."""

import numpy as np
import pytest
from helpers import distance

from fe_saliency import backend as backends
from fe_saliency import statistic

KINDS = {
    "WeightedSum": statistic.WeightedSum,
    "Mean": statistic.Mean,
    "MeanOfSquares": statistic.MeanOfSquares,
    "StratifiedMean": statistic.StratifiedMean,
    "Variance": statistic.Variance,
}


def fed(name, backend, values, sizes, weights=None):
    """The statistic after it was fed `values` (K, B, ...) in pieces of these sizes."""
    running, start = KINDS[name](backends.by_name(backend)), 0
    for size in sizes:
        part = slice(start, start + size)
        tensors = (None if each is None else running.backend.tensor(each[part]) for each in (values, weights))
        running.update(*tensors)
        start += size
    assert start == len(values)
    return running


def result(running):
    return running.backend.numpy(running.result())


def errors(running):
    return running.backend.numpy(running.squared_error())


def expected(name, values, weights):
    """The statistic by its definition."""
    if name == "WeightedSum":
        return sum(weight * value for weight, value in zip(weights, values, strict=True))
    if name == "Variance":
        return values.var(axis=0, ddof=1)
    return (values**2 if name == "MeanOfSquares" else values).mean(axis=0)


def expected_errors(name, values):
    """The squared standard errors, summed over the row, (B,)."""
    count = len(values)
    if name == "Variance":  # unbiased for any distribution, by k-statistics (Fisher 1929, Proc. London Math. Soc. 30)
        away = values - values.mean(axis=0)
        second, fourth = (away**2).mean(axis=0), (away**4).mean(axis=0)
        k2 = second * count / (count - 1)
        k4 = (count + 1) * fourth - 3 * (count - 1) * second**2
        k4 *= count**2 / ((count - 1) * (count - 2) * (count - 3))
        return _row((2 * count * k2**2 + (count - 1) * k4) / (count * (count + 1)))
    values = values**2 if name == "MeanOfSquares" else values
    pairs = count // 2
    first, second = values[0 : 2 * pairs : 2], values[1 : 2 * pairs : 2]
    if name == "StratifiedMean":  # one draw a stratum: its variance is half the squared difference to its neighbour
        return _row(((first - second) ** 2 / 2).mean(axis=0) / count)
    means = (first + second) / 2
    return _row(means.var(axis=0, ddof=1) / pairs) * (2 * pairs / count) ** 2


def _row(values):
    return values.reshape(len(values), -1).sum(axis=1)


def splits(count, rng, times):
    """Random ways to cut `count` into pieces, after all at once and one by one."""
    yield [count]
    yield [1] * count
    for _ in range(times):
        cuts = np.sort(rng.choice(np.arange(1, count), size=rng.integers(1, count - 1), replace=False))
        yield np.diff([0, *cuts, count]).tolist()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("count", [6, 9])
def test_definition_in_any_pieces(name, count, backend):
    rng = np.random.default_rng(count)
    values, weights = rng.gamma(2, size=(count, 3, 4, 2)), rng.random(count)
    for sizes in splits(count, rng, 6):
        running = fed(name, backend, values, sizes, weights if name == "WeightedSum" else None)
        np.testing.assert_allclose(result(running), expected(name, values, weights), rtol=1e-12)
        if name == "WeightedSum":
            assert running.squared_error() is None
        else:
            np.testing.assert_allclose(errors(running), expected_errors(name, values), rtol=1e-10)


@pytest.mark.parametrize("name", ["Mean", "StratifiedMean", "Variance"])
def test_no_cancellation_far_from_zero(name):
    """In single precision the spread of numbers near 1000 is still right."""
    rng = np.random.default_rng(0)
    values = (1000 + rng.normal(size=(40, 2, 5))).astype(np.float32)
    exact = values.astype(np.float64)
    running = fed(name, "torch", values, [7, 13, 20])
    assert distance(result(running), expected(name, exact, None)) < 1e-5
    np.testing.assert_allclose(errors(running), expected_errors(name, exact), rtol=1e-3)


@pytest.mark.parametrize("name, least", [("Mean", 4), ("MeanOfSquares", 4), ("StratifiedMean", 2), ("Variance", 4)])
def test_too_few_samples_tell_no_error(name, least, backend):
    values = np.random.default_rng(0).normal(size=(least, 2, 3))
    assert np.isfinite(errors(fed(name, backend, values, [least]))).all()
    few = fed(name, backend, values[:-1], [least - 1])
    assert np.isnan(errors(few)).all() and errors(few).shape == (2,)


@pytest.mark.parametrize("name", ["Mean", "MeanOfSquares", "Variance", "StratifiedMean"])
def test_the_error_is_the_spread_of_the_result(name):
    """On average over many repetitions, for few samples of a skewed distribution."""
    rng = np.random.default_rng(1)
    repetitions, count = 20_000, 12
    values = rng.gamma(2, size=(count, repetitions, 1))
    if name in ("Mean", "MeanOfSquares"):  # the two of a pair depend on each other
        values[1::2] = 0.7 * values[0::2] + 0.3 * values[1::2]
    running = fed(name, "torch", values, [5, 7])
    assert errors(running).mean() == pytest.approx(result(running).var(), rel=0.1)


def test_a_wrong_statistic_is_noticed():
    values = np.random.default_rng(0).normal(size=(6, 2, 3))
    biased = values.var(axis=0)
    assert distance(result(fed("Variance", "torch", values, [6])), biased) > 0.1
    independent = _row(values.var(axis=0, ddof=1) / 6)
    assert not np.allclose(errors(fed("Mean", "torch", values, [6])), independent, rtol=0.1)


@pytest.mark.parametrize("pieces", [[7], [3, 4], [1] * 7])
def test_samples_that_are_all_equal_vary_by_nothing_at_all(pieces, backend):
    """Not even by rounding, which a display would stretch to full contrast."""
    values = np.full((7, 2, 3), 0.1, np.float32) * np.float32([1, 3, 7])
    running = fed("Variance", backend, values, pieces)
    assert not backends.to_numpy(running.result()).any()
    assert not backends.to_numpy(running.squared_error()).any()

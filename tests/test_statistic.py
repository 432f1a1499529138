"""Streaming statistics: equal to their definitions whatever the pieces they are fed in, errors included."""

import numpy as np
import pytest
from helpers import distance

from fe_saliency import backend as backends
from fe_saliency import quadrature, statistic

KINDS = {
    "WeightedSum": statistic.WeightedSum,
    "Mean": statistic.Mean,
    "MeanOfSquares": statistic.MeanOfSquares,
    "StratifiedMean": statistic.StratifiedMean,
    "Variance": statistic.Variance,
}


class Fed:
    """A statistic that was fed `values` (K, B, ...) in pieces of these sizes, as tensors."""

    def __init__(self, name, backend, values, sizes, weights=None):
        self.backend = backends.by_name(backend)
        self.statistic = KINDS[name](self.backend)
        self.state, start = self.statistic.begin(self.backend.tensor(values[0])), 0
        for size in sizes:
            self.state = self.absorbed(
                values[start : start + size], None if weights is None else weights[start:][:size]
            )
            start += size
        assert start == len(values)

    def absorbed(self, values, weights):
        folded = self.backend.tensor(values.reshape(-1, *values.shape[2:]))
        return self.statistic.absorb(self.state, folded, None if weights is None else self.backend.tensor(weights))

    def result(self):
        return self.backend.numpy(self.statistic.result(self.state))

    def errors(self):
        found = self.statistic.squared_error(self.state)
        return None if found is None else self.backend.numpy(found)


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
    means = (values[0 : 2 * pairs : 2] + values[1 : 2 * pairs : 2]) / 2
    variance = means.var(axis=0, ddof=1)
    if name == "StratifiedMean":  # one pair a stratum: its variance is half the squared difference to its neighbour
        variance = (np.diff(means, axis=0) ** 2 / 2).mean(axis=0)
    squared = _row(variance / pairs) * (2 * pairs / count) ** 2
    if name == "StratifiedMean" and count % 2:  # the one left over varies more than a pair, as its distance tells
        squared = squared + _row((values[-1] - means[-1]) ** 2) / count**2
    return squared


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
        running = Fed(name, backend, values, sizes, weights if name == "WeightedSum" else None)
        np.testing.assert_allclose(running.result(), expected(name, values, weights), rtol=1e-12)
        if name == "WeightedSum":
            assert running.errors() is None
        else:
            np.testing.assert_allclose(running.errors(), expected_errors(name, values), rtol=1e-10)


@pytest.mark.parametrize("name", ["Mean", "StratifiedMean", "Variance"])
def test_no_cancellation_far_from_zero(name):
    """In single precision the spread of numbers near 1000 is still right."""
    rng = np.random.default_rng(0)
    values = (1000 + rng.normal(size=(40, 2, 5))).astype(np.float32)
    exact = values.astype(np.float64)
    running = Fed(name, "torch", values, [7, 13, 20])
    assert distance(running.result(), expected(name, exact, None)) < 1e-5
    np.testing.assert_allclose(running.errors(), expected_errors(name, exact), rtol=1e-3)


@pytest.mark.parametrize("name, least", [("Mean", 4), ("MeanOfSquares", 4), ("StratifiedMean", 4), ("Variance", 4)])
def test_too_few_samples_tell_no_error(name, least, backend):
    values = np.random.default_rng(0).normal(size=(least, 2, 3))
    assert np.isfinite(Fed(name, backend, values, [least]).errors()).all()
    few = Fed(name, backend, values[:-1], [least - 1])
    assert np.isnan(few.errors()).all() and few.errors().shape == (2,)


@pytest.mark.parametrize("name", ["Mean", "MeanOfSquares", "Variance", "StratifiedMean"])
def test_the_error_is_the_spread_of_the_result(name):
    """On average over many repetitions, for few samples of a skewed distribution."""
    rng = np.random.default_rng(1)
    repetitions, count = 20_000, 12
    values = rng.gamma(2, size=(count, repetitions, 1))
    if name != "Variance":  # the two of a pair depend on each other
        values[1::2] = 0.7 * values[0::2] + 0.3 * values[1::2]
    running = Fed(name, "torch", values, [5, 7])
    assert running.errors().mean() == pytest.approx(running.result().var(), rel=0.1)


def test_a_wrong_statistic_is_noticed():
    values = np.random.default_rng(0).normal(size=(6, 2, 3))
    biased = values.var(axis=0)
    assert distance(Fed("Variance", "torch", values, [6]).result(), biased) > 0.1
    independent = _row(values.var(axis=0, ddof=1) / 6)
    assert not np.allclose(Fed("Mean", "torch", values, [6]).errors(), independent, rtol=0.1)


@pytest.mark.parametrize("pieces", [[7], [3, 4], [1] * 7])
def test_samples_that_are_all_equal_vary_by_nothing_at_all(pieces, backend):
    """Not even by rounding, which a display would stretch to full contrast."""
    values = np.full((7, 2, 3), 0.1, np.float32) * np.float32([1, 3, 7])
    running = Fed("Variance", backend, values, pieces)
    assert not running.result().any()
    assert not running.errors().any()


def test_some_rows_of_a_state_are_the_state_of_some_rows(backend):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 4, 3))
    for name in ("Mean", "StratifiedMean", "Variance"):
        whole, some = Fed(name, backend, values, [3, 2]), Fed(name, backend, values[:, [2, 0]], [3, 2])
        state = whole.statistic.select(whole.state, whole.backend.tensor(np.array([2, 0])))
        np.testing.assert_array_equal(whole.backend.numpy(whole.statistic.result(state)), some.result())
        rest = whole.statistic.select(whole.state, whole.backend.tensor(np.array([1, 3])))
        joined = whole.statistic.join(state, rest)
        np.testing.assert_array_equal(whole.backend.numpy(whole.statistic.result(joined)), whole.result()[[2, 0, 1, 3]])


@pytest.mark.parametrize("levels", [2, 3, 5])
def test_the_trapezoid_rule_is_refined_by_halving(levels, backend):
    """Whatever it was fed with before, the points so far are a trapezoid rule, and the error is the last change."""
    one = statistic.Trapezoid(backends.by_name(backend))
    state, taken, before = one.begin(one.backend.tensor(np.zeros((2, 1)))), 0, None
    for stop in [2, 3, 5, 9, 17][:levels]:
        points, weights = quadrature.halving(range(taken, stop))
        values = np.stack([np.stack([point**2, np.exp(point)]) for point in points])
        state = one.absorb(state, one.backend.tensor(values.reshape(-1, 1)), one.backend.tensor(weights))
        xs, ws = quadrature.trapezoid(stop)
        exact = np.array([np.sum(ws * xs**2), np.sum(ws * np.exp(xs))])
        np.testing.assert_allclose(one.backend.numpy(one.result(state))[:, 0], exact, rtol=1e-12)
        if before is not None:
            np.testing.assert_allclose(one.backend.numpy(one.squared_error(state)), (exact - before) ** 2, rtol=1e-9)
        state, taken, before = one.mark(state), stop, exact

"""Statistics in a Network: what comes in several batches, what comes at once, and what stands beside it."""

import numpy as np
import pytest
from models import to_backend, to_host
from running import fold, images, run

from fe_saliency import backend as backends
from fe_saliency import statistic
from fe_saliency.op import Accumulate, ElementSum, LastSample, Reduce, RepeatLike

DEFINITIONS = {
    statistic.WeightedSum: lambda values, weights: np.tensordot(weights, values, 1),
    statistic.Mean: lambda values, weights: values.mean(axis=0),
    statistic.MeanOfSquares: lambda values, weights: (values**2).mean(axis=0),
    statistic.StratifiedMean: lambda values, weights: values.mean(axis=0),
    statistic.Variance: lambda values, weights: values.var(axis=0, ddof=1),
}
SAMPLES, ROWS = 7, 3
WEIGHTS = np.random.default_rng(5).random(SAMPLES)
#: The samples of two inputs, (K, B, ...).
VALUES = [images(SAMPLES * ROWS).reshape(SAMPLES, ROWS, 4, 5, 2), images(SAMPLES * ROWS, 1, (6,)).reshape(-1, ROWS, 6)]


def accumulated(kind, backend, pieces, given=VALUES):
    """The results for both inputs, whose samples came in pieces of these sizes, and how many tensors a state has."""
    one = kind(backends.by_name(backend))
    keys = [[f"{part}{slot}" for part in one.parts] for slot in (0, 1)]
    op = Accumulate(inputs=["x0", "x1"], weights="w", states=keys, statistic=one)
    assert op.inputs == ["x0", "x1", *keys[0], *keys[1], *(["w"] if one.weighted else [])]
    assert op.outputs == [*keys[0], *keys[1]]
    op.build(backend)
    state = [part for values in given for part in one.begin(to_backend(values[0], backend))]
    start = 0
    for size in pieces:
        part = slice(start, start + size)
        samples = [to_backend(fold(values[part]), backend) for values in given]
        weights = [to_backend(WEIGHTS[part], backend)] if one.weighted else []
        before = [to_host(each).copy() for each in state]
        after = op.forward([*samples, *state, *weights], {})
        for each, kept in zip(state, before, strict=True):
            np.testing.assert_array_equal(to_host(each), kept, err_msg="what was fed has changed")
        state, start = after, start + size
    assert start == SAMPLES
    size = len(one.parts)
    return [to_host(one.result(tuple(state[slot * size : (slot + 1) * size]))) for slot in (0, 1)]


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize("pieces", [[SAMPLES], [1] * SAMPLES, [2, 4, 1], [3, 1, 3]])
def test_several_batches_give_the_statistic_of_all(kind, pieces, backend):
    for found, values in zip(accumulated(kind, backend, pieces), VALUES, strict=True):
        np.testing.assert_allclose(found, DEFINITIONS[kind](values, WEIGHTS), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_all_at_once(kind, backend):
    """The result and, where there is an error, its squared norm and its squared error."""
    one = kind(backends.by_name(backend))
    keys = [[f"{part}{slot}" for part in one.results] for slot in (0, 1)]
    op = Reduce(inputs=["x0", "x1"], like=["z0", "z1"], weights="w", outputs=keys, statistic=one)
    assert op.inputs == ["x0", "x1", "z0", "z1", *(["w"] if one.weighted else [])]
    assert op.outputs == [*keys[0], *keys[1]]
    fed = [*map(fold, VALUES), *(each[0] for each in VALUES), *([WEIGHTS] if one.weighted else [])]
    found = dict(zip(op.outputs, run(op, backend, *fed), strict=True))
    for slot, values in enumerate(VALUES):
        expected = DEFINITIONS[kind](values, WEIGHTS)
        np.testing.assert_allclose(found[f"map{slot}"], expected, rtol=1e-11, atol=1e-12)
        if "norm" in one.results:
            np.testing.assert_allclose(found[f"norm{slot}"], (expected.reshape(ROWS, -1) ** 2).sum(axis=1), rtol=1e-11)
        assert (f"error{slot}" in found) == (kind is not statistic.WeightedSum)
        if f"error{slot}" in found:
            first, every = (one.backend.tensor(array) for array in (values[0], fold(values)))
            state = one.absorb(one.begin(first), every)
            np.testing.assert_allclose(found[f"error{slot}"], to_host(one.squared_error(state)), rtol=1e-9)


def test_one_wrong_sample_is_noticed(backend):
    wrong = [values.copy() for values in VALUES]
    wrong[0][-1, 0] += 1
    right = DEFINITIONS[statistic.Mean](VALUES[0], None)
    found = accumulated(statistic.Mean, backend, [2, 4, 1], wrong)[0]
    assert np.abs(found - right).max() == pytest.approx(1 / SAMPLES)


def test_sum_of_all_elements_of_each_row(backend):
    many, few = images(6), images(6, 1, (5,))
    (found,) = run(ElementSum(inputs=["x", "z"], outputs="sum"), backend, many, few)
    np.testing.assert_allclose(found, many.sum(axis=(1, 2, 3)) + few.sum(axis=1), rtol=1e-12)
    (alone,) = run(ElementSum(inputs="z", outputs="sum"), backend, few)
    np.testing.assert_allclose(alone, few.sum(axis=1), rtol=1e-12)


def test_the_sum_of_half_precision_is_single(backend):
    ones = np.full((2, 50, 50), 1.0, "float16")  # float16 counts no further than 2,048
    (found,) = run(ElementSum(inputs="x", outputs="sum"), backend, ones)
    assert found.dtype == np.float32 and found.tolist() == [2500, 2500]


@pytest.mark.parametrize("times", [1, 3])
def test_rows_are_repeated_to_stand_beside_samples(times, backend):
    x, like = images(4), images(4 * times, 1, (6,))
    (found,) = run(RepeatLike(inputs=["x", "z"], outputs="y"), backend, x, like)
    np.testing.assert_array_equal(found, np.concatenate([x] * times))


def test_the_last_sample_of_each_row(backend):
    values, flat, like = images(12), images(12, 1, (6,)), images(3, 2)
    found = run(LastSample(inputs=["x", "z", "like"], outputs=["a", "b"]), backend, values, flat, like)
    np.testing.assert_array_equal(found[0], values[9:])
    np.testing.assert_array_equal(found[1], flat[9:])

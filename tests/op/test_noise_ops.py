"""Sampling around the input: the patterns, their pairs, and the range that scales them."""

import numpy as np
import pytest
from running import fold, images, run

from fe_saliency import patterns
from fe_saliency.op import AddNoise, ClippedNoise, NormalPattern

ROW = (4, 5, 2)


def noise(seed, index, start, stop, nsamples, row, axis, spread, antithetic):
    return patterns.noise(seed, index, range(start, stop), nsamples, row, axis, antithetic) * spread


def test_each_row_is_disturbed_in_its_own_range(backend):
    x, pattern = images(), images(5, seed=1)
    (found,) = run(AddNoise(inputs=["x", "p"], outputs="y"), backend, x, pattern)
    span = x.max(axis=(1, 2, 3), keepdims=True) - x.min(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(found, fold(x[None] + span * pattern[:, None]), rtol=1e-12, atol=1e-12)


def test_clipped_noise_stays_in_each_rows_own_range(backend):
    x, pattern = images(), images(5, seed=1)
    (free,) = run(AddNoise(inputs=["x", "p"], outputs="y"), backend, x, pattern)
    (found,) = run(ClippedNoise(inputs=["x", "p"], outputs="y"), backend, x, pattern)
    low, high = (each((1, 2, 3), keepdims=True) for each in (x.min, x.max))
    np.testing.assert_array_equal(found, fold(np.clip(free.reshape(5, *x.shape), low, high)))


def test_several_tensors_keep_their_order(backend):
    x, z = images(), images(shape=(6,))
    p, q = images(2, seed=1), images(2, seed=2, shape=(6,))
    op = AddNoise(inputs=["x", "z", "p", "q"], outputs=["a", "b"])
    both = run(op, backend, x, z, p, q)
    for alone, together in zip(
        (
            run(AddNoise(inputs=["x", "p"], outputs="a"), backend, x, p),
            run(AddNoise(inputs=["z", "q"], outputs="b"), backend, z, q),
        ),
        both,
        strict=True,
    ):
        np.testing.assert_array_equal(alone[0], together)


def test_a_constant_row_is_not_disturbed(backend):
    x = np.full((2, *ROW), 3.0)
    (found,) = run(AddNoise(inputs=["x", "p"], outputs="y"), backend, x, images(4))
    np.testing.assert_array_equal(found, np.full((8, *ROW), 3.0))


@pytest.mark.parametrize("nsamples", [1, 4, 5])
def test_antithetic_pairs_and_the_clean_one_left_over(nsamples):
    drawn = noise(3, 1, 0, nsamples, nsamples, ROW, -1, 0.2, True)
    for pair in range(nsamples // 2):
        expected = patterns.normal(3, 1, [pair], ROW, -1)[0] * np.float32(0.2)
        np.testing.assert_array_equal(drawn[2 * pair], expected)
        np.testing.assert_array_equal(drawn[2 * pair + 1], -expected)
    if nsamples % 2:
        assert not drawn[-1].any()


@pytest.mark.parametrize("antithetic", [True, False])
@pytest.mark.parametrize("nsamples", [2, 5, 6])
def test_any_cut_gives_the_same_patterns(antithetic, nsamples):
    whole = noise(0, 0, 0, nsamples, nsamples, ROW, -1, 0.2, antithetic)
    for start in range(nsamples):
        for stop in range(start + 1, nsamples + 1):
            part = noise(0, 0, start, stop, nsamples, ROW, -1, 0.2, antithetic)
            np.testing.assert_array_equal(part, whole[start:stop])


def test_independent_samples_are_independent():
    drawn = noise(0, 0, 0, 8, 8, (5000,), -1, 1.0, False)
    assert np.abs(np.corrcoef(drawn) - np.eye(8)).max() < 0.07


def test_pattern_op_draws_what_saliency_net_draws(backend):
    op = NormalPattern(inputs=["x", "z"], outputs=["p", "q"], nsamples=5, stdev_spread=0.3, seed=4)
    found = run(op, backend, images(), images(shape=(6,)))
    for index, row in enumerate([ROW, (6,)]):
        np.testing.assert_array_equal(found[index], noise(4, index, 0, 5, 5, row, -1, 0.3, True))


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"nsamples": 0}, ValueError, r"`nsamples` \(=0\) must be at least 1"),
        ({"nsamples": 2.5}, TypeError, r"`nsamples` \(=2.5\) must be a whole number, not float"),
        ({"stdev_spread": -0.1}, ValueError, r"`stdev_spread` \(=-0.1\) must be a finite number of at least 0"),
        ({"stdev_spread": float("nan")}, ValueError, r"`stdev_spread` \(=nan\) must be a finite number"),
        ({"outputs": ["a", "b"]}, ValueError, r"must name the same number of keys"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        NormalPattern(**{"inputs": "x", "outputs": "p", **arguments})


@pytest.mark.parametrize("inputs", [["x", "z", "p", "q"], ["x", "z", "p"], ["x"]])
def test_one_pattern_for_each_tensor(inputs):
    with pytest.raises(ValueError, match="must name the same number of keys"):
        AddNoise(inputs=inputs, outputs="y")

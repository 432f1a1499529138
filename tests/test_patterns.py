"""Random patterns: Philox as its authors define it, keyed as DESIGN says, and nothing global is touched."""

import random

import numpy as np
import pytest

from fe_saliency import patterns

DRAWS = [patterns.normal, patterns.uniform, patterns.gaussian]
M0, M1, W0, W1 = 0xD2E7470EE14C6C93, 0xCA5A826395121157, 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
WORD = 2**64


def philox(counter, key):
    """Four random words: ten rounds of Philox 4x64 (Salmon et al. 2011, Parallel random numbers)."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(M0 * c0, WORD)
        high1, low1 = divmod(M1 * c2, WORD)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + W0) % WORD, (k1 + W1) % WORD
    return [c0, c1, c2, c3]


def test_the_derivation_knows_the_published_values():
    """The known-answer test of Random123, kat_vectors: philox4x64 10."""
    zero = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert philox([0, 0, 0, 0], [0, 0]) == zero


@pytest.mark.parametrize("seed, index, sample", [(0, 0, 0), (7, 1, 3), (2**64 - 1, 2, 1000)])
def test_uniform_is_keyed_by_seed_stream_input_and_half_the_sample(seed, index, sample):
    pair, second = divmod(sample, 2)
    words = []
    for block in (1, 2):  # NumPy counts on before it draws
        words += philox([block, 0, 0, pair], [seed, (1 << 32) | index])
    halves = [half for word in words for half in (word % 2**32, word >> 32)]
    steps = [half >> 8 for half in halves[:12]]
    if second:
        steps = [2**24 - step for step in steps]
    drawn = patterns.uniform(seed, index, [sample], (2, 3, 2), -1)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn.reshape(-1) * 2**24, steps)


def test_neighbours_mirror_each_other():
    """About the middle of the range, exactly, and nobody else does."""
    drawn = patterns.uniform(4, 1, range(6), (3, 5), -1).astype(float)
    np.testing.assert_array_equal(drawn[0::2] + drawn[1::2], np.ones((3, 3, 5)))
    assert np.abs(drawn[1:-1:2] + drawn[2::2] - 1).max() > 0.1
    assert len(np.unique(drawn.reshape(6, -1), axis=0)) == 6


@pytest.mark.parametrize("seed, index, sample", [(0, 0, 0), (7, 1, 3), (2**64 - 1, 2, 1000)])
def test_normal_is_keyed_by_seed_stream_input_and_sample(seed, index, sample):
    key = np.array([seed, (0 << 32) | index], np.uint64)
    philox_ = np.random.Philox(key=key, counter=np.array([0, 0, 0, sample], np.uint64))
    expected = np.random.Generator(philox_).standard_normal((2, 3, 2), dtype=np.float32)
    np.testing.assert_array_equal(patterns.normal(seed, index, [sample], (2, 3, 2), -1)[0], expected)


@pytest.mark.parametrize("draw", DRAWS)
def test_channels_first_is_the_same_picture(draw):
    last = draw(3, 0, range(4), (5, 6, 2), -1)
    first = draw(3, 0, range(4), (2, 5, 6), 1)
    assert first.shape == (4, 2, 5, 6)
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), last)
    np.testing.assert_array_equal(draw(3, 0, range(4), (7,), 1), draw(3, 0, range(4), (7,), -1))


@pytest.mark.parametrize("draw", DRAWS)
def test_a_sample_does_not_depend_on_the_others(draw):
    together = draw(5, 1, range(6), (4,), -1)
    np.testing.assert_array_equal(draw(5, 1, [4, 1], (4,), -1), together[[4, 1]])


@pytest.mark.parametrize("draw", DRAWS)
def test_seeds_inputs_samples_and_streams_are_uncorrelated(draw):
    size, pair = 20_000, 1 if draw is patterns.normal else 2  # the second of a pair is the first, mirrored
    drawn = [draw(seed, index, [sample], (size,), -1)[0] for seed in (0, 1) for index in (0, 1) for sample in (0, pair)]
    between = np.corrcoef([*drawn, *(other(0, 0, [0], (size,), -1)[0] for other in DRAWS if other is not draw)])
    assert np.abs(between - np.eye(len(between))).max() < 5 / np.sqrt(size)


def test_moments():
    """Within five standard errors."""
    size = 100_000
    normal = patterns.normal(0, 0, [0], (size,), -1).astype(float)
    assert abs(normal.mean()) < 5 / np.sqrt(size) and abs(normal.var() - 1) < 5 * np.sqrt(2 / size)
    for uniform in patterns.uniform(0, 0, range(2), (size,), -1).astype(float):
        assert uniform.min() >= 0 and uniform.max() <= 1
        assert abs(uniform.mean() - 0.5) < 5 / np.sqrt(12 * size)
        assert abs(uniform.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / size)


def test_global_generators_stand_still():
    before = random.getstate(), np.random.get_state()
    for draw in DRAWS:
        draw(0, 0, range(3), (4, 4, 2), -1)
    after = random.getstate(), np.random.get_state()
    assert before[0] == after[0] and all(np.array_equal(a, b) for a, b in zip(before[1], after[1], strict=True))


def test_an_order_is_of_all_and_a_function_of_seed_and_sample():
    first = patterns.shuffled(3, range(14), 7)
    patterns._KEPT.patterns.clear()
    np.testing.assert_array_equal(patterns.shuffled(3, range(5, 12), 7), first[5:12])
    assert sorted(first[:7]) == sorted(first[7:]) == list(range(7))
    assert (first[:7] != first[7:]).any() and (patterns.shuffled(4, range(14), 7) != first).any()

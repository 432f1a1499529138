"""Concentration: closed forms and slow re-derivations."""

import math

import numpy as np
import pytest

from fe_saliency.measure import effective_pixels, entropy, gini


def shared(by, of=20):
    """A heat that `by` of `of` pixels share equally."""
    heat = np.zeros((1, of))
    heat[0, :by] = 0.7
    return heat


def slow_gini(row):
    """The mean difference of all pairs, over twice the mean: the index as economists define it."""
    pairs = [abs(a - b) for a in row for b in row]
    return sum(pairs) / len(pairs) / (2 * sum(row) / len(row))


def slow_entropy(row):
    return -sum(each / sum(row) * math.log(each / sum(row)) for each in row if each)


@pytest.mark.parametrize("by", [1, 2, 7, 20])
def test_equal_shares(by):
    assert gini(shared(by)).item() == pytest.approx(1 - by / 20, abs=1e-14)
    assert entropy(shared(by)).item() == pytest.approx(math.log(by), abs=1e-14)
    assert effective_pixels(shared(by)).item() == pytest.approx(by, abs=1e-12)


def test_the_ends_are_exact():
    assert gini(shared(20)).item() >= 0
    assert entropy(shared(1)).item() == 0
    assert effective_pixels(shared(1)).item() == 1


@pytest.mark.parametrize("zeros", [0, 13])
def test_slow_references(zeros):
    heat = np.random.default_rng(1).exponential(size=(3, 6, 7))
    heat[:, :, :].reshape(3, -1)[:, :zeros] = 0
    for row, one in enumerate(heat.reshape(3, -1).tolist()):
        assert gini(heat)[row] == pytest.approx(slow_gini(one), abs=1e-13)
        assert entropy(heat)[row] == pytest.approx(slow_entropy(one), abs=1e-13)
        assert effective_pixels(heat)[row] == pytest.approx(math.exp(slow_entropy(one)), rel=1e-13)


def test_gini_is_hurley_and_rickards():
    heat = np.random.default_rng(2).exponential(size=30)
    ordered, total = sorted(heat.tolist()), heat.sum()
    expected = 1 - 2 * sum(each / total * (30 - k + 0.5) / 30 for k, each in enumerate(ordered, start=1))
    assert gini(heat[None]).item() == pytest.approx(expected, abs=1e-14)


def test_where_the_pixels_are_does_not_matter():
    heat = np.random.default_rng(3).exponential(size=(2, 50))
    mixed = heat[:, np.random.default_rng(4).permutation(50)]
    for measure in (gini, entropy, effective_pixels):
        np.testing.assert_allclose(measure(mixed), measure(heat), rtol=1e-13)


def test_a_heat_seen_twice():
    """Hurley and Rickard's cloning: the share of the pixels stays, so Gini does; their number doubles."""
    heat = np.random.default_rng(5).exponential(size=(2, 30))
    twice = np.concatenate([heat, heat], axis=1)
    np.testing.assert_allclose(gini(twice), gini(heat), rtol=1e-12)
    np.testing.assert_allclose(effective_pixels(twice), 2 * effective_pixels(heat), rtol=1e-12)


def test_giving_from_the_rich_to_the_poor_spreads_attention():
    """Hurley and Rickard's Robin Hood."""
    heat = np.array([[1.0, 2, 3, 10]])
    spread = np.array([[2.0, 2, 3, 9]])
    assert gini(spread) < gini(heat)
    assert entropy(spread) > entropy(heat)


def test_a_single_pixel():
    assert gini(np.array([[5.0]])).item() == 0
    assert effective_pixels(np.array([[5.0]])).item() == 1

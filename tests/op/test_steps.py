"""Ops of paths that are not straight: blurred copies, positions of one's own, and shares of squares."""

import numpy as np
import pytest
from running import fold, images, run
from scipy.ndimage import gaussian_filter

from fe_saliency.op import Blur, PathAt, SquaredShare

SIGMA = np.array([0.05, 0.4, 2.5])


@pytest.mark.parametrize("shape, sigma", [((4, 5, 2), (1, 1, 0)), ((7, 3), (1, 0)), ((3, 4, 2, 2), (1, 1, 1, 0))])
def test_blurred_copies_and_their_change(shape, sigma, backend):
    x, pace, step = images(shape=shape), np.array([1.0, -2.0, 3.0]), 1e-5
    copies, changes = run(Blur(["x", "s", "p"], ["y", "d"], max_sigma=3.0), backend, x, SIGMA, pace)

    def blurred(scale):
        return np.stack([gaussian_filter(row, scale * np.array(sigma), mode="constant", truncate=30) for row in x])

    np.testing.assert_allclose(copies, fold(np.stack([blurred(scale) for scale in SIGMA])), atol=1e-9)
    slopes = [
        rate * (blurred(scale + step) - blurred(scale - step)) / (2 * step)
        for scale, rate in zip(SIGMA, pace, strict=True)
    ]
    np.testing.assert_allclose(changes, fold(np.stack(slopes)), atol=1e-6)
    np.testing.assert_array_equal(copies[:3], x)


def test_a_table_is_repeated(backend):
    x = images(shape=(5,))
    copies, changes = run(Blur(["x", "s", "p"], ["y", "d"], max_sigma=3.0), backend, x, SIGMA, SIGMA)
    np.testing.assert_array_equal(copies, np.concatenate([x] * 3))
    assert not changes.any()


def test_each_element_has_a_position_of_its_own(backend):
    x, start = images(6), images(3, seed=1)
    position = np.random.default_rng(2).random(x.shape)
    point, difference = run(PathAt(["x", "b", "p"], ["point", "d"]), backend, x, start, position)
    both = np.concatenate([start, start])
    np.testing.assert_allclose(difference, x - both)
    np.testing.assert_allclose(point, both * (1 - position) + x * position)


def test_shares_of_all_inputs_sum_to_one(backend):
    x, z = images(), images(shape=(5,))
    x[0], z[0] = 0, 0
    x[1] *= 1e-300
    z[1] = 0
    found = run(SquaredShare(["x", "z"], ["y", "v"]), backend, x, z)
    np.testing.assert_allclose(sum(each.reshape(3, -1).sum(axis=1) for each in found), [0, 1, 1])
    whole = (x[2] ** 2).sum() + (z[2] ** 2).sum()
    np.testing.assert_allclose(found[0][2], x[2] ** 2 / whole)
    np.testing.assert_allclose(found[1][2], z[2] ** 2 / whole)


def test_a_scale_that_is_not_above_zero_is_refused():
    with pytest.raises(ValueError, match=r"`max_sigma` \(=0\) must be a finite number above 0"):
        Blur(["x", "s", "p"], ["y", "d"], max_sigma=0)

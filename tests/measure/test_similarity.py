"""Similarity: closed forms, slow re-derivations, and SciPy and scikit-image as oracles."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

from fe_saliency.measure import cosine, flat, rank_correlation, ssim


def heats(shape=(5, 12, 14), seed=1):
    return np.random.default_rng(seed).exponential(size=shape)


def smooth_heats(shape=(4, 16, 20), seed=1):
    """Heats with structure: sums along both axes."""
    return np.abs(np.random.default_rng(seed).normal(size=shape).cumsum(axis=1).cumsum(axis=2))


def slow_ranks(row):
    """1 + how many are smaller + half of how many others are equal."""
    return [1 + sum(other < each for other in row) + (sum(other == each for other in row) - 1) / 2 for each in row]


def slow_cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


@pytest.mark.parametrize("levels", [3, 10**6])
def test_rank_correlation_equals_scipy_and_the_slow_reference(levels):
    """With few levels nearly all pixels tie."""
    a, b = (np.random.default_rng(seed).integers(levels, size=(3, 40)).astype(float) for seed in (1, 2))
    found = rank_correlation(a, a + b)
    for row in range(3):
        pair = np.array([slow_ranks(a[row]), slow_ranks((a + b)[row])])
        assert found[row] == pytest.approx(slow_cosine(*(pair - pair.mean(axis=1, keepdims=True))), abs=1e-13)
        assert found[row] == pytest.approx(spearmanr(a[row], (a + b)[row]).statistic, abs=1e-13)


def test_rank_correlation_sees_order_only():
    a = heats()
    np.testing.assert_array_equal(rank_correlation(a, np.exp(a)), np.ones(5))
    np.testing.assert_array_equal(rank_correlation(a, a.max() - a), -np.ones(5))
    outlier = a.copy()
    outlier[:, 3, 3] = a.max(axis=(1, 2)) * 1e6
    assert (rank_correlation(a, outlier) > 0.95).all()


def test_similarities_do_not_depend_on_where_the_pixels_are_but_ssim_does():
    a, b = smooth_heats(), smooth_heats(seed=2)
    order = np.random.default_rng(3).permutation(a[0].size)
    mixed = [one.reshape(4, -1)[:, order].reshape(a.shape) for one in (a, b)]
    np.testing.assert_allclose(rank_correlation(*mixed), rank_correlation(a, b), rtol=1e-12)
    np.testing.assert_allclose(cosine(*mixed), cosine(a, b), rtol=1e-12)
    assert (np.abs(ssim(*mixed) - ssim(a, b)) > 0.01).all()


def test_cosine_equals_the_slow_reference_and_sees_signs():
    a, b = (np.random.default_rng(seed).normal(size=(3, 4, 5, 2)) for seed in (1, 2))
    found = cosine(a, b)
    for row in range(3):
        assert found[row] == pytest.approx(slow_cosine(a[row].ravel(), b[row].ravel()), abs=1e-14)
    np.testing.assert_array_equal(cosine(a, -a), -np.ones(3))
    assert cosine(np.array([[1.0, 0]]), np.array([[0.0, 7]])).item() == 0
    assert cosine(np.array([[1.0, 0]]), np.array([[1.0, 1]])).item() == pytest.approx(2**-0.5, abs=1e-15)


def test_inputs_of_a_model_side_by_side():
    a, b = heats((3, 4, 5)), heats((3, 6), 2)
    joined = flat([a, b])
    assert joined.shape == (3, 26) and joined.dtype == np.float64
    np.testing.assert_array_equal(joined, [[*a[row].ravel(), *b[row]] for row in range(3)])
    np.testing.assert_array_equal(flat([a.astype("float16")]), a.astype("float16").reshape(3, -1).astype(float))
    np.testing.assert_array_equal(flat([a[:0], b[:0]]), np.zeros((0, 26)))
    twice = cosine(flat([a, b]), flat([a, 2 * b]))
    for row in range(3):
        assert twice[row] == pytest.approx(slow_cosine([*a[row].ravel(), *b[row]], [*a[row].ravel(), *2 * b[row]]))


@pytest.mark.parametrize("shape", [(3, 28, 31), (3, 8, 8), (3, 11, 5), (2, 3, 12, 9), (2, 1, 7)])
def test_ssim_equals_scikit_image(shape):
    """Its map over all pixels; its own mean leaves out the border, and it refuses images below the window."""
    a = smooth_heats(shape)
    b = a + smooth_heats(shape, 2)
    found = ssim(a, b)
    for row in range(len(a)):
        x, y = a[row] / a[row].max(), b[row] / b[row].max()
        if min(x.shape) >= 11:
            _, each = structural_similarity(
                x, y, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
            )
            assert found[row] == pytest.approx(each.mean(), abs=1e-12)
        assert found[row] == pytest.approx(slow_ssim(x, y), abs=1e-12)


def slow_ssim(x, y):
    """Wang's definition, a window of 11 pixels around each pixel of a picture mirrored at its border."""
    window = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = window / window.sum()
    for _ in range(x.ndim - 1):
        weights = np.multiply.outer(weights, window / window.sum())
    wide_x, wide_y = np.pad(x, 5, mode="symmetric"), np.pad(y, 5, mode="symmetric")
    total = 0
    for at in np.ndindex(*x.shape):
        part = tuple(slice(each, each + 11) for each in at)
        one, two = wide_x[part], wide_y[part]
        mean_one, mean_two = (weights * one).sum(), (weights * two).sum()
        var_one, var_two = (weights * (one - mean_one) ** 2).sum(), (weights * (two - mean_two) ** 2).sum()
        both = (weights * (one - mean_one) * (two - mean_two)).sum()
        total += ((2 * mean_one * mean_two + 1e-4) * (2 * both + 9e-4)) / (
            (mean_one**2 + mean_two**2 + 1e-4) * (var_one + var_two + 9e-4)
        )
    return total / x.size


def test_ssim_of_tables_is_the_formula_over_the_row():
    a, b = heats((3, 9)), heats((3, 9), 2)
    found = ssim(a, b)
    for row in range(3):
        x, y = a[row] / a[row].max(), b[row] / b[row].max()
        cov = np.cov(x, y, bias=True)
        expected = (2 * x.mean() * y.mean() + 1e-4) * (2 * cov[0, 1] + 9e-4)
        expected /= (x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (cov[0, 0] + cov[1, 1] + 9e-4)
        assert found[row] == pytest.approx(expected, abs=1e-13)
    order = np.random.default_rng(3).permutation(9)
    np.testing.assert_allclose(ssim(a[:, order], b[:, order]), found, rtol=1e-12)


def test_ssim_falls_as_attention_moves_away():
    def spot(left):
        heat = np.zeros((1, 28, 28))
        heat[0, 10:14, left : left + 4] = 1
        return heat

    falling = [ssim(spot(4), spot(4 + step)).item() for step in (0, 1, 2, 4)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] == 1 and falling[-1] < 0.8


def test_a_corner_counts_as_much_as_the_middle_in_ssim():
    """A patch in a corner is what a shortcut looks like; Wang's border of 5 pixels would hide it."""
    corner, middle = np.full((2, 1, 28, 28), 0.1)
    corner[0, :3, :3], middle[0, 12:15, 12:15] = 1, 1
    plain = np.full((1, 28, 28), 0.1)
    plain[0, 20:, 20:] = 1
    seen = [1 - ssim(plain, np.maximum(plain, patch)).item() for patch in (corner, middle)]
    assert seen[0] > 0.3 * seen[1]


@pytest.mark.parametrize("measure", [rank_correlation, cosine, ssim])
def test_maps_of_different_shape_are_refused(measure):
    with pytest.raises(ValueError) as caught:
        measure(np.zeros((2, 3)), np.zeros((2, 4)))
    assert str(caught.value) == (
        "`a` (of shape (2, 3)) and `b` (of shape (2, 4)) must have the same shape: "
        "give maps of the same samples and the same model input."
    )


@pytest.mark.parametrize(
    "arrays, error, message",
    [
        ([], ValueError, "`arrays` (with [] rows) must be at least one, all with the same number of rows: give one "),
        ([np.zeros((2, 3)), np.zeros((4, 3))], ValueError, "`arrays` (with [2, 4] rows) must be at least one, all"),
        ([np.zeros(3)], ValueError, "`arrays` (of shape (3,)) must be (B, ...) with at least one value per row: add a"),
        ([np.array([["a"]])], TypeError, "`arrays` (of <U1) must hold real numbers: cast them, `astype('float32')`."),
    ],
)
def test_flat_refuses(arrays, error, message):
    with pytest.raises(error) as caught:
        flat(arrays)
    assert str(caught.value).startswith(message)

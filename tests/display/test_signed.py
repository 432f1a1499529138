"""Laws of the scalings that keep the sign, and of the one scale for many maps."""

import math

import numpy as np
import pytest

from fe_saliency.display import common_scale, to_mask, to_signed

SHAPES = [
    ((3, 8, 9, 2), -1),
    ((3, 2, 8, 9), 1),
    ((3, 17), -1),
    ((3, 40, 4), -1),
    ((2, 1, 1, 5), -1),
    ((2, 3, 4, 5, 2), -1),
]


def draw(shape, seed=1, dtype="float64"):
    return np.random.default_rng(seed).standard_t(2, size=shape).astype(dtype)


def slow_sums(values, channel_axis):
    """Row by row in plain Python floats."""
    values = np.asarray(values, np.float64)
    if values.ndim == 2:
        return values
    return np.stack([np.add.reduce(row, axis=channel_axis - (channel_axis > 0), keepdims=True) for row in values])


def slow_percentile(numbers):
    numbers = sorted(abs(float(number)) for number in numbers)
    return numbers[math.floor(0.99 * (len(numbers) - 1))] or numbers[-1] or 1.0


@pytest.mark.parametrize("shape, axis", SHAPES)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 2e-6)])
def test_signed_equals_the_slow_reference(shape, axis, dtype, tolerance):
    values = draw(shape, dtype=dtype)
    sums = slow_sums(values, axis)
    own = np.stack([np.clip(row / slow_percentile(row.ravel()), -1, 1) for row in sums])
    signed = to_signed(values, axis)
    assert signed.dtype == values.dtype
    np.testing.assert_allclose(signed, own, rtol=0, atol=tolerance)
    np.testing.assert_allclose(to_signed(values, axis, 0.7), np.clip(sums / 0.7, -1, 1), rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape, axis", SHAPES)
def test_a_given_scale_shifts_nothing(shape, axis):
    values = draw(shape)
    sums = slow_sums(np.abs(values), axis)
    np.testing.assert_allclose(to_mask(values, axis, 3.0), np.minimum(sums / 3, 1), rtol=1e-12)
    # The mask of a row's own scale is another one: it is shifted by its minimum.
    if sums[0].size > 1:
        assert (
            np.abs(to_mask(values, axis, slow_percentile(sums[0].ravel()))[0] - to_mask(values, axis)[0]).max() > 1e-4
        )


def test_the_sign_is_that_of_the_sum_over_the_channels():
    values = np.array([[[[3.0, -1], [1, -3]], [[2, -2], [0, 0]]]])
    assert to_signed(values)[0, ..., 0].tolist() == [[1, -1], [0, 0]]
    assert to_mask(values, scale=4)[0, ..., 0].tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_zero_stays_zero_and_the_rest_keeps_its_sign(dtype):
    values = draw((4, 30, 30, 1), dtype=dtype)
    values[:, ::3] = 0
    for scale in (None, 0.01, 100.0):
        signed = to_signed(values, scale=scale)
        assert np.array_equal(np.sign(signed), np.sign(values))
        assert np.array_equal(to_signed(-values, scale=scale), -signed)


@pytest.mark.parametrize("scale", [None, 1e-300, 1.0, 1e300])
def test_a_map_of_zeros_gives_zeros(scale):
    for shape, axis in SHAPES:
        zeros = np.zeros(shape, np.float32)
        assert not to_signed(zeros, axis, scale).any()
        assert not to_mask(zeros, axis, scale).any()


def test_one_informative_pixel_among_a_thousand_is_the_scale():
    values = np.zeros((1, 40, 40, 1))
    values[0, 3, 4] = -5
    assert to_signed(values).min() == -1
    assert common_scale(values) == common_scale(values, signed=True) == 5


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-30, 1.0, 1e30, 1.7e308])
def test_no_magnitude_of_map_or_scale_leaves_the_range(dtype, scale):
    limits = np.finfo(dtype)
    base = np.random.default_rng(3).uniform(-1, 1, (2, 5, 5, 3))
    for factor in (0, limits.smallest_subnormal, limits.tiny, 1, float(limits.max)):
        values = (base * np.float64(factor)).astype(dtype)
        signed, mask = to_signed(values, scale=scale), to_mask(values, scale=scale)
        assert np.isfinite(signed).all()
        assert np.isfinite(mask).all()
        assert np.abs(signed).max() <= 1
        assert 0 <= mask.min() <= mask.max() <= 1
        assert 0 < common_scale(values) < math.inf


def test_equal_values_on_one_scale_are_equal_whatever_stands_beside_them():
    values = draw((5, 6, 6, 3), dtype="float32")
    values[:, 2, 2] = [0.3, -0.7, 0.25]
    values[3] *= 1000
    values[3, 2, 2] = [0.3, -0.7, 0.25]
    for scaled in (to_mask(values, scale=2.5), to_signed(values, scale=2.5)):
        assert len(np.unique(scaled[:, 2, 2])) == 1
    assert len(np.unique(to_mask(values)[:, 2, 2])) > 1


@pytest.mark.parametrize("shape, axis", SHAPES)
@pytest.mark.parametrize("signed", [False, True])
def test_the_common_scale_is_the_percentile_over_all_rows(shape, axis, signed):
    values = draw(shape) * np.arange(1, shape[0] + 1).reshape(-1, *[1] * (len(shape) - 1))
    sums = slow_sums(values if signed else np.abs(values), axis)
    assert common_scale(values, axis, signed) == pytest.approx(slow_percentile(sums.ravel()), rel=1e-12)


@pytest.mark.parametrize("signed", [False, True])
def test_rows_that_are_not_finite_have_no_part_in_the_common_scale(signed):
    values = draw((4, 5, 5, 2))
    expected = common_scale(values[[0, 3]], -1, signed)
    values[1, 2, 2, 0], values[2, 0, 0, 1] = np.nan, -np.inf
    assert common_scale(values, -1, signed) == expected


def test_the_common_scale_of_tiny_rows_is_not_lost_beside_zeros():
    values = np.zeros((3, 4, 4, 1))
    values[1] = 1e-200
    assert common_scale(values) == 1e-200
    assert common_scale(np.zeros((3, 4))) == 1


def test_the_input_is_kept_and_shapes_are_those_of_a_mask():
    values = draw((2, 6, 7, 3))
    before = values.copy()
    assert to_signed(values, -1).shape == (2, 6, 7, 1)
    assert to_signed(values, 1, 2.0).shape == (2, 1, 7, 3)
    assert to_signed(values[:0]).shape == (0, 6, 7, 1)
    assert to_signed(values[:, :, 0, 0]).shape == (2, 6)
    assert np.array_equal(values, before)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: to_signed(np.zeros((2, 3), int)), TypeError, r"`values` \(of int64\) must be float16"),
        (lambda: to_signed(np.full((2, 3), np.nan)), ValueError, r"NaN or infinite values in rows \[0, 1\]"),
        (lambda: to_signed(np.zeros(3)), ValueError, r"`values` \(of shape \(3,\)\) must be \(B, ...\)"),
        (lambda: to_signed(np.zeros((2, 3)), scale=0), ValueError, r"`scale` \(=0\) must be a finite number above 0"),
        (lambda: to_mask(np.zeros((2, 3)), scale=-1.0), ValueError, r"`scale` \(=-1.0\) must be a finite number"),
        (lambda: to_mask(np.zeros((2, 3)), scale=np.inf), ValueError, r"`scale` \(=inf\)"),
        (lambda: to_mask(np.zeros((2, 3)), scale=np.nan), ValueError, r"`scale` \(=nan\)"),
        (lambda: to_mask(np.zeros((2, 3)), scale="own"), TypeError, r"`scale` \(='own'\) must be a number"),
        (lambda: to_mask(np.zeros((2, 3)), scale=True), TypeError, r"`scale` \(=True\) must be a number"),
        (lambda: common_scale(np.zeros((0, 3))), ValueError, r"`values` \(of shape \(0, 3\)\) must have at least one"),
        (lambda: common_scale(np.array([[np.inf]])), ValueError, r"must have at least one row that is finite"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""Laws of the two scalings, and the percentile against a slow, independent reference."""

import math

import numpy as np
import pytest

from fe_saliency.display.scaling import to_mask, to_unit

SHAPES = [
    ((3, 8, 9, 2), -1),
    ((3, 2, 8, 9), 1),
    ((3, 17), -1),
    ((3, 40, 4), -1),
    ((2, 1, 1, 5), -1),
]


def slow_mask(values, channel_axis):
    """The definition in plain Python floats, one row at a time."""
    rows = []
    for row in np.asarray(values, dtype=np.float64):
        sizes = np.abs(row)
        if row.ndim > 1:
            axis = channel_axis if channel_axis < 0 else channel_axis - 1
            sizes = np.add.reduce(sizes, axis=axis, keepdims=True)
        numbers = sorted(float(v) for v in sizes.ravel())
        low, high = numbers[0], numbers[math.floor(0.99 * (len(numbers) - 1))]
        if high == low:
            high = numbers[-1]
        if high == low:
            rows.append(np.zeros_like(sizes))
        else:
            rows.append(np.minimum((sizes - low) / (high - low), 1.0))
    return np.stack(rows)


def wrong_masks(values, channel_axis):
    """Mistakes that the comparison with the reference must notice."""
    right = slow_mask(values, channel_axis)
    sizes = np.abs(values).sum(axis=channel_axis, keepdims=True)
    low = sizes.min()
    yield "scaled over the batch", np.clip((sizes - low) / (sizes.max() - low), 0, 1)
    yield "signed", slow_mask(np.maximum(values, 0), channel_axis)
    yield "squared", right**2


@pytest.mark.parametrize("shape, axis", SHAPES)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 2e-6)])
def test_mask_equals_the_slow_reference(shape, axis, dtype, tolerance):
    values = np.random.default_rng(1).standard_t(2, size=shape).astype(dtype)
    mask = to_mask(values, axis)
    assert mask.dtype == values.dtype
    np.testing.assert_allclose(mask, slow_mask(values, axis), rtol=0, atol=tolerance)


def test_the_reference_can_tell_a_wrong_mask():
    values = np.random.default_rng(1).standard_t(2, size=(3, 8, 9, 2)) * [[[[1]]], [[[5]]], [[[9]]]]
    for name, wrong in wrong_masks(values, -1):
        assert np.abs(wrong - to_mask(values, -1)).max() > 0.01, name


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 102, 201, 1024])
def test_the_percentile_is_the_lower_neighbour(count):
    values = np.random.default_rng(count).permutation(np.arange(float(count)))[None]
    mask = to_mask(values)
    whole = sorted(values[0])[math.floor(0.99 * (count - 1))]
    assert np.array_equal(mask[0] == 1, values[0] >= max(whole, 1))


@pytest.mark.parametrize("shape, axis", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_defect_08_a_mask_is_finite_and_in_range_at_every_magnitude(shape, axis, dtype):
    limits = np.finfo(dtype)
    base = np.random.default_rng(2).uniform(-1, 1, size=shape)
    for scale in (limits.max, limits.tiny, limits.smallest_subnormal * 8, 1e-3):
        values = (base * np.float64(scale)).astype(dtype)
        with np.errstate(all="raise", under="ignore"):
            mask = to_mask(values, axis)
        assert mask.dtype == np.dtype(dtype)
        assert np.isfinite(mask).all()
        assert mask.min() >= 0
        assert mask.max() <= 1
        if mask[0].size > 1:
            assert (mask.reshape(len(mask), -1).max(axis=1) == 1).all()


def test_the_size_of_a_map_does_not_matter():
    values = np.random.default_rng(3).normal(size=(2, 5, 5, 3)).astype(np.float32)
    expected = to_mask(values)
    for power in (-100, -20, 20, 120):
        assert np.array_equal(to_mask(np.ldexp(values, power)), expected)


@pytest.mark.parametrize("constant", [0.0, 1.0, -3.0, 1e-40, 3e38])
@pytest.mark.parametrize("shape", [(2, 4, 4, 1), (2, 4, 4, 3), (2, 7), (2, 1)])
def test_defect_08_a_constant_map_gives_zeros(constant, shape):
    mask = to_mask(np.full(shape, constant, np.float32))
    assert np.array_equal(mask, np.zeros_like(mask))


def test_defect_08_one_informative_pixel_among_1024():
    values = np.zeros((2, 32, 32, 1), np.float32)
    values[0, 3, 4] = -7
    expected = (values != 0).astype(np.float32)
    assert np.array_equal(to_mask(values), expected)


@pytest.mark.parametrize("shape, axis", SHAPES)
def test_a_row_alone_equals_the_row_in_a_batch(shape, axis):
    values = np.random.default_rng(4).normal(size=shape).astype(np.float32)
    values *= 10.0 ** np.arange(len(values)).reshape(-1, *[1] * (len(shape) - 1))
    together = to_mask(values, axis)
    for row in range(len(values)):
        np.testing.assert_array_equal(to_mask(values[row : row + 1], axis)[0], together[row])


def test_mask_shapes_and_that_the_input_is_kept():
    values = np.random.default_rng(5).normal(size=(2, 6, 7, 3))
    before = values.copy()
    assert to_mask(values, -1).shape == (2, 6, 7, 1)
    assert to_mask(values, 1).shape == (2, 1, 7, 3)
    assert to_mask(values[:0], -1).shape == (0, 6, 7, 1)
    assert to_mask(values[:, :, 0, 0]).shape == (2, 6)
    assert np.array_equal(values, before)


@pytest.mark.parametrize(
    "values, axis, error, message",
    [
        (np.zeros((2, 3), int), -1, TypeError, r"`values` \(of int64\) must be float16"),
        (np.zeros(3), -1, ValueError, r"`values` \(of shape \(3,\)\) must be \(B, ...\)"),
        (np.zeros((2, 0, 3)), -1, ValueError, "at least one value per row"),
        (
            np.array([[1.0, 2], [np.nan, 1]]),
            -1,
            ValueError,
            r"NaN or infinite values in rows \[1\]",
        ),
        (np.array([[np.inf, 2], [3, 1]]), -1, ValueError, r"rows \[0\]"),
        (np.zeros((2, 3, 3, 1)), 0, ValueError, r"`channel_axis` \(=0\) must name an axis after"),
        (np.zeros((2, 3, 3, 1)), 4, ValueError, r"`channel_axis` \(=4\)"),
        (np.zeros((2, 3, 3, 1)), -4, ValueError, r"`channel_axis` \(=-4\)"),
        (np.zeros((2, 3, 3, 1)), 1.0, TypeError, r"`channel_axis` \(=1.0\) must be an int"),
    ],
)
def test_mask_refuses(values, axis, error, message):
    with pytest.raises(error, match=message):
        to_mask(values, axis)


def ramp(low, high, dtype=np.float32):
    return np.linspace(low, high, 48).reshape(1, 4, 4, 3).astype(dtype)


@pytest.mark.parametrize(
    "low, high, black, white",
    [(0, 1, 0, 1), (0.2, 0.4, 0, 1), (-0.5, 0.5, -0.5, 0.5), (-0.3, 0.2, -0.5, 0.5),
     (-1, 1, -1, 1), (-0.9, 0.4, -1, 1), (-2.1, 2.6, -2.1, 2.6), (0, 16, 0, 16),
     (0, 255, 0, 255), (-1e38, 3e38, -1e38, 3e38), (-3.4e38, 3.4e38, -3.4e38, 3.4e38)],
)  # fmt: skip
def test_float_images_of_any_range(low, high, black, white):
    images = ramp(low, high)
    expected = (images.astype(np.float64) - black) / (float(white) - float(black))
    unit = to_unit(images)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, expected, atol=1e-5)
    assert unit.min() >= 0
    assert unit.max() <= 1


BYTES = [(0, 255, 0, 255), (10, 60, 0, 255), (0, 16, 0, 16)]
WIDER = [(-5, 90, -5, 90), (0, 4000, 0, 4000)]


@pytest.mark.parametrize(
    "dtype, low, high, black, white",
    [("uint8", *one) for one in BYTES] + [(dtype, *one) for dtype in ("int16", "int64") for one in BYTES + WIDER],
)
def test_integer_images_of_any_range(dtype, low, high, black, white):
    images = ramp(low, high, dtype)
    expected = (images.astype(np.float64) - black) / (white - black)
    np.testing.assert_allclose(to_unit(images), expected, atol=1e-6)


def test_a_unit_image_is_kept_and_a_hair_beyond_is_clipped():
    images = ramp(0, 1)
    assert np.array_equal(to_unit(images), images)
    assert to_unit(ramp(-5e-4, 1 + 5e-4)).max() == 1


def test_the_channels_of_a_row_share_one_range():
    images = ramp(0, 40)
    images[..., 1] /= 10
    unit = to_unit(images)
    np.testing.assert_allclose(unit[..., 1].max() / unit[..., 0].max(), 4 / 40 * 0.99, rtol=0.05)


@pytest.mark.parametrize("value", [0, 0.3, 1, -1, 5.5, -2e38])
def test_a_constant_image_is_finite(value):
    unit = to_unit(np.full((2, 3, 3, 1), value, np.float32))
    assert np.isfinite(unit).all()
    assert (unit == unit[0, 0, 0, 0]).all()
    assert to_unit(np.zeros((1, 2, 2, 1), np.uint8)).max() == 0
    assert to_unit(np.ones((1, 2, 2, 1), bool)).min() == 1


def test_images_come_back_channels_last_and_row_by_row():
    images = np.random.default_rng(6).normal(size=(3, 3, 5, 6)) * [[[[1]]], [[[30]]], [[[0.01]]]]
    unit = to_unit(images, 1)
    assert unit.shape == (3, 5, 6, 3)
    for row in range(3):
        np.testing.assert_array_equal(to_unit(images[row : row + 1], 1)[0], unit[row])
    assert to_unit(images[:, 0], None).shape == (3, 5, 6)
    assert to_unit(images[:, 0, 0]).shape == (3, 6)


@pytest.mark.parametrize(
    "images, error, message",
    [
        (np.zeros((1, 2, 2, 1), complex), TypeError, r"`images` \(of complex128\)"),
        (np.array([["a"]]), TypeError, "must hold integers, booleans or floats"),
        (np.full((2, 2, 2, 1), np.nan), ValueError, r"`images` has NaN .* rows \[0, 1\]"),
        (np.zeros(4), ValueError, "add a batch axis"),
    ],
)
def test_unit_refuses(images, error, message):
    with pytest.raises(error, match=message):
        to_unit(images)

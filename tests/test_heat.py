"""Heat: the sum of sizes over the channels, at every precision, and nothing hidden."""

import numpy as np
import pytest

from fe_saliency.heat import heat


def slow_heat(values, channel_axis):
    """The definition, one number at a time."""
    moved = np.moveaxis(values, channel_axis, -1)
    total = np.zeros(moved.shape[:-1])
    for at in np.ndindex(*total.shape):
        total[at] = sum(abs(float(each)) for each in moved[at])
    return total


@pytest.mark.parametrize("shape, axis", [((2, 4, 5, 3), -1), ((2, 3, 4, 5), 1), ((2, 6, 2), -1), ((2, 3, 4, 2, 2), -1)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_heat_equals_the_slow_reference(shape, axis, dtype):
    values = np.random.default_rng(1).normal(size=shape).astype(dtype)
    before = values.copy()
    found = heat(values, axis)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, slow_heat(values, axis), rtol=1e-15)
    assert np.array_equal(values, before)


def test_both_layouts_have_the_same_heat():
    values = np.random.default_rng(2).normal(size=(2, 4, 5, 3))
    np.testing.assert_array_equal(heat(values, -1), heat(np.moveaxis(values, -1, 1), 1))


def test_channels_of_opposite_sign_do_not_cancel():
    assert heat(np.array([[[[1.0, -1.0]]]]), -1).item() == 2


def test_a_table_keeps_its_columns():
    values = np.array([[1.0, -2.0, 0.0]], np.float32)
    np.testing.assert_array_equal(heat(values, -1), [[1, 2, 0]])
    np.testing.assert_array_equal(heat(values, 1), [[1, 2, 0]])
    assert heat(values[:0], -1).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_largest_numbers_do_not_overflow(dtype):
    limit = np.finfo(dtype).max
    assert heat(np.full((1, 1, 1, 3), -limit, dtype), -1).item() == 3 * float(limit)


def test_what_is_not_finite_shows():
    values = np.zeros((1, 4, 2))
    values[0, :3, 0] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(heat(values, -1), [[np.nan, np.inf, np.inf, 0]])
    assert heat(np.full((1, 1, 2), np.finfo(float).max), -1).item() == np.inf


@pytest.mark.parametrize(
    "values, axis, error, message",
    [
        (np.zeros((1, 2), complex), -1, TypeError, "`values` (of complex128) must hold real numbers: cast them, "),
        (np.zeros(3), -1, ValueError, "`values` (of shape (3,)) must be (B, ...): add a batch axis, `values[None]`."),
        (np.zeros((1, 2, 2)), 0, ValueError, "`channel_axis` (=0) must name an axis after the batch"),
        (np.zeros((1, 2, 2)), None, TypeError, "`channel_axis` (=None) must be an int"),
    ],
)
def test_heat_refuses(values, axis, error, message):
    with pytest.raises(error) as caught:
        heat(values, axis)
    assert str(caught.value).startswith(message)

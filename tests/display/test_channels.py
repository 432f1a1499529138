"""Channels are moved, not mixed; grey is an average."""

import numpy as np
import pytest

from fe_saliency.display.channels import channels_last, to_gray


def test_channels_last_moves_one_axis():
    values = np.arange(120).reshape(2, 3, 4, 5)
    assert np.array_equal(channels_last(values, 1), values.transpose(0, 2, 3, 1))
    assert np.array_equal(channels_last(values, -1), values)
    assert np.array_equal(channels_last(values, None), values)
    assert np.array_equal(channels_last(values[:, :, 0, 0], 1), values[:, :, 0, 0])


@pytest.mark.parametrize("axis", [0, 4, -4])
def test_channels_last_refuses_the_batch_axis_and_others(axis):
    with pytest.raises(ValueError, match=rf"`channel_axis` \(={axis}\) must name an axis"):
        channels_last(np.zeros((2, 3, 4, 5)), axis)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_gray_of_equal_channels_is_that_channel(channels):
    plane = np.random.default_rng(0).uniform(size=(2, 4, 4, 1)).astype(np.float32)
    gray = to_gray(np.repeat(plane, channels, axis=-1))
    assert gray.dtype == np.float32
    np.testing.assert_allclose(gray, plane[..., 0], rtol=1e-6)


def test_green_is_brighter_than_blue():
    red, green, blue = to_gray(np.eye(3))
    assert green > red > blue > 0
    assert to_gray(np.eye(2)).tolist() == [0.5, 0.5]

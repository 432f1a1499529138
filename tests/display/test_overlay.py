"""The overlay is a convex blend: it never leaves the span between the image and the colour."""

import numpy as np
import pytest

from fe_saliency.display.channels import to_gray
from fe_saliency.display.colors import colorize_signed, lookup_table, signed_table
from fe_saliency.display.overlay import blend, blend_signed
from fe_saliency.display.scaling import to_unit


def hull_distance(mixed, gray, masks):
    """How far a blend is outside the segment from grey to colour, per value."""
    colors = lookup_table()[np.rint(masks[..., 0] * 255).astype(int)] / 255
    low, high = np.minimum(gray[..., None], colors), np.maximum(gray[..., None], colors)
    return np.maximum(low - mixed, mixed - high).max()


@pytest.mark.parametrize("low, high", [(-1, 1), (0, 1), (0, 255), (-0.5, 0.5), (-2.2, 2.7)])
@pytest.mark.parametrize("channels", [1, 2, 3, 7])
def test_defect_23_the_overlay_stays_between_image_and_colour(low, high, channels):
    rng = np.random.default_rng(0)
    unit = to_unit(rng.uniform(low, high, size=(4, 9, 8, channels)).astype(np.float32))
    masks = rng.uniform(size=(4, 9, 8, 1)).astype(np.float32)
    masks[0], masks[1] = 0, 1
    gray = to_gray(unit)
    mixed = blend(unit, masks)
    assert mixed.shape == (4, 9, 8, 3)
    assert mixed.dtype == np.float32
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    assert hull_distance(mixed, gray, masks) < 1e-6
    # The blend that adds its minimum outside the weight is noticed.
    assert hull_distance(mixed - 0.3, gray, masks) > 0.01


def test_one_weight_per_pixel_serves_all_three_colours():
    rng = np.random.default_rng(1)
    gray = rng.uniform(size=(1, 20, 20, 1)).astype(np.float32)
    masks = rng.uniform(size=(1, 20, 20, 1)).astype(np.float32)
    colors = lookup_table()[np.rint(masks[..., 0] * 255).astype(int)] / 255
    apart = np.abs(colors - gray) > 0.1
    with np.errstate(all="ignore"):
        weights = np.where(apart, (blend(gray, masks) - gray) / (colors - gray), np.nan)
    spread = np.nanmax(weights, axis=-1) - np.nanmin(weights, axis=-1)
    assert np.nanmax(spread) < 1e-4
    assert np.nanmin(weights) >= 0
    assert np.nanmax(weights) <= 1


def test_the_image_shows_where_it_was_ignored_and_the_colour_where_it_was_looked_at():
    images = np.stack([np.full((4, 4, 3), 0.2), np.full((4, 4, 3), 0.8)]).astype(np.float32)
    ignored, seen = (blend(images, np.full((2, 4, 4, 1), level, np.float32)) for level in (0, 1))
    assert np.ptp(ignored, axis=-1).max() < 0.02  # still grey
    assert (ignored[1] > ignored[0]).all()
    assert np.abs(seen - lookup_table()[255] / 255).max() < 0.1


def test_a_row_alone_equals_the_row_in_a_batch():
    rng = np.random.default_rng(2)
    images, masks = rng.uniform(size=(3, 5, 5, 3)), rng.uniform(size=(3, 5, 5, 1))
    together = blend(images, masks)
    for row in range(3):
        assert np.array_equal(blend(images[row : row + 1], masks[row : row + 1])[0], together[row])


@pytest.mark.parametrize(
    "images, masks, expected",
    [
        ((2, 5, 6), (2, 5, 6), (2, 5, 6, 3)),
        ((2, 5, 6, 3), (2, 5, 6), (2, 5, 6, 3)),
        ((2, 13), (2, 13), (2, 1, 13, 3)),
        ((2, 50, 4), (2, 50, 1), (2, 1, 50, 3)),
        ((2, 4, 5, 6, 1), (2, 4, 5, 6, 1), (2, 4, 5, 6, 3)),
    ],
)
def test_shapes(images, masks, expected):
    assert blend(np.full(images, 0.5), np.full(masks, 0.5)).shape == expected


@pytest.mark.parametrize(
    "images, masks, message",
    [
        (np.full((1, 4, 4, 1), 1.5), np.zeros((1, 4, 4, 1)), r"`images` \(from 1.5 to 1.5\)"),
        (np.zeros((1, 4, 4, 1)), np.full((1, 4, 4, 1), np.nan), r"`masks` \(from nan to nan\)"),
        (np.zeros((1, 4, 4, 1)), np.zeros((1, 4, 5, 1)), "must cover the positions of `images`"),
        (np.zeros((1, 4, 4, 3)), np.zeros((1, 1, 4, 4)), "channels_last"),
    ],
)
def test_refusals(images, masks, message):
    with pytest.raises(ValueError, match=message):
        blend(images, masks)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_signed_overlay_stays_between_image_and_colour_and_keeps_the_image_at_zero(channels):
    rng = np.random.default_rng(3)
    images = rng.uniform(size=(4, 9, 8, channels)).astype(np.float32)
    maps = rng.uniform(-1, 1, size=(4, 9, 8, 1)).astype(np.float32)
    maps[:, ::2] = 0
    gray, colors = to_gray(images)[..., None], colorize_signed(maps[..., 0]) / 255
    mixed = blend_signed(images, maps)
    assert mixed.shape == (4, 9, 8, 3)
    assert mixed.dtype == np.float32
    assert np.maximum(np.minimum(gray, colors) - mixed, mixed - np.maximum(gray, colors)).max() < 1e-6
    assert np.array_equal(mixed[:, ::2], np.repeat(gray[:, ::2], 3, axis=-1))
    np.testing.assert_array_equal(blend_signed(images[1:2], maps[1:2])[0], mixed[1])
    full = blend_signed(np.full((1, 2, 2), 0.5), np.array([[[1.0, -1.0], [1.0, -1.0]]]))[0, 0]
    assert full[0, 0] > full[0, 2]  # red above zero
    assert full[1, 2] > full[1, 0]  # blue below
    assert np.abs(full - signed_table()[[510, 0]] / 255).max() < 0.06


def test_the_signed_overlay_of_tables_is_a_strip():
    assert blend_signed(np.zeros((2, 13)), np.zeros((2, 13))).shape == (2, 1, 13, 3)


@pytest.mark.parametrize(
    "images, maps, message",
    [
        (
            np.zeros((1, 2, 2)),
            np.full((1, 2, 2), -1.5),
            r"`maps` \(from -1.5 to -1.5\) must be in \[-1, 1\]: use `to_s",
        ),
        (
            np.full((1, 2, 2), -0.5),
            np.zeros((1, 2, 2)),
            r"`images` \(from -0.5 to -0.5\) must be in \[0, 1\]: use `to_u",
        ),
        (np.zeros((1, 2, 2)), np.zeros((1, 3, 2)), r"`maps` \(of shape \(1, 3, 2\)\) must cover the positions"),
    ],
)
def test_the_signed_overlay_refuses(images, maps, message):
    with pytest.raises(ValueError, match=message):
        blend_signed(images, maps)

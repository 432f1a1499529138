"""Panels: crisp pixels, kept proportions, and nothing blank."""

import numpy as np
import pytest

from fe_saliency.display.colors import FRAME, INK, colorize, lookup_table
from fe_saliency.display.columns import ImageColumn, MaskColumn, SignedColumn
from fe_saliency.display.panels import panels
from fe_saliency.display.tiles import tile

CELL = 144


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


@pytest.mark.parametrize("height, width", [(8, 8), (28, 28), (32, 32), (5, 11), (80, 40), (1, 4)])
def test_small_images_keep_their_pixels(height, width):
    images = noise(2, height, width, 3)
    drawn = panels(ImageColumn("x", images), CELL)
    assert max(drawn.shape[1:3]) >= 112
    down = (np.arange(height) * 2 + 1) * drawn.shape[1] // (2 * height)
    across = (np.arange(width) * 2 + 1) * drawn.shape[2] // (2 * width)
    centres = drawn[:, down][:, :, across]
    assert np.array_equal(centres, np.rint(images * 255).astype(np.uint8))
    assert set(map(tuple, drawn.reshape(-1, 3))) == set(map(tuple, centres.reshape(-1, 3)))


@pytest.mark.parametrize("height, width", [(100, 100), (130, 130), (224, 224), (300, 600), (90, 45)])
def test_large_images_fit_and_keep_their_proportions(height, width):
    drawn = panels(ImageColumn("x", noise(1, height, width, 3)), CELL)
    assert 112 <= max(drawn.shape[1:3]) <= 162
    assert abs(drawn.shape[1] / drawn.shape[2] - height / width) < 0.02


def test_reducing_averages():
    images = np.zeros((1, 400, 400, 1), np.float32)
    images[:, ::2] = 1
    drawn = panels(ImageColumn("x", images), CELL)
    assert np.abs(drawn[:, 4:-4].astype(int) - 128).max() < 60  # nearest would give 0 and 255


@pytest.mark.parametrize("channels", [1, 2, 4, 31])
def test_other_numbers_of_channels_are_grey(channels):
    images = noise(1, 8, 8, channels)
    drawn = panels(ImageColumn("x", images), CELL)
    assert (np.ptp(drawn, axis=-1) == 0).all()
    expected = np.rint(images.mean(axis=-1) * 255)
    assert np.abs(drawn[:, 10::20, 10::20, 0] - expected).max() <= 1
    in_bytes = panels(ImageColumn("x", np.rint(images * 255).astype(np.uint8)), CELL)
    assert np.abs(in_bytes.astype(int) - drawn).max() <= 1


def test_masks_get_the_colours_of_the_scale():
    masks = noise(3, 8, 8, 1)
    drawn = panels(MaskColumn("m", masks), CELL)
    assert np.array_equal(drawn[:, 10::20, 10::20], colorize(masks[..., 0]))
    assert np.array_equal(panels(MaskColumn("m", masks[..., 0]), CELL), drawn)


def test_the_scale_is_dark_to_bright_without_a_turn():
    brightness = lookup_table() @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > -0.5).all()
    assert brightness[0] < 5
    assert brightness[-1] > 230
    with pytest.raises(ValueError, match="read-only"):
        lookup_table()[0] = 0


@pytest.mark.parametrize("features", [1, 3, 13, 144, 1000])
def test_tables_fill_their_strips(features):
    values = noise(2, features)
    for column in (ImageColumn("x", values), MaskColumn("m", values)):
        drawn = panels(column, CELL)
        assert drawn.shape[2] > CELL / 2
        assert drawn.shape[1] >= 50
        if features > 1:
            assert all(len(np.unique(row.reshape(-1, 3), axis=0)) > 1 for row in drawn)


def test_one_feature_among_a_thousand_is_not_averaged_away():
    masks = np.zeros((2, 1000), np.float32)
    masks[0, 317] = masks[1, 999] = 1
    drawn = panels(MaskColumn("m", masks), CELL)
    assert all((row == lookup_table()[255]).all(axis=-1).any() for row in drawn)


def test_signals_run_to_the_right():
    values = np.zeros((1, 30, 2), np.float32)
    values[:, :15, 0] = 1
    drawn = panels(ImageColumn("x", values), CELL)[0, ..., 0]
    height, width = drawn.shape
    assert width > height
    top, bottom = drawn[: height // 2], drawn[height - height // 2 :]
    assert (top[:, : width // 2] == 255).all()
    assert (top[:, width - width // 2 :] == 0).all()
    assert (bottom == 0).all()
    long = panels(ImageColumn("x", noise(2, 500, 9), signal=True), CELL)
    assert long.shape[2] == CELL
    assert panels(ImageColumn("x", noise(2, 40, 40)), CELL).shape[1] > 100  # (B, H, W)


def test_volumes_show_their_middle_slice():
    values = np.zeros((1, 9, 6, 6, 1), np.float32)
    values[:, 4] = noise(1, 6, 6, 1)
    column = ImageColumn("scan", values)
    assert np.array_equal(panels(column, CELL), panels(ImageColumn("x", values[:, 4]), CELL))
    assert column.heading == "scan (middle slice)"


def test_a_constant_mask_says_so_and_is_not_blank():
    masks = np.stack([np.zeros((8, 8, 1)), noise(8, 8, 1)]).astype(np.float32)
    drawn = panels(MaskColumn("m", masks), CELL)
    assert np.ptp(drawn[0]) > 50
    assert np.array_equal(drawn[1], panels(MaskColumn("m", masks[1:]), CELL)[0])


@pytest.mark.parametrize("kind", [ImageColumn, MaskColumn, SignedColumn])
@pytest.mark.parametrize("shape", [(8, 8), (224, 224), (200,)])
def test_a_blank_row_is_grey_and_says_why(kind, shape):
    values = noise(3, *shape)
    values[1] = 0
    plain, drawn = panels(kind("m", values), CELL), panels(kind("m", values, blank=[False, True, False]), CELL)
    assert np.array_equal(drawn[[0, 2]], plain[[0, 2]])
    for cell in (drawn[1], tile(kind("m", values, blank=[False, True, False]), 1)):
        grey = (cell == FRAME).all(axis=-1)
        assert 0.7 < grey.mean() < 1 and (cell == INK).all(axis=-1).any()
    assert np.array_equal(tile(kind("m", values, blank=[False, True, False]), 2), tile(kind("m", values), 2))


def test_a_blank_row_of_channels_first_pictures():
    """Drawn one to one they are views in another order."""
    values = np.moveaxis(np.random.default_rng(0).random((2, 3, 96, 96)).astype(np.float32), 1, -1)
    cell = panels(ImageColumn("x", values, blank=[True, False]), 96)[0]
    assert (cell == FRAME).all(axis=-1).mean() > 0.7


def test_what_is_drawn_blank_is_left_as_it_is():
    values = np.full((2, 1, 112, 112, 3), 7, np.uint8)[:, 0]
    panels(ImageColumn("x", values, blank=[True, False]), 112)
    assert (values == 7).all()


@pytest.mark.parametrize("kind", [ImageColumn, MaskColumn, SignedColumn])
def test_blank_is_told_for_each_row(kind):
    with pytest.raises(ValueError, match=r"`blank` \(of length 1\) of column 'm' .* each of the 3 rows"):
        kind("m", noise(3, 8, 8), blank=[True])

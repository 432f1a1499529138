"""A tile shows one cell by itself, in the colours of the figure, every number readable."""

import numpy as np
import pytest

from fe_saliency.display import ImageColumn, MaskColumn, SignedColumn, TextColumn, to_mask, to_signed
from fe_saliency.display.colors import colorize, colorize_signed, lookup_table
from fe_saliency.display.panels import panels
from fe_saliency.display.tiles import tile


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


@pytest.mark.parametrize("height, width", [(8, 8), (28, 28), (5, 11), (96, 96), (192, 192), (300, 200)])
def test_a_tile_is_its_cells_enlarged_by_one_whole_factor(height, width):
    values = noise(3, height, width, 1)
    factor = max(1, 192 // max(height, width))
    columns = {
        MaskColumn("m", values): colorize(values[1, ..., 0]),
        SignedColumn("m", 2 * values - 1): colorize_signed(2 * values[1, ..., 0] - 1),
        ImageColumn("m", values): np.rint(values[1] * 255).astype(np.uint8).repeat(3, axis=-1),
    }
    for column, colors in columns.items():
        drawn = tile(column, 1)
        assert drawn.dtype == np.uint8
        assert np.array_equal(drawn, np.kron(colors, np.ones((factor, factor, 1), np.uint8)))


def test_a_digit_is_192_pixels():
    assert tile(MaskColumn("m", noise(2, 8, 8, 1)), 0).shape == (192, 192, 3)
    assert tile(MaskColumn("m", noise(2, 8, 8, 1)), 0, size=100).shape == (96, 96, 3)


def test_the_colours_are_those_of_the_figure():
    for column in (
        MaskColumn("m", noise(2, 8, 8)),
        SignedColumn("m", noise(2, 8, 8)),
        ImageColumn("x", noise(2, 8, 8, 3)),
    ):
        for row in range(2):
            assert np.array_equal(tile(column, row)[12::24, 12::24], panels(column, 144)[row][10::20, 10::20])


@pytest.mark.parametrize(
    "shape", [(2, 13), (2, 1000), (2, 40, 2), (2, 1, 20, 1), (2, 600, 500, 1), (2, 100, 3, 1), (2, 5, 9, 9, 1)]
)
def test_nothing_is_too_slim_or_too_large(shape):
    column = ImageColumn("x", noise(*shape)) if shape[-1] == 2 else MaskColumn("m", noise(*shape))
    height, width, _ = tile(column, 1).shape
    assert 100 <= max(height, width) <= 2 * 192
    assert min(height, width) >= 16
    assert not np.array_equal(tile(column, 0), tile(column, 1))


def test_equal_values_on_one_scale_have_equal_colours_in_every_epoch():
    rng = np.random.default_rng(4)
    raw = [rng.normal(size=(2, 8, 8, 3)) * (epoch + 1) for epoch in range(6)]
    for maps in raw:
        maps[:, 4, 4] = [0.5, -0.25, 0.5]
    pixel = slice(4 * 24, 5 * 24)
    shared = {
        tile(column, 1)[pixel, pixel].tobytes()
        for maps in raw
        for column in [MaskColumn("m", to_mask(maps, scale=4.0))]
    }
    signed = {tile(SignedColumn("m", to_signed(maps, scale=4.0)), 1)[pixel, pixel].tobytes() for maps in raw}
    own = {tile(MaskColumn("m", to_mask(maps)), 1)[pixel, pixel].tobytes() for maps in raw}
    assert len(shared) == len(signed) == 1
    assert len(own) > 1  # each on its own scale, they differ


def test_a_constant_mask_says_so():
    drawn = tile(MaskColumn("m", np.zeros((1, 8, 8))), 0)
    assert np.ptp(drawn) > 100
    assert (drawn[:40] == lookup_table()[0]).all()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda c: tile(TextColumn("y", ["a"]), 0), TypeError, r"`column` \(a TextColumn\) must be an `ImageColumn`"),
        (lambda c: tile(c, 2), ValueError, r"`row` \(=2\) must be below 2, the number of rows of column 'm'"),
        (lambda c: tile(c, -1), ValueError, r"`row` \(=-1\) must be at least 0"),
        (lambda c: tile(c, 0.5), TypeError, r"`row` \(=0.5\) must be a whole number"),
        (lambda c: tile(c, 0, size=8), ValueError, r"`size` \(=8\) must be at least 16"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(MaskColumn("m", noise(2, 8, 8)))

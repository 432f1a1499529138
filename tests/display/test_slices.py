"""Volumes as slices side by side."""

import numpy as np
import pytest

from fe_saliency.display import ImageColumn, MaskColumn, Parts, SignedColumn, tile
from fe_saliency.display.colors import FAINT, FRAME, PAPER
from fe_saliency.display.panels import panels

CELL = 120


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


@pytest.mark.parametrize("kind", [ImageColumn, MaskColumn, SignedColumn])
def test_each_slice_is_drawn_as_an_image_of_its_own(kind):
    values, indices = noise(2, 9, 8, 8, 1), np.array([[0, 4, 8], [1, 2, 7]])
    drawn = panels(kind("m", values, parts=Parts(indices)), CELL)
    for row, chosen in enumerate(indices):
        alone = panels(kind("m", values[row, chosen]), round(CELL * 2 / 3))
        width = alone.shape[2]
        gap = (drawn.shape[2] - 3 * width) // 2
        for place, picture in enumerate(alone):
            left = place * (width + gap)
            assert np.array_equal(drawn[row, :, left : left + width], picture)
        assert (drawn[row, :, width : width + gap] == PAPER).all()


def test_one_slice_has_the_whole_cell():
    values = noise(1, 9, 8, 8, 1)
    drawn = panels(MaskColumn("m", values, parts=Parts(np.array([[7]]))), CELL)
    assert np.array_equal(drawn, panels(MaskColumn("m", values[:, 7]), CELL))


def test_labels_stand_below():
    values, indices = noise(1, 9, 8, 8, 1), np.array([[0, 4, 8]])
    plain = panels(MaskColumn("m", values, parts=Parts(indices)), CELL)
    drawn = panels(MaskColumn("m", values, parts=Parts(indices, [["1 of 9", "5 of 9", "9 of 9"]])), CELL)
    high, third = plain.shape[1], plain.shape[2] // 3
    assert np.array_equal(drawn[:, :high], plain) and drawn.shape[1] > high
    below = drawn[0, high:]
    assert all((below[:, n * third : (n + 1) * third] == FAINT).all(axis=-1).any() for n in range(3))


def test_a_slice_without_contrast_is_not_called_a_constant_map():
    values, parts = noise(2, 6, 8, 8, 1), Parts(np.array([[0, 5]] * 2))
    values[:, 0] = 0
    values[1] = 0
    drawn = panels(MaskColumn("m", values, parts=parts), CELL)
    left = drawn[:, :, : drawn.shape[2] // 3]
    assert np.ptp(left[0]) < 10 and np.ptp(left[1]) > 30


def test_colours_blank_rows_headings_and_tiles():
    values, parts = noise(2, 6, 8, 8, 3), Parts(np.array([[0, 5]] * 2))
    column = ImageColumn("scan", values, blank=[False, True], parts=parts)
    assert column.heading == "scan" and ImageColumn("scan", values).heading == "scan (middle slice)"
    drawn = panels(column, CELL)
    assert np.ptp(drawn[0], axis=-1).max() > 100 and (drawn[1] == FRAME).all(axis=-1).mean() > 0.7
    assert np.array_equal(tile(column, 0, size=CELL), panels(column.only(0), CELL)[0])

"""Rows of tables as bar charts: lengths, sides and colours are those of the numbers."""

import numpy as np
import pytest

from fe_saliency.display import ImageColumn, MaskColumn, Parts, SignedColumn, tile
from fe_saliency.display.colors import FRAME, INK, PAPER, colorize, colorize_signed
from fe_saliency.display.panels import panels

CELL = 120
RED, BLUE = (tuple(colorize_signed(np.array(value, np.float32)).tolist()) for value in (0.7, -0.7))


def all_of(values, labels=None):
    rows, count = values.shape
    return Parts(np.tile(np.arange(count), (rows, 1)), labels)


def bars_of(cell, count):
    """(length, side) of each line: how many pixels are red, less those that are blue."""
    lines = np.split(cell, count)
    red, blue = ([(line == color).all(axis=-1).sum(axis=1).max() for line in lines] for color in (RED, BLUE))
    return np.array(red) - np.array(blue)


def test_signed_bars_are_as_long_as_their_values():
    values = np.array([[1.0, -0.5, 0.0, 0.25], [-1.0, 1.0, -1.0, 1.0]])
    drawn = panels(SignedColumn("m", values, parts=all_of(values)), CELL)
    for cell, row in zip(drawn, values, strict=True):
        np.testing.assert_allclose(bars_of(cell, 4), row * CELL / 2, atol=3)
    middle = drawn.shape[2] // 2
    assert not (drawn[:, :, :middle] == RED).all(axis=-1).any(), "above zero to the right"
    assert not (drawn[:, :, middle + 1 :] == BLUE).all(axis=-1).any(), "below zero to the left"


def test_masks_are_bars_on_dark_in_the_colours_of_the_scale():
    values = np.array([[1.0, 0.5, 0.0]])
    for given in (values, np.rint(values * 255).astype(np.uint8)):
        lines = np.split(panels(MaskColumn("m", given, parts=all_of(given)), CELL)[0], 3)
        for line, value in zip(lines, values[0], strict=True):
            middle = line[len(line) // 2]
            color = colorize(np.array(value, np.float32))
            bar = (np.abs(middle.astype(int) - color).max(axis=-1) <= 3).sum() if value else 0
            assert abs(bar - value * CELL) <= 3
            assert (middle[-1] == colorize(np.array(0.0))).all() or value == 1


def test_only_the_chosen_features_are_drawn_in_their_order():
    values = np.array([[0.1, -1.0, 0.2, 0.9], [1.0, 0.3, -0.4, 0.5]])
    parts = Parts(np.array([[3, 1], [0, 2]]))
    drawn = panels(SignedColumn("m", values, parts=parts), CELL)
    for cell, expected in zip(drawn, [[0.9, -1.0], [1.0, -0.4]], strict=True):
        np.testing.assert_allclose(bars_of(cell, 2), np.array(expected) * CELL / 2, atol=3)
    assert drawn.shape[1] < panels(SignedColumn("m", values, parts=all_of(values)), CELL).shape[1]


def test_labels_stand_at_the_left_and_stay_out_of_the_bars():
    values = np.array([[-1.0, -1.0, 1.0]])
    plain = panels(SignedColumn("m", values, parts=all_of(values)), CELL)
    labels = [["age", "a name of very many words that go on and on", "x"]]
    drawn = panels(SignedColumn("m", values, parts=all_of(values, labels)), CELL)
    margin = drawn.shape[2] - plain.shape[2]
    assert 0 < margin <= 1.3 * CELL
    assert np.array_equal(drawn[:, :, margin:], plain), "the bars are the same"
    assert all((line[:, :margin] == INK).all(axis=-1).any() for line in np.split(drawn[0], 3)), "each has its label"


def test_the_features_themselves_are_listed():
    values = np.array([[0.2, 0.9]])
    drawn = panels(ImageColumn("x", values, parts=all_of(values, [["a = 1", "b = 2"]])), CELL)
    assert drawn.shape[2] < CELL and (drawn == INK).all(axis=-1).any()
    assert np.ptp(drawn, axis=-1).max() < 20, "nothing but letters"


def test_a_tile_is_the_chart_of_one_row():
    values = np.array([[1.0, -0.5], [0.1, 0.1]])
    column = SignedColumn("m", values, parts=all_of(values, [["a", "b"], ["c", "d"]]))
    assert np.array_equal(tile(column, 1, size=CELL), panels(column.only(1), CELL)[0])
    assert not np.array_equal(tile(column, 0), tile(column, 1))


@pytest.mark.parametrize("kind", [MaskColumn, SignedColumn])
def test_rows_without_numbers_say_so(kind):
    values = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    drawn = panels(kind("m", values, [False, False, True], all_of(values)), CELL)
    bare = panels(kind("m", values, parts=all_of(values)), CELL)
    assert np.array_equal(drawn[1], bare[1])
    assert len(np.unique(bare[1].reshape(-1, 3), axis=0)) <= 3, "no letters: bars of one length speak for themselves"
    blank = (drawn[2] == FRAME).all(axis=-1).mean()
    assert blank > 0.7 and np.ptp(drawn[0].reshape(-1, 3), axis=0).max() > 50


def test_one_feature():
    values = np.array([[-1.0]])
    assert bars_of(panels(SignedColumn("m", values, parts=all_of(values)), CELL)[0], 1)[0] < -50
    assert (panels(SignedColumn("m", values, parts=all_of(values)), CELL)[0, 0] == PAPER).all(axis=-1).any()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Parts(np.array([0, 1])), r"`indices` \(of int64, of shape \(2,\)\) must be whole numbers, \(B, n\)"),
        (lambda: Parts(np.array([[0.5]])), r"`indices` \(of float64"),
        (lambda: Parts(np.array([[0, 1]]), [["a"]]), r"`labels` \(by row: \[1\]\) must be one for each"),
        (
            lambda: MaskColumn("m", np.ones((2, 3)), parts=Parts(np.array([[0]]))),
            r"`parts` \(of 1 rows\) of column 'm'",
        ),
        (lambda: MaskColumn("m", np.ones((1, 3)), parts=Parts(np.array([[3]]))), r"`parts` .* must be from 0 to 2"),
        (lambda: MaskColumn("m", np.ones((1, 3, 3)), parts=Parts(np.array([[0]]))), r"not of shape \(1, 3, 3\)"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()

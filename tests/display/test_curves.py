"""Signals as lines over the colours of a map."""

import numpy as np
import pytest

from fe_saliency.display import Section, SignalColumn, compose, tile
from fe_saliency.display.colors import FRAME, INK, colorize, colorize_signed
from fe_saliency.display.panels import panels

CELL = 120


def dark(cell):
    """How much of each pixel the line covers."""
    return 1 - cell.max(axis=-1) / 255


def heights(cell):
    """The mean height of the line in each pixel column, from 0 at the bottom to 1 at the top; NaN without a line."""
    ink = dark(cell)
    with np.errstate(invalid="ignore"):
        return 1 - (ink * np.arange(len(cell))[:, None]).sum(axis=0) / ink.sum(axis=0) / len(cell)


def test_the_line_follows_the_signal():
    t = np.linspace(0, 1, 60)
    signals = np.stack([np.sin(6 * t), t * 1000 - 7])[..., None]
    drawn = panels(SignalColumn("x", signals), CELL)
    for cell, signal in zip(drawn, signals[..., 0], strict=True):
        found = heights(cell)[2:-2]
        expected = np.interp(np.linspace(0, 1, len(found)), t, signal)
        assert np.isfinite(found).all() and np.corrcoef(found, expected)[0, 1] > 0.99
        assert np.nanmax(found) > 0.8 and np.nanmin(found) < 0.2


def test_each_channel_has_a_lane_of_its_own():
    t = np.linspace(0, 1, 60)
    drawn = panels(SignalColumn("x", np.stack([t, 1e6 * (1 - t)], axis=-1)[None]), CELL)[0]
    upper, lower = np.split(drawn, [len(drawn) // 2])
    rising, falling = heights(upper)[2:-2], heights(lower)[2:-2]
    assert (np.diff(rising) > -0.05).all() and rising[-1] - rising[0] > 0.6
    assert (np.diff(falling) < 0.05).all() and falling[0] - falling[-1] > 0.6


def test_one_spike_among_very_many_points_is_drawn():
    signals = np.zeros((1, 100_000, 1))
    signals[0, 31_234] = 1
    found = heights(panels(SignalColumn("x", signals), CELL)[0])
    assert found[[0, 1, -2, -1]].max() < 0.2 and found[round(0.31234 * len(found))] > 0.3


@pytest.mark.parametrize("signed", [False, True])
def test_the_background_has_the_colours_of_the_map(signed):
    maps = np.linspace(-1 if signed else 0, 1, 30).reshape(1, 30, 1)
    drawn = panels(SignalColumn("x", np.zeros((1, 30, 1)), maps, signed), CELL)[0]
    colors = (colorize_signed if signed else colorize)(maps[0, :, 0].astype(np.float32))
    top = drawn[2]
    places = (np.arange(30) * 2 + 1) * len(top) // 60
    assert np.array_equal(top[places], colors)


def test_the_line_is_read_on_every_colour():
    for signed, maps in ((False, 0.0), (False, 1.0), (True, 0.0), (True, 1.0), (True, -1.0)):
        column = SignalColumn("x", np.zeros((1, 30, 1)), np.full((1, 30, 1), maps), signed)
        brightness = panels(column, CELL)[0, :, CELL // 2].astype(int).mean(axis=-1)
        assert np.ptp(brightness) > 150


@pytest.mark.parametrize("points", [1, 2])
def test_few_points_and_constant_channels(points):
    drawn = panels(SignalColumn("x", np.full((1, points, 3), 5.0)), CELL)[0]
    assert (dark(drawn)[:, drawn.shape[1] // 2] > 0.3).sum() >= 3


def test_a_blank_row_is_grey_and_a_tile_is_one_row():
    signals, maps = np.random.default_rng(0).normal(size=(2, 30, 1)), np.full((2, 30, 1), 0.5)
    column = SignalColumn("x", signals, maps, blank=[False, True])
    drawn = panels(column, CELL)
    assert (drawn[1] == FRAME).all(axis=-1).mean() > 0.7 and (drawn[1] == INK).all(axis=-1).any()
    assert np.array_equal(tile(column, 0, size=CELL), panels(column.only(0), CELL)[0])
    assert compose(Section([column])).ndim == 3


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ((np.zeros((2, 5)),), ValueError, r"`signals` \(of shape \(2, 5\)\) of column 'x' must be finite floats"),
        ((np.zeros((2, 5, 1), int),), ValueError, "must be finite floats"),
        ((np.full((2, 5, 1), np.nan),), ValueError, "must be finite floats"),
        ((np.zeros((2, 5, 1)), np.zeros((2, 4, 1))), ValueError, r"`maps` \(of shape \(2, 4, 1\)\) of column 'x'"),
        ((np.zeros((2, 5, 1)), np.full((2, 5, 1), -0.5)), ValueError, r"must be in \[0, 1\]: use `to_mask`"),
        ((np.zeros((2, 5, 1)), np.full((2, 5, 1), 2.0), True), ValueError, r"must be in \[-1, 1\]: use `to_signed`"),
        ((np.zeros((2, 5, 1)), None, False, [True]), ValueError, r"`blank` \(of length 1\)"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=message):
        SignalColumn("x", *arguments)

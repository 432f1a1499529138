"""Signals as lines, each channel in a lane of its own, before the colours of a map."""

import numpy as np
from PIL import Image, ImageDraw

from fe_saliency.display.colors import INK, PAPER, colorize, colorize_signed
from fe_saliency.display.columns import SignalColumn
from fe_saliency.display.pixels import strongest

_FINE = 3  # The lines are drawn so many times larger, and reduced
_PAD = 0.12  # Of a lane, above and below its line


def curves(column: SignalColumn, cell: int) -> np.ndarray:
    """The lines of one column, the time to the right.

    Each channel is stretched from its smallest to its largest value; where more points than pixels are drawn, a line is
    as thick as they are far apart.

    Args:
        column: Signals, and the maps behind them.
        cell: In pixels: the width is one and a half of it, the height from a half, for one channel, to one.

    Returns:
        (B, height, width, 3) uint8.
    """
    count = column.signals.shape[2]
    width, height = cell * 3 // 2, min(cell, round(cell * (0.4 + 0.15 * count)))
    dark = column.maps is not None and not column.signed
    line, casing = (PAPER, INK) if dark else (INK, PAPER)
    drawn = np.repeat(_background(column, width)[:, None], height, axis=1).astype(np.float32)
    thin = max(_FINE, round(cell * _FINE / 90))
    for row, signal in enumerate(column.signals):
        points = [_points(values, width, height / count, lane) for lane, values in enumerate(signal.T)]
        for thickness, color in ((3 * thin, casing), (thin, line)):
            ink = _ink(points, width, height, thickness)[..., None]
            drawn[row] += (np.array(color, np.float32) - drawn[row]) * ink
    return np.rint(drawn).astype(np.uint8)


def _background(column: SignalColumn, width: int) -> np.ndarray:
    """The colours of the maps, (B, width, 3)."""
    if column.maps is None:
        return np.full((len(column), width, 3), PAPER, np.uint8)
    maps = strongest(column.maps[:, None, :, 0], width)[:, 0]
    maps = maps[:, np.arange(width) * maps.shape[1] // width]
    return colorize_signed(maps) if column.signed else colorize(maps)


def _points(values: np.ndarray, width: int, lane: float, number: int) -> list[tuple[float, float]]:
    """Where the line of one channel (T,) goes, in fine pixels."""
    low, high = float(values.min()), float(values.max())
    share = np.full(len(values), 0.5) if low == high else (values.astype(np.float64) - low) / (high - low)
    x = (np.arange(len(values)) + 0.5) / len(values) * width
    if len(values) > 4 * width:  # Of what falls on one pixel, the extremes
        starts = np.arange(2 * width) * len(values) // (2 * width)
        both = np.stack([np.minimum.reduceat(share, starts), np.maximum.reduceat(share, starts)], axis=1)
        share, x = both.ravel(), np.repeat((np.arange(2 * width) + 0.5) / 2, 2)
    y = lane * (number + _PAD + (1 - 2 * _PAD) * (1 - share))
    return list(zip((x * _FINE).tolist(), (y * _FINE).tolist(), strict=True))


def _ink(lines: list[list[tuple[float, float]]], width: int, height: int, thickness: int) -> np.ndarray:
    """How far the lines cover each pixel: (height, width) in [0, 1]."""
    stencil = Image.new("L", (width * _FINE, height * _FINE))
    draw = ImageDraw.Draw(stencil)
    for points in lines:
        if len(points) == 1:  # A signal of one point is a line all the same
            points = [(0.0, points[0][1]), (width * _FINE, points[0][1])]
        draw.line(points, fill=255, width=thickness, joint="curve")
    return np.asarray(stencil.reduce(_FINE), np.float32) / 255

"""Colours: a perceptually uniform scale for the maps, and the few inks of the figure."""

from functools import cache

import numpy as np
from matplotlib import colormaps

Color = tuple[int, int, int]
PAPER = (255, 255, 255)
INK = (31, 35, 40)
FAINT = (89, 99, 110)
FRAME = (190, 196, 203)
PALE = (165, 165, 165)
BAND = (234, 238, 242)
RIGHT = (26, 127, 55)
WRONG = (196, 28, 38)

ALARM = WRONG
ALARM_TINT = (253, 231, 231)
INKS = (PAPER, INK, FAINT, FRAME, PALE, BAND, RIGHT, WRONG, ALARM_TINT)

MASK_COLORS = "inferno"
SIGNED_COLORS = "RdBu_r"  # ColorBrewer's: told apart with every kind of colour blindness, and in print
_SIGNED_ENDS = (0.05, 0.95)  # Of Matplotlib's map; beyond them both sides are nearly black
_SIGNED_ANCHORS = 11  # As many colours as ColorBrewer defines; what is between them is interpolated
_SIGNED_STEPS = 255  # From zero to one


@cache
def lookup_table(name: str = MASK_COLORS) -> np.ndarray:
    """The colours of one of Matplotlib's maps: (256, 3) uint8, read-only."""
    table = colormaps[name](np.arange(256), bytes=True)[:, :3].copy()
    table.flags.writeable = False
    return table


def to_bytes(values: np.ndarray) -> np.ndarray:
    """[0, 1] to the nearest of 0..255; uint8 is returned as it is."""
    if values.dtype == np.uint8:
        return values
    return np.rint(values * np.float32(255)).astype(np.uint8)


def colorize(masks: np.ndarray, name: str = MASK_COLORS) -> np.ndarray:
    """The colour of each value.

    Args:
        masks: (...), floats in [0, 1] or uint8.
        name: One of Matplotlib's colour maps.

    Returns:
        (..., 3) uint8.
    """
    return lookup_table(name).take(to_bytes(masks), axis=0)


@cache
def signed_table() -> np.ndarray:
    """The colours from -1 to 1: (511, 3) uint8, read-only, with pure white in the middle."""
    anchors = colormaps[SIGNED_COLORS](np.linspace(*_SIGNED_ENDS, _SIGNED_ANCHORS))[:, :3]
    anchors[_SIGNED_ANCHORS // 2] = 1
    positions = np.linspace(-1, 1, 2 * _SIGNED_STEPS + 1)
    channels = [np.interp(positions, np.linspace(-1, 1, _SIGNED_ANCHORS), channel) for channel in anchors.T]
    table = np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8)
    table.flags.writeable = False
    return table


def colorize_signed(maps: np.ndarray) -> np.ndarray:
    """The colour of each value: blue below zero, white at zero, red above.

    Args:
        maps: (...), floats in [-1, 1].

    Returns:
        (..., 3) uint8.
    """
    steps = np.rint(maps * np.float32(_SIGNED_STEPS)).astype(np.intp)
    return signed_table().take(steps + _SIGNED_STEPS, axis=0)

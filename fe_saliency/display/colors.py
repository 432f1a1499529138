"""Colours: a perceptually uniform scale for the maps, and the few inks of the figure."""

from functools import cache

import numpy as np
from matplotlib import colormaps

PAPER = (255, 255, 255)
INK = (31, 35, 40)
FAINT = (89, 99, 110)
FRAME = (190, 196, 203)
PALE = (165, 165, 165)
BAND = (234, 238, 242)
RIGHT = (26, 127, 55)
WRONG = (196, 28, 38)

MASK_COLORS = "inferno"


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

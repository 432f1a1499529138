"""Volumes as rows of slices, each with its number."""

from dataclasses import replace
from typing import Any

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import FAINT, PAPER
from fe_saliency.display.parts import Parts
from fe_saliency.display.pixels import Pixels, pixels
from fe_saliency.display.typeset import fit, write

_SHARE = 2 / 3  # Of a cell, for each of several slices
_LEAST_FONT = 8


def slices(column: Pixels, parts: Parts, cell: int) -> np.ndarray:
    """The slices of volumes side by side.

    Args:
        column: Of volumes, (B, D, H, W, C).
        parts: Which slices, and their labels, which stand below.
        cell: The wanted length of the longer side of a slice that is alone; one of several has two thirds.

    Returns:
        (B, height, width, 3) uint8.
    """
    count = parts.indices.shape[1]
    chosen = parts.of(column.values)
    side = cell if count == 1 else round(cell * _SHARE)
    flat: dict[str, Any] = {column.holds: chosen.reshape(-1, *chosen.shape[2:]), "blank": None, "parts": None}
    drawn = pixels(replace(column, **flat), side)
    drawn = drawn.reshape(len(column), count, *drawn.shape[1:])
    high, wide = drawn.shape[2:4]
    size, gap = max(_LEAST_FONT, cell // 11), max(2, cell // 30)
    below = 0 if parts.labels is None else size * 3 // 2
    found = np.full((len(column), high + below, count * (wide + gap) - gap, 3), PAPER, np.uint8)
    for place in range(count):
        left = place * (wide + gap)
        found[:, :high, left : left + wide] = drawn[:, place]
    for row, texts in enumerate(parts.labels or []):
        canvas = Canvas(found[row])
        for place, text in enumerate(texts):
            lettering = fit(text, wide, below, size, _LEAST_FONT - 2)
            top = high + (below - lettering.height) // 2
            write(canvas, lettering, (place * (wide + gap), top), wide, FAINT)
    return found

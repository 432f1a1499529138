"""Rows of tables as bar charts: a line for each feature, in the same order in every column."""

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import FAINT, INK, PAPER, Color, colorize, colorize_signed
from fe_saliency.display.columns import ImageColumn, MaskColumn, SignedColumn
from fe_saliency.display.parts import Parts
from fe_saliency.display.typeset import shorten, text_width, write

_LEAST_FONT = 10
_LISTED, _BESIDE = 3, 1.25  # How wide labels are at the most, in cells: of values that are listed, and beside bars
_STRONG = 0.7  # Of the signed colours; the ends are nearly black


def bars(column: ImageColumn | MaskColumn | SignedColumn, parts: Parts, cell: int) -> np.ndarray:
    """The bar charts of one column.

    Masks are bars on dark that begin at the left, in the colours of the masks. Those of signed maps begin in the
    middle, to the right and red above zero, to the left and blue below. Of images, which are the features' own values,
    there are no bars, but the labels alone.

    Args:
        column: Of table rows, (B, F).
        parts: Which features, and their labels, which stand at the left; of long ones the two ends.
        cell: The width of the bars, in pixels; that of labels is added.

    Returns:
        (B, height, width, 3) uint8, the height in proportion to the number of features.
    """
    size = max(_LEAST_FONT, cell // 10)
    line = size * 3 // 2
    texts = parts.labels or []
    widest = max((text_width(text, size) for row in texts for text in row), default=0)
    listed = isinstance(column, ImageColumn)
    margin = min(widest, round(cell * (_LISTED if listed else _BESIDE))) + size // 2 if widest else 0
    width, height = margin + (size // 2 if listed else cell), line * parts.indices.shape[1]
    values = np.clip(parts.of(column.values / (255 if column.values.dtype == np.uint8 else 1)), -1, 1)
    drawn = np.full((len(column), height, width, 3), PAPER, np.uint8)
    for row in range(len(column)):
        canvas = Canvas(drawn[row])
        if not listed:
            _paint_bars(canvas, values[row], isinstance(column, SignedColumn), (margin, width), line)
        for place, text in enumerate(texts[row] if texts else []):
            lettering = shorten(text, margin - size // 2, size)
            top = place * line + (line - lettering.height) // 2
            write(canvas, lettering, (size // 4, top), margin - size // 2, INK, centered=False)
    return drawn


def _paint_bars(canvas: Canvas, values: np.ndarray, signed: bool, sides: tuple[int, int], line: int) -> None:
    """The bars of one row, between the pixels `sides`."""
    left, right = sides
    zero = (left + right) // 2 if signed else left
    full = (right - left) // 2 - 2 if signed else right - left - 2
    if not signed:
        canvas.fill(left, 0, right, line * len(values), _color(0.0, signed))
    for place, value in enumerate(values.tolist()):
        end = zero + round(value * full)
        if end != zero:
            top = place * line + line // 6
            canvas.fill(min(zero, end), top, max(zero, end), top + line * 2 // 3, _color(value, signed))
    if signed:
        canvas.fill(zero, 0, zero, line * len(values), FAINT)


def _color(value: float, signed: bool) -> Color:
    strong = np.float32(np.sign(value) * _STRONG if signed else value)
    red, green, blue = (colorize_signed if signed else colorize)(np.array(strong)).tolist()
    return red, green, blue

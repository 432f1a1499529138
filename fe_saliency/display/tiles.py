"""One cell of a column by itself: a picture whose history TensorBoard's step slider can play."""

from dataclasses import replace
from typing import Any

import numpy as np

from fe_saliency.checks import whole
from fe_saliency.display.columns import ImageColumn, MaskColumn, PictureColumn, SignedColumn
from fe_saliency.display.panels import label_plain, paint, panels, planes

_FIELDS: dict[type, str] = {ImageColumn: "images", MaskColumn: "masks", SignedColumn: "maps"}
_SLIMMEST = 8  # A side thinner than this share of the other is drawn thicker than it is


def tile(column: PictureColumn, row: int, size: int = 192) -> np.ndarray:
    """One picture of a column, as large as it is read well.

    It is enlarged by the largest whole factor that keeps its longer side within `size`, every pixel a square of
    one colour, so that its numbers can be read back from the colours. Pictures of up to twice that size stay as
    they are, larger ones are reduced to twice `size`. Rows of tables, signals, and what is very slim become strips.

    Args:
        column: Images, masks or signed maps of B rows. An overlay is an `ImageColumn` of what `blend` returns.
        row: Which of them, from 0 to B - 1.
        size: The wanted length of the longer side, in pixels.

    Returns:
        (h, w, 3) uint8.

    Raises:
        TypeError: If `column` has no pictures, or `row` or `size` is not a whole number.
        ValueError: If there is no such row, or `size` is below 16.

    >>> tile(MaskColumn("digit", np.eye(8)[None]), 0).shape
    (192, 192, 3)
    """
    if type(column) not in _FIELDS:
        raise TypeError(
            f"`column` (a {type(column).__name__}) must be an `ImageColumn`, a `MaskColumn` or a `SignedColumn`."
        )
    size = whole("size", size, 16)
    if whole("row", row, 0) >= len(column):
        raise ValueError(f"`row` (={row}) must be below {len(column)}, the number of rows of column '{column.title}'.")
    alone = _only(column, row)
    pictures, strip = planes(alone)
    height, width = pictures.shape[1:3]
    factor = max(1, size // max(height, width))
    if strip or max(height, width) > 2 * size or min(height, width) * _SLIMMEST < max(height, width):
        return panels(alone, size if max(height, width) <= size else 2 * size)[0]
    drawn = paint(alone, pictures).repeat(factor, axis=1).repeat(factor, axis=2)
    return label_plain(drawn, alone)[0]


def _only(column: PictureColumn, row: int) -> PictureColumn:
    field = _FIELDS[type(column)]
    changed: dict[str, Any] = {field: getattr(column, field)[row : row + 1]}
    if column.blank is not None:
        changed["blank"] = column.blank[row : row + 1]
    return replace(column, **changed)

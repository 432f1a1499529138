"""One cell of a column by itself: a picture whose history TensorBoard's step slider can play."""

import numpy as np

from fe_saliency.checks import whole
from fe_saliency.display.columns import PictureColumn, SignalColumn
from fe_saliency.display.panels import label_plain, panels
from fe_saliency.display.pixels import paint, planes

_SLIMMEST = 8  # A side thinner than this share of the other is drawn thicker than it is


def tile(column: PictureColumn, row: int, size: int = 192) -> np.ndarray:
    """One picture of a column, as large as it is read well.

    It is enlarged by the largest whole factor that keeps its longer side within `size`, every pixel a square of
    one colour, so that its numbers can be read back from the colours. Pictures of up to twice that size stay as
    they are, larger ones are reduced to twice `size`. Strips of all features or of a signal's map, and what is
    very slim, are drawn thicker. Bars, lines and slices are those of the figure, larger.

    Args:
        column: Images, masks, signed maps or signals of B rows. An overlay is an `ImageColumn` of what `blend` returns.
        row: Which of them, from 0 to B - 1.
        size: The wanted length of the longer side, in pixels.

    Returns:
        (h, w, 3) uint8.

    Raises:
        TypeError: If `column` has no pictures, or `row` or `size` is not a whole number.
        ValueError: If there is no such row, or `size` is below 16.

    >>> from fe_saliency.display import MaskColumn
    >>> tile(MaskColumn("digit", np.eye(8)[None]), 0).shape
    (192, 192, 3)
    """
    if not isinstance(column, PictureColumn):
        raise TypeError(
            f"`column` (a {type(column).__name__}) must be an `ImageColumn`, a `MaskColumn`, a `SignedColumn` or a "
            "`SignalColumn`."
        )
    size = whole("size", size, 16)
    if whole("row", row, 0) >= len(column):
        raise ValueError(f"`row` (={row}) must be below {len(column)}, the number of rows of column '{column.title}'.")
    alone = column.only(row)
    if isinstance(alone, SignalColumn) or alone.parts is not None:
        return panels(alone, size)[0]
    pictures, strip = planes(alone)
    height, width = pictures.shape[1:3]
    factor = max(1, size // max(height, width))
    if strip or max(height, width) > 2 * size or min(height, width) * _SLIMMEST < max(height, width):
        return panels(alone, size if max(height, width) <= size else 2 * size)[0]
    drawn = paint(alone, pictures).repeat(factor, axis=1).repeat(factor, axis=2)
    return label_plain(drawn, alone)[0]

"""The pictures of one column: of images pixels, of table rows bars, of volumes slices, of signals lines."""

import numpy as np

from fe_saliency.display.bars import bars
from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import FAINT, FRAME, INK, PALE, Color
from fe_saliency.display.columns import MaskColumn, PictureColumn, SignalColumn, SignedColumn
from fe_saliency.display.curves import curves
from fe_saliency.display.pixels import pixels
from fe_saliency.display.slices import slices
from fe_saliency.display.typeset import fit, write


def panels(column: PictureColumn, cell: int) -> np.ndarray:
    """The pictures of one column, all of one size.

    Args:
        column: Images, masks, signed maps or signals.
        cell: The wanted length of the longer side of an image, in pixels; see `pixels`, `bars`, `slices` and `curves`.

    Returns:
        (B, height, width, 3) uint8.
    """
    if isinstance(column, SignalColumn):
        return label_plain(curves(column, cell), column)
    if column.parts is None:
        return label_plain(pixels(column, cell), column)
    drawn = bars(column, column.parts, cell) if column.values.ndim == 2 else slices(column, column.parts, cell)
    return label_plain(drawn, column)


def label_plain(drawn: np.ndarray, column: PictureColumn) -> np.ndarray:
    """Say in a cell without a picture, or on a map without contrast, why, or it looks like a fault of the figure."""
    blank = np.zeros(len(drawn), bool) if column.blank is None else np.asarray(column.blank, bool)
    texts = _constant(column) | dict.fromkeys(np.flatnonzero(blank).tolist(), "not finite")
    if not texts:
        return drawn
    # Contiguous, as it is written on: channels-first pictures are views of another order.
    drawn = np.ascontiguousarray(np.where(blank[:, None, None, None], np.array(FRAME, np.uint8), drawn))
    for row, text in texts.items():
        ink = INK if blank[row] else FAINT if drawn[row].mean() > 128 else PALE
        _write_on(drawn[row], text, ink)
    return drawn


def _constant(column: PictureColumn) -> dict[int, str]:
    """What to say on the maps without contrast, by row."""
    if not isinstance(column, (MaskColumn, SignedColumn)):
        return {}
    rows = column.values.reshape(len(column), -1)
    if column.values.ndim == 2 and column.parts is not None:  # Bars of one length say so.
        return dict.fromkeys(np.flatnonzero(~rows.any(axis=1)).tolist(), "constant map")
    full = 255 if rows.dtype == np.uint8 else 1
    # On a scale that is not its own, a map may be clipped everywhere without being constant.
    return {
        row: "full scale everywhere" if abs(rows[row, 0]) == full else "constant map"
        for row in np.flatnonzero((rows == rows[:, :1]).all(axis=1)).tolist()
    }


def _write_on(cell: np.ndarray, text: str, ink: Color) -> None:
    height, width = cell.shape[:2]
    lettering = fit(text, width, height, max(9, width // 10), 6)
    write(Canvas(cell), lettering, (0, (height - lettering.height) // 2), width, ink)

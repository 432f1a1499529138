"""Arrays as pictures of one size: enlarged with crisp pixels, or reduced with a good filter."""

import numpy as np
from PIL import Image, ImageDraw

from fe_saliency.display.channels import to_gray
from fe_saliency.display.colors import FAINT, FRAME, INK, PALE, Color, colorize, colorize_signed, to_bytes
from fe_saliency.display.columns import ImageColumn, MaskColumn, PictureColumn
from fe_saliency.display.typeset import fit, write

_CRISP = 80  # Up to this many pixels a side, each one is drawn as a square
_SIGNAL_CHANNELS = 4  # Rank 3 with more than this in the last axis is taken for (B, H, W)
_STRIP_HEIGHT = 0.4  # In cells


def panels(column: PictureColumn, cell: int) -> np.ndarray:
    """The pictures of one column.

    Pictures of up to 80 pixels a side are enlarged by a whole number, larger ones brought to the
    size of the cell by a filter. The aspect ratio is kept, except that nothing gets thinner than
    an eighth of the cell. Table rows and signals become strips, whose height means nothing.

    Args:
        column: Images, masks or signed maps.
        cell: The wanted length of the longer side, in pixels; it may be exceeded by an eighth.

    Returns:
        (B, height, width, 3) uint8.
    """
    pictures, strip = planes(column)
    shape = _panel_shape(pictures.shape, cell, strip)
    if strip and not isinstance(column, ImageColumn):
        pictures = _strongest(pictures, shape[1])
    if max(pictures.shape[1:3]) <= _CRISP and not isinstance(column, ImageColumn):
        drawn = _resize(paint(column, pictures), shape, strip)
    else:
        drawn = paint(column, _resize(pictures, shape, strip))
    return label_plain(drawn, column)


def planes(column: PictureColumn) -> tuple[np.ndarray, bool]:
    """What of a column is drawn, before it is enlarged or coloured.

    Args:
        column: Images, masks or signed maps.

    Returns:
        (B, H, W) or (B, H, W, 3), uint8 for images and masks, float32 for signed maps; and whether they are strips.
    """
    if isinstance(column, ImageColumn):
        values, strip = _flat(column.images, column.signal)
        return to_bytes(values), strip
    if isinstance(column, MaskColumn):
        values, strip = _flat(column.masks, None)
        return to_bytes(values), strip
    values, strip = _flat(column.maps, None)
    return values.astype(np.float32, copy=False), strip


def paint(column: PictureColumn, pictures: np.ndarray) -> np.ndarray:
    """The colours of what `planes` returned: (B, H, W, 3) uint8."""
    if isinstance(column, ImageColumn):
        return pictures if pictures.ndim == 4 else np.repeat(pictures[..., None], 3, axis=-1)
    if isinstance(column, MaskColumn):
        return colorize(pictures)
    return colorize_signed(np.clip(pictures, -1, 1))  # A cubic filter overshoots


def _flat(values: np.ndarray, signal: bool | None) -> tuple[np.ndarray, bool]:
    """(B, H, W) or (B, H, W, 3), and whether they are strips."""
    if values.ndim == 2:
        return values[:, None], True
    if values.ndim == 3:
        if signal is None:
            signal = values.shape[-1] <= _SIGNAL_CHANNELS
        # Time runs to the right; each channel is a band.
        return values.swapaxes(1, 2) if signal else values, signal
    if values.ndim == 5:
        values = values[:, values.shape[1] // 2]
    strip = values.shape[1] == 1
    if values.shape[-1] == 3:
        return values, strip
    if values.dtype == np.uint8 and values.shape[-1] > 1:
        values = values / np.float32(255)
    return to_gray(values), strip


def _panel_shape(shape: tuple[int, ...], cell: int, strip: bool) -> tuple[int, int]:
    rows, columns = shape[1:3]
    if strip:
        return round(cell * _STRIP_HEIGHT), columns * (cell // columns) if columns < cell else cell
    longest, most, least = max(rows, columns), cell * 9 // 8, cell // 8
    if longest <= min(_CRISP, most):
        factor = float(most // longest)
    elif cell * 7 // 9 <= longest <= most:
        factor = 1.0
    else:
        factor = cell / longest
    return max(least, round(rows * factor)), max(least, round(columns * factor))


def _strongest(pictures: np.ndarray, width: int) -> np.ndarray:
    """At most `width` columns, each the strongest of those it stands for: one feature among a
    thousand, thinner than a pixel, must not be averaged away."""
    if pictures.shape[2] <= width:
        return pictures
    starts = np.arange(width) * pictures.shape[2] // width
    size, high, low = (
        reduce.reduceat(values, starts, axis=2)
        for reduce, values in ((np.maximum, np.abs(pictures)), (np.maximum, pictures), (np.minimum, pictures))
    )
    return np.where(high == size, high, low)


def _resize(pictures: np.ndarray, shape: tuple[int, int], strip: bool) -> np.ndarray:
    if strip or max(pictures.shape[1:3]) <= _CRISP:
        for axis in (2, 1):  # The rows last, which are copied whole
            have, wanted = pictures.shape[axis], shape[axis - 1]
            if have < wanted:
                pictures = pictures.take(np.arange(wanted) * have // wanted, axis=axis)
    if pictures.shape[1:3] == shape:
        return pictures
    enlarged = pictures.shape[1] < shape[0]
    kind = Image.Resampling.BICUBIC if enlarged else Image.Resampling.HAMMING
    resized = [np.asarray(Image.fromarray(one).resize(shape[::-1], kind, reducing_gap=2.0)) for one in pictures]
    return np.stack(resized)


def label_plain(drawn: np.ndarray, column: PictureColumn) -> np.ndarray:
    """Say in a cell without a picture, or on a map without contrast, why, or it looks like a fault of the figure."""
    blank = np.zeros(len(drawn), bool) if column.blank is None else np.asarray(column.blank, bool)
    texts = _constant(column) | dict.fromkeys(np.flatnonzero(blank).tolist(), "not finite")
    if not texts:
        return drawn
    drawn = np.where(blank[:, None, None, None], np.array(FRAME, np.uint8), drawn)
    for row, text in texts.items():
        ink = INK if blank[row] else FAINT if drawn[row].mean() > 128 else PALE
        drawn[row] = _lettered(drawn[row], text, ink)
    return drawn


def _constant(column: PictureColumn) -> dict[int, str]:
    """What to say on the maps without contrast, by row."""
    if isinstance(column, ImageColumn):
        return {}
    values = column.masks if isinstance(column, MaskColumn) else column.maps
    rows = values.reshape(len(values), -1)
    full = 255 if values.dtype == np.uint8 else 1
    # On a scale that is not its own, a map may be clipped everywhere without being constant.
    return {
        row: "full scale everywhere" if abs(rows[row, 0]) == full else "constant map"
        for row in np.flatnonzero((rows == rows[:, :1]).all(axis=1)).tolist()
    }


def _lettered(cell: np.ndarray, text: str, ink: Color) -> np.ndarray:
    height, width = cell.shape[:2]
    lettering = fit(text, width, height, max(9, width // 10), 6)
    picture = Image.fromarray(cell)
    write(ImageDraw.Draw(picture), lettering, (0, (height - lettering.height) // 2), width, ink)
    return np.asarray(picture)

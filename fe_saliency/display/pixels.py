"""Arrays as pictures of one size: enlarged with crisp pixels, or reduced with a good filter."""

import numpy as np
from PIL import Image

from fe_saliency.display.channels import to_gray
from fe_saliency.display.colors import colorize, colorize_signed, to_bytes
from fe_saliency.display.columns import ImageColumn, MaskColumn, SignedColumn

_CRISP = 80  # Up to this many pixels a side, each one is drawn as a square
_SIGNAL_CHANNELS = 4  # Rank 3 with more than this in the last axis is taken for (B, H, W)
_STRIP_HEIGHT = 0.4  # In cells


Pixels = ImageColumn | MaskColumn | SignedColumn


def pixels(column: Pixels, cell: int) -> np.ndarray:
    """The pictures of a column whose arrays are seen as they are.

    Pictures of up to 80 pixels a side are enlarged by a whole number, larger ones brought to the
    size of the cell by a filter. The aspect ratio is kept, except that nothing gets thinner than
    an eighth of the cell. Table rows and signals become strips, whose height means nothing.

    Args:
        column: Images, masks or signed maps; its `parts` are not asked for.
        cell: The wanted length of the longer side, in pixels; it may be exceeded by an eighth.

    Returns:
        (B, height, width, 3) uint8.
    """
    pictures, strip = planes(column)
    shape = _panel_shape(pictures.shape, cell, strip)
    if strip and not isinstance(column, ImageColumn):
        pictures = strongest(pictures, shape[1])
    if max(pictures.shape[1:3]) <= _CRISP and not isinstance(column, ImageColumn):
        return _resize(paint(column, pictures), shape, strip)
    return paint(column, _resize(pictures, shape, strip))


def planes(column: Pixels) -> tuple[np.ndarray, bool]:
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


def paint(column: Pixels, pictures: np.ndarray) -> np.ndarray:
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


def strongest(pictures: np.ndarray, width: int) -> np.ndarray:
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

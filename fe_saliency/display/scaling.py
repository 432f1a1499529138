"""Raw numbers made displayable: maps by their 99th percentile, images by the range they are in."""

import numpy as np

from fe_saliency.display.channels import channels_last
from fe_saliency.display.rows import (
    check_finite,
    check_map_scale,
    check_maps,
    check_shape,
    divide,
    per_row,
    percentile,
    sum_channels,
)

_TOLERANCE = 1e-3  # An image resized by a cubic filter overshoots its range by a hair
_DIM = 32  # Integers below it are not brightness: class ids, binary images, the digits' 0..16


def to_mask(values: np.ndarray, channel_axis: int = -1, scale: float | None = None) -> np.ndarray:
    """A raw, signed map as a mask for display: 0 where the network does not look, 1 where it does.

    Each row stands alone: |value|, summed over the channels, less the row's minimum, divided by
    the row's 99th percentile (the lower neighbour, `sorted[floor(0.99 * (n - 1))]`) less that
    minimum, clipped at 1. If the percentile is the minimum, as with one informative pixel among a
    thousand, the maximum takes its place. A constant map gives zeros.

    With a `scale`, maps of several epochs are comparable: |value|, summed over the channels, divided
    by it, clipped at 1. Nothing is shifted, and equal values give equal masks.

    Args:
        values: (B, ...), float16, float32 or float64, finite; of any magnitude.
        channel_axis: The axis to sum, kept with length 1: -1 for (B, H, W, C), 1 for (B, C, H, W).
            Nothing is summed in (B, F).
        scale: What is drawn as 1, in the units of the map (those of the sum over the channels), as
            `common_scale` returns it. None: each row's own.

    Returns:
        In [0, 1], finite, of the dtype of `values`: (B, H, W, 1), (B, 1, H, W), (B, F).

    Raises:
        TypeError: If the values are not floating point, or `scale` is not a number.
        ValueError: If the shape has no row to scale, a value is not finite, or `scale` is not a
            finite number above 0.
    """
    magnitude, exponent = sum_channels(np.abs(check_maps(values)), channel_axis)
    dtype = np.asarray(values).dtype
    if scale is not None:
        return divide(magnitude, exponent, check_map_scale(scale)).astype(dtype)
    rest = magnitude - per_row(magnitude, np.min)
    span = percentile(rest)
    span = np.where(span > 0, span, per_row(rest, np.max))
    # Clipped before the division, so that no quotient can exceed 1, however small the span is.
    return (np.minimum(rest, span) / np.where(span > 0, span, 1)).astype(dtype)


def to_unit(images: np.ndarray, channel_axis: int | None = -1) -> np.ndarray:
    """An input image of any range, ready to be drawn.

    The range is recognised row by row, over all channels jointly (colours keep their balance):

    - integers in 0..255 are divided by 255, unless none of them reaches 32;
    - floats in [0, 1] are kept; [-0.5, 0.5] and [-1, 1] are shifted and scaled as a whole, so that
      equal colours stay equal;
    - anything else (standardised images, 0..16, 0..255 in floats) is stretched from the row's
      minimum to its maximum; if they are equal the row is a mid grey.

    Args:
        images: (B, ...), integers, booleans or floats, finite.
        channel_axis: -1 for channels-last, 1 for channels-first, None if there is no channel axis.

    Returns:
        float32 in [0, 1], with the channels last: (B, H, W, C), (B, H, W), (B, F).

    Raises:
        TypeError: If the images are not real numbers.
        ValueError: If the shape has no row, or a value is not finite.
    """
    images = np.asarray(images)
    if images.dtype.kind not in "buif":
        raise TypeError(f"`images` (of {images.dtype}) must hold integers, booleans or floats: cast them first.")
    check_shape(images, "images")
    images = channels_last(images, channel_axis)
    if images.dtype.kind == "f":
        wide = np.float64 if images.dtype.itemsize > 4 else np.float32
        work: np.ndarray = images.astype(wide, copy=False)
        check_finite(work, "images")
    else:
        work = images.astype(np.float32 if images.dtype.itemsize == 1 else np.float64)
    low, high = per_row(work, np.min), per_row(work, np.max)
    known_range = _integer_range if images.dtype.kind in "ui" else _float_range
    black, half_span = known_range(low, high)
    # Halves, because the span of the largest floats is none of them.
    unit = (work / 2 - black / 2) / np.where(half_span > 0, half_span, 1)
    return np.where(half_span > 0, np.clip(unit, 0, 1), 0.5).astype(np.float32)


def _integer_range(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's black lies, and half the way from there to white."""
    bright = (low >= 0) & (high <= 255) & ((high >= _DIM) | (low == high))
    return np.where(bright, 0, low), np.where(bright, 127.5, high / 2 - low / 2)


def _float_range(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's black lies, and half the way from there to white."""
    known = [
        (low >= black - _TOLERANCE) & (high <= white + _TOLERANCE) for black, white in ((0, 1), (-0.5, 0.5), (-1, 1))
    ]
    return np.select(known, [0, -0.5, -1], low), np.select(known, [0.5, 0.5, 1], high / 2 - low / 2)

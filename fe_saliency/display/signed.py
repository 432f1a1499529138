"""Signed maps made displayable with their sign, and one scale for the maps of many epochs."""

import numpy as np

from fe_saliency.display.rows import (
    check_map_scale,
    check_maps,
    divide,
    finite_rows,
    per_row,
    percentile,
    sum_channels,
    to_precision,
)


def to_signed(values: np.ndarray, channel_axis: int = -1, scale: float | None = None) -> np.ndarray:
    """A raw map for display with its sign: above 0 what raises the score, below 0 what lowers it.

    Each row stands alone: the values, summed over the channels with their sign, divided by the 99th
    percentile of the row's absolute sums (the lower neighbour, as in `to_mask`), or by the maximum
    if that is 0, clipped to [-1, 1]. Nothing is shifted: zero stays zero. A map of zeros gives zeros.

    Args:
        values: (B, ...), float16, float32 or float64, finite; of any magnitude.
        channel_axis: The axis to sum, kept with length 1: -1 for (B, H, W, C), 1 for (B, C, H, W).
            Nothing is summed in (B, F).
        scale: What is drawn as 1 and -1, in the units of the map (those of the sum over the
            channels), as `common_scale(..., signed=True)` returns it. None: each row's own.

    Returns:
        In [-1, 1], finite, of the dtype of `values`: (B, H, W, 1), (B, 1, H, W), (B, F).

    Raises:
        TypeError: If the values are not floating point, or `scale` is not a number.
        ValueError: If the shape has no row to scale, a value is not finite, or `scale` is not a
            finite number above 0.

    >>> to_signed(np.array([[4.0, 0.0, -1.0, 2.0]])).tolist()
    [[1.0, 0.0, -0.5, 1.0]]
    >>> to_signed(np.array([[4.0, 0.0, -1.0, 2.0]]), scale=8).tolist()
    [[0.5, 0.0, -0.125, 0.25]]
    """
    sums, exponent = sum_channels(check_maps(values), channel_axis)
    dtype = np.asarray(values).dtype
    if scale is not None:
        return divide(sums, exponent, check_map_scale(scale)).astype(dtype)
    size = np.abs(sums)
    span = percentile(size)
    span = np.where(span > 0, span, per_row(size, np.max))
    # Clipped before the division, so that no quotient can exceed 1, however small the span is.
    return (np.clip(sums, -span, span) / np.where(span > 0, span, 1)).astype(dtype)


def common_scale(values: np.ndarray, channel_axis: int = -1, signed: bool = False) -> float:
    """One scale for many maps, such as those of all epochs: give it to `to_mask` or `to_signed`.

    It is the 99th percentile (the lower neighbour) of the maps' sizes over all rows together, or
    their maximum if that is 0; for maps of nothing but zeros it is 1, so that it can always be
    divided by. Rows that hold NaN or infinity are left out.

    Args:
        values: (B, ...), float16, float32 or float64, finite in at least one row.
        channel_axis: The axis to sum: -1 for (B, H, W, C), 1 for (B, C, H, W); none in (B, F).
        signed: Whether the size is that of the signed sum over the channels, as `to_signed` draws
            it, or the sum of the absolute values, as `to_mask` does.

    Returns:
        A finite number above 0, in the units of the map.

    Raises:
        TypeError: If the values are not floating point.
        ValueError: If there is no row that is finite.

    >>> common_scale(np.array([[1.0, -2.0], [3.0, -40.0]]))
    3.0
    """
    maps = to_precision(values).astype(np.float64, copy=False)
    maps = maps[finite_rows(maps)]
    if not len(maps):
        raise ValueError(
            f"`values` (of shape {np.shape(values)}) must have at least one row that is finite: take those of a first "
            "epoch."
        )
    # Relative to the largest value: sums of the largest floats are no floats.
    _, largest = np.frexp(np.abs(maps).max())
    maps = np.ldexp(maps if signed else np.abs(maps), -largest)
    size = np.abs(np.ldexp(*sum_channels(maps, channel_axis))).reshape(1, -1)
    share = percentile(size).item() or size.max()
    if not share:
        return 1.0
    limits = np.finfo(np.float64)
    with np.errstate(over="ignore", under="ignore"):
        return float(np.clip(np.ldexp(share, largest), limits.tiny, limits.max))

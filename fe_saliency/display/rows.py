"""Arithmetic on (B, ...) arrays row by row, safe at every magnitude of a float."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fe_saliency.display.channels import check_channel_axis


def per_row(values: np.ndarray, reduce: Callable[..., Any]) -> np.ndarray:
    """`reduce` over all axes but the first, which are kept with length 1."""
    reduced: np.ndarray = reduce(values, axis=tuple(range(1, values.ndim)), keepdims=True)
    return reduced


def percentile(magnitude: np.ndarray) -> np.ndarray:
    """The 99th percentile of each row, (B, 1, ...): the lower neighbour, `sorted[floor(0.99 * (n - 1))]`."""
    count = math.prod(magnitude.shape[1:])
    kth = 99 * (count - 1) // 100
    found = np.partition(magnitude.reshape(-1, count), kth, axis=1)[:, kth]
    return found.reshape(-1, *[1] * (magnitude.ndim - 1))


def sum_channels(values: np.ndarray, channel_axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The sum over the channels, as `sums * 2 ** exponent`.

    A power of two per row changes no digit, and keeps sums from overflowing.

    Args:
        values: (B, ...), floating point, finite.
        channel_axis: The axis to sum, kept with length 1. Nothing is summed in (B, F).

    Returns:
        The sums, and one exponent per row, (B, 1, ...).
    """
    _, exponent = np.frexp(per_row(np.abs(values), np.max))
    sums = np.ldexp(values, -exponent)
    if values.ndim > 2:
        sums = sums.sum(axis=check_channel_axis(channel_axis, values.ndim), keepdims=True)
    return sums, exponent


def divide(sums: np.ndarray, exponent: np.ndarray, scale: float) -> np.ndarray:
    """`sums * 2 ** exponent / scale`, clipped to [-1, 1]: float64, and never a division by zero."""
    with np.errstate(over="ignore", under="ignore"):
        span = np.ldexp(np.float64(scale), -exponent)
    span = np.maximum(span, np.finfo(np.float64).tiny)
    # Clipped before the division, so that no quotient can exceed 1, however small the span is.
    quotient: np.ndarray = np.clip(sums, -span, span) / span
    return quotient


def check_maps(values: np.ndarray) -> np.ndarray:
    """`values` in the precision to compute with, if they are maps that can be drawn."""
    maps = to_precision(values)
    check_finite(maps, "values")
    return maps


def to_precision(values: np.ndarray) -> np.ndarray:
    """`values` in the precision to compute with, if they are maps, finite or not."""
    values = np.asarray(values)
    if values.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(
            f"`values` (of {values.dtype}) must be float16, float32 or float64: cast them, `values.astype('float32')`."
        )
    check_shape(values, "values")
    return values.astype(np.float64 if values.dtype == np.float64 else np.float32, copy=False)


def check_map_scale(scale: float) -> float:
    """`scale`, if a map can be divided by it."""
    if isinstance(scale, bool) or not isinstance(scale, (int, float, np.integer, np.floating)):
        raise TypeError(f"`scale` (={scale!r}) must be a number, in the units of the map: see `common_scale`.")
    if not 0 < scale < math.inf:
        raise ValueError(f"`scale` (={scale}) must be a finite number above 0, in the units of the map.")
    return float(scale)


def check_shape(values: np.ndarray, name: str) -> None:
    """Refuse what has no batch axis, or rows without a value."""
    if values.ndim < 2 or 0 in values.shape[1:]:
        raise ValueError(
            f"`{name}` (of shape {values.shape}) must be (B, ...) with at least one value per row: "
            "add a batch axis, `values[None]`, to a single row."
        )


def finite_rows(values: np.ndarray) -> np.ndarray:
    """Which rows of (B, ...) hold neither NaN nor infinity: bool (B,)."""
    return per_row(np.isfinite(values), np.all).ravel()


def check_finite(values: np.ndarray, name: str) -> None:
    """Refuse NaN and infinity, naming the rows that hold them."""
    finite = finite_rows(values)
    if not finite.all():
        bad = np.flatnonzero(~finite).tolist()
        raise ValueError(
            f"`{name}` has NaN or infinite values in rows {bad}, and must be finite to be drawn: "
            "look for an overflow in the model or in its input."
        )

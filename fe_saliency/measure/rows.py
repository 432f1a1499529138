"""Maps as rows of numbers: where every measure starts."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np


def flat(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """Several maps of the same rows side by side, such as those of all inputs of a model.

    Args:
        arrays: At least one, each (B, ...) with the same B.

    Returns:
        float64 of shape (B, F), in the order of `arrays`.

    Raises:
        TypeError: If an array holds no real numbers.
        ValueError: If there is none, or they differ in B, or one has no value in a row.
    """
    rows = [as_rows(array, "arrays") for array in arrays]
    if len({len(one) for one in rows}) != 1:
        raise ValueError(
            f"`arrays` (with {[len(one) for one in rows]} rows) must be at least one, all with the same number of "
            "rows: give one array per model input, of the same samples."
        )
    return np.concatenate(rows, axis=1)


def as_rows(values: np.ndarray, name: str) -> np.ndarray:
    """`values`, (B, ...), as float64 of shape (B, n)."""
    values = np.asarray(values)
    if values.dtype.kind not in "buif":
        raise TypeError(f"`{name}` (of {values.dtype}) must hold real numbers: cast them, `astype('float32')`.")
    if values.ndim < 2 or 0 in values.shape[1:]:
        raise ValueError(
            f"`{name}` (of shape {values.shape}) must be (B, ...) with at least one value per row: "
            "add a batch axis, `[None]`, to a single row."
        )
    return values.reshape(len(values), math.prod(values.shape[1:])).astype(np.float64)


def finite_rows(values: np.ndarray, name: str) -> np.ndarray:
    """Rows that are safe to sum and multiply, (B, n).

    Each is scaled by a power of two, which changes no digit, so that its largest size lies in [0.5, 1). A row that
    holds a NaN or an infinite value becomes zeros: of both, no measure of a pattern is defined.
    """
    rows = as_rows(values, name)
    rows[~np.isfinite(rows).all(axis=1)] = 0
    _, exponent = np.frexp(np.abs(rows).max(axis=1, keepdims=True))
    return np.ldexp(rows, -exponent)


def heat_rows(heat: np.ndarray, name: str = "heat") -> np.ndarray:
    """`finite_rows` of a heat, which has no negative values."""
    rows = finite_rows(heat, name)
    negative = np.flatnonzero((rows < 0).any(axis=1)).tolist()
    if negative:
        raise ValueError(
            f"`{name}` has negative values in rows {negative}, and must be at least 0: "
            "make a heat of the raw map first, `fe_saliency.heat.heat(values, channel_axis)`."
        )
    return rows


def varied(rows: np.ndarray) -> np.ndarray:
    """Which rows are not the same everywhere, (B,)."""
    different: np.ndarray = rows.max(axis=1) > rows.min(axis=1)
    return different


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and NaN where `whole` is 0: there a measure is not defined."""
    unknown = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.divide(part, whole, out=unknown, where=whole > 0)


def known(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`values` where a measure is defined, NaN elsewhere."""
    return np.where(where, values, np.nan)

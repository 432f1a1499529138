"""The rows of a call: taken out of the batch, checked, and cast to the model's dtype; the batch is never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.say import warn


def take(
    batch: Mapping[str, Any], keys: Sequence[str], dtype: str, warned: set[str], indices: bool = False
) -> dict[str, np.ndarray]:
    """The model inputs as arrays (B, ...) of floating numbers.

    Args:
        batch: {key: tensor or array (B, ...)}.
        keys: The model inputs.
        dtype: The model's floating dtype; a key of another dtype is cast, with a warning the first time.
        warned: Keys that were warned about; added to.
        indices: Whether the model has an embedding: integers of 32 or 64 bits, (B, T) or (B, S, T), are then indices
            and stay as they are.

    Raises:
        TypeError: `batch` is no mapping, or an input is not numeric.
        ValueError: A missing key, an empty batch, an input without a batch axis, inputs of different length, or NaN or
            infinite numbers (rows and key are named).
    """
    if not isinstance(batch, Mapping):
        raise TypeError(f"`batch` (a {type(batch).__name__}) must be a dict of tensors or arrays by key.")
    rows = {key: _one(batch, key, dtype, warned, indices) for key in keys}
    lengths = {key: len(array) for key, array in rows.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"All model inputs must have the same number of rows, but `batch` holds {lengths}.")
    return rows


def _one(batch: Mapping[str, Any], key: str, dtype: str, warned: set[str], indices: bool) -> np.ndarray:
    if key not in batch:
        raise ValueError(f"`batch` has no key {key!r}, which is a model input; it has {sorted(map(str, batch))}.")
    array = to_numpy(batch[key])
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`batch[{key!r}]` has dtype {array.dtype}, but must hold real numbers.")
    if array.ndim < 2:
        raise ValueError(
            f"`batch[{key!r}]` has shape {array.shape}, but must be (B, ...): rows, then the axes of one "
            "input. For a single example add a batch axis: `x[None]`."
        )
    if array.size == 0:
        raise ValueError(f"`batch[{key!r}]` has shape {array.shape}: it is empty; give at least one row.")
    if indices and array.dtype.kind in "iu" and array.dtype.itemsize >= 4 and array.ndim <= 3:
        return array
    _check_finite(key, array)
    host = dtype if dtype != "bfloat16" else "float32"
    given = _dtype_name(batch[key])
    if given != dtype and key not in warned:
        warned.add(key)
        warn(f"`{key}` is {given} but the model computes in {dtype}: it is cast, its values are not rescaled.")
    with np.errstate(over="ignore"):  # what overflows is named below
        cast = array.astype(host)
    if cast.dtype.itemsize < array.dtype.itemsize:
        _check_finite(key, cast)
    return cast


def _check_finite(key: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f":
        return
    bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
    if bad.size:
        named = ", ".join(map(str, bad[:10])) + (", ..." if bad.size > 10 else "")
        raise ValueError(
            f"`batch[{key!r}]` holds NaN or infinite numbers in row(s) {named}; a map of them would be NaN. "
            f"Mend the data, or leave these rows out. (As {array.dtype}.)"
        )


def _dtype_name(value: Any) -> str:
    """The dtype as the framework of `value` calls it: NumPy has no bfloat16."""
    dtype = getattr(value, "dtype", None) or np.asarray(value).dtype
    return getattr(dtype, "name", None) or str(dtype).split(".")[-1]

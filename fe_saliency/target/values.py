"""Numbers that a target is given: one for all rows, one per row, or a key of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy


def looked_up(said: str, value: Any, batch: Mapping[str, Any]) -> tuple[str, np.ndarray]:
    """What `value` is called in errors, and what it is: of a string the entry of the batch.

    Raises:
        ValueError: The batch has no such key.
    """
    if not isinstance(value, str):
        return said, to_numpy(value)
    if batch.get(value) is None:
        raise ValueError(f"`{said}` names the key {value!r}, but `batch` has {sorted(map(str, batch))}: add it.")
    return f"batch[{value!r}]", to_numpy(batch[value])


def per_row(
    said: str, value: Any, batch: Mapping[str, Any], rows: int, what: str = "class", least: int = 0
) -> np.ndarray:
    """Whole numbers, int64 (B,).

    Args:
        said: What errors call it.
        value: A number, (B,), (B, 1), or a key of the batch.
        batch: The batch.
        rows: B.
        what: What each number is.
        least: The smallest.

    Raises:
        ValueError: The wrong shape, too small a number, or a key that the batch has not.
        TypeError: No whole numbers.
    """
    said, array = looked_up(said, value, batch)
    if array.dtype.kind not in "iu":
        raise TypeError(f"`{said}` has dtype {array.dtype}, but must hold {what} numbers as whole numbers.")
    if array.shape not in ((), (rows,), (rows, 1)):
        raise ValueError(
            f"`{said}` has shape {array.shape}, but must be one {what} per row, ({rows},). For one-hot labels "
            "pass `labels.argmax(axis=1)`."
        )
    small = array[array < least]
    if small.size:
        strange = np.unique(small)[:5].tolist()
        raise ValueError(f"`{said}` names {_words(what)[0]} {strange}, but they are counted from {least}.")
    return np.broadcast_to(array.astype(np.int64).reshape(-1), rows).copy()


def beyond(said: str, numbers: np.ndarray, count: int, what: str, least: int = 0) -> None:
    """Refuse numbers that are not below `least` + `count`.

    Raises:
        ValueError: Some are not.
    """
    strange = np.unique(numbers[numbers >= least + count])[:5].tolist()
    if strange:
        some, every = _words(what)
        raise ValueError(f"`{said}` names {some} {strange}, but the output has {every} {least} to {least + count - 1}.")


def _words(what: str) -> tuple[str, str]:
    """As it is written of one or several, and of all."""
    return ("class(es)", "classes") if what == "class" else (f"{what}(s)", f"{what}s")

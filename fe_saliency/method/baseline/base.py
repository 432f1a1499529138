"""What a baseline is: where a path to the input begins (Sturmfels et al., Distill 2020,
distill.pub/2020/attribution-baselines)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp


class Baseline:
    """A baseline of one model input; subclasses are frozen data."""

    #: Whether every point of the path has a draw of its own.
    drawn = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What it reads of the batch."""
        return ()

    def check(self, key: str, rows: np.ndarray) -> None:
        """Raise ValueError if this baseline does not fit the rows (B, ...) of input `key`."""

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        """What is fed in one call: itself, or a baseline made of the rows once, before anything is computed.

        Args:
            key: The model input.
            rows: Its rows, (B, ...), in the model's dtype.
            batch: The whole batch, as the caller gave it.
            channel_axis: 1 for channels-first rows, -1 for channels-last.

        Raises:
            ValueError: It does not fit the rows, or the batch does not hold what it needs.
        """
        self.check(key, rows)
        return self

    @property
    def kind(self) -> Hashable:
        """If `drawn`: what tells `op` apart; baselines of one kind share a compiled Network."""
        return self

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        """The baselines of `rows`, (B, ...); or if `drawn`, the patterns (K, ...) that `op` makes them from."""
        raise NotImplementedError

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        """If `drawn`: the op from keys `rows` (B, ...) and `pattern` (K, ...) to baselines (K*B, ...)."""
        raise NotImplementedError


def check_finite(key: str, array: np.ndarray, dtype: np.dtype) -> None:
    """Raise ValueError if a baseline for input `key` is not finite in the model's dtype."""
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(dtype, copy=False)).all()
    if not finite:
        raise ValueError(
            f"`baseline` for `{key}` holds NaN or infinite numbers; all must be finite in the model's {dtype}."
        )


def along_channels(name: str, value: Any, key: str, rows: np.ndarray, channel_axis: int) -> np.ndarray:
    """`value`, a number or one per channel, as an array that broadcasts to `rows`, (B, ...).

    Raises:
        ValueError: Not as many as the rows of input `key` have channels.
    """
    array = np.asarray(value, np.float64)
    if array.ndim == 0:
        return array
    channels = rows.shape[channel_axis]
    if array.shape != (channels,):
        raise ValueError(
            f"`{name}` (={value}) of the baseline for `{key}` must be a number, or one per channel of the input, whose "
            f"rows have shape {rows.shape[1:]}: {channels} numbers."
        )
    shape = [1] * rows.ndim
    shape[channel_axis] = channels
    return array.reshape(shape)


def numbers(name: str, value: Any) -> Any:
    """`value` as a finite number or a tuple of them.

    Raises:
        TypeError: It is neither a number nor a list of numbers.
        ValueError: They are not finite.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.ndim > 1 or array.size == 0:
        raise TypeError(f"`{name}` (={value!r}) must be a number, or a list of numbers, one per channel.")
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` (={value}) must be finite.")
    return float(array) if array.ndim == 0 else tuple(map(float, array))

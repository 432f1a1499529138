"""Baselines made of data: rows to draw from, or their mean."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import patterns
from fe_saliency.backend import to_numpy
from fe_saliency.method.baseline.base import Baseline, check_finite
from fe_saliency.method.baseline.given import Given
from fe_saliency.op import DataBaseline


@dataclass(frozen=True, eq=False)
class _OfData(Baseline):
    data: Any

    def __post_init__(self) -> None:
        if not isinstance(self.data, str):
            object.__setattr__(self, "data", _checked("data", self.data))

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.data,) if isinstance(self.data, str) else ()

    def _rows(self, key: str, rows: np.ndarray, batch: Mapping[str, Any]) -> np.ndarray:
        """The data, (N, ...), which fit the rows of input `key`."""
        data = self.data
        if isinstance(data, str):
            if data not in batch:
                raise ValueError(
                    f"`baseline` for `{key}` reads `batch[{data!r}]`, but `batch` has {sorted(map(str, batch))}."
                )
            data = _checked(f"batch[{data!r}]", batch[data])
        if data.shape[1:] != rows.shape[1:]:
            raise ValueError(
                f"`baseline` for `{key}` has rows of shape {data.shape[1:]}, but must have those of the input, "
                f"{rows.shape[1:]}."
            )
        if data.dtype.itemsize > rows.dtype.itemsize:
            check_finite(key, np.array([data.min(), data.max()]), rows.dtype)
        return data


@dataclass(frozen=True, eq=False)
class FromData(_OfData):
    """A row of data, a new draw for every point: expected gradients (Erion et al. 2021, 1906.10670).

    All of them are drawn in a random order, then all in another, and so on; one draw serves all rows of a batch. Data
    of several inputs that have equally many rows are drawn together: row n of one with row n of the others.

    Args:
        data: An array (N, ...) in the model's own layout and units; or the key of the batch that holds one. What is of
            another dtype is cast, its values are not rescaled.

    Raises:
        ValueError: Data without rows, or that are not finite.
        TypeError: Data that are no numbers.
    """

    drawn = True

    @property
    def kind(self) -> Hashable:
        return (type(self),)

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        data = self._rows(key, rows, batch)
        return FromData(data) if isinstance(self.data, str) else self

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return self.data[patterns.shuffled(seed, samples, len(self.data))].astype(rows.dtype, copy=False)

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        return DataBaseline(inputs=[rows, pattern], outputs=[output])


@dataclass(frozen=True, eq=False)
class MeanOf(_OfData):
    """The mean row of data.

    Args:
        data: An array (N, ...) in the model's own layout and units; or the key of the batch that holds one.

    Raises:
        ValueError: Data without rows, or that are not finite.
        TypeError: Data that are no numbers.
    """

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        data = self._rows(key, rows, batch)
        mean = _mean(data) if isinstance(self.data, str) else self._once
        return Given(mean.astype(rows.dtype))

    @cached_property
    def _once(self) -> np.ndarray:
        return _mean(self.data)


def _mean(data: np.ndarray) -> np.ndarray:
    return data.mean(axis=0, dtype=np.float64)


def _checked(name: str, value: Any) -> np.ndarray:
    """`value` as an array (N, ...) of finite numbers."""
    array = to_numpy(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` (a {type(value).__name__}) must be an array of numbers, (N, ...): rows of an input.")
    if array.ndim < 2 or array.size == 0:
        raise ValueError(f"`{name}` has shape {array.shape}, but must be (N, ...): at least one row of an input.")
    if not np.isfinite([array.min(), array.max()]).all():
        raise ValueError(f"`{name}` holds NaN or infinite numbers; a map drawn from them would be NaN. Mend the data.")
    return array

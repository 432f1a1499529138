"""Baselines made of the row itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from fe_saliency.method.baseline.base import Baseline, along_channels, numbers
from fe_saliency.method.baseline.given import Given


@dataclass(frozen=True)
class Blur(Baseline):
    """The row, blurred: what is smooth in it is kept (Fong and Vedaldi 2017, 1704.03296; Sturmfels et al. 2020).

    Args:
        sigma: The standard deviation of the Gaussian, in pixels: a number, or one per spatial axis. None for a tenth of
            the shortest of these. What lies beyond the edge mirrors what lies before it.

    Raises:
        ValueError: `sigma` is not above 0 and finite.
        TypeError: Not a number, nor a list of numbers.
    """

    sigma: Any = None

    def __post_init__(self) -> None:
        if self.sigma is not None:
            object.__setattr__(self, "sigma", numbers("sigma", self.sigma))
            if np.min(self.sigma) <= 0:
                raise ValueError(f"`sigma` (={self.sigma}) must be above 0: it is the width of the blur in pixels.")

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        space = [axis for axis in range(1, rows.ndim) if axis != channel_axis % rows.ndim]
        if not space:
            raise ValueError(
                f"`baseline` for `{key}` must not be a blur: the rows have shape {rows.shape[1:]}, with no axis in "
                "space or time. `MeanOf(data)` or 'uniform' are for tables."
            )
        sigma = min(rows.shape[axis] for axis in space) / 10 if self.sigma is None else self.sigma
        if np.size(sigma) not in (1, len(space)):
            raise ValueError(
                f"`sigma` (={sigma}) of the baseline for `{key}` must be a number, or one for each of the "
                f"{len(space)} spatial axes of rows of shape {rows.shape[1:]}."
            )
        width = np.zeros(rows.ndim)
        width[space] = sigma
        # SciPy knows no half precision.
        blurred = gaussian_filter(rows.astype(np.promote_types(rows.dtype, np.float32), copy=False), width)
        return Given(blurred.astype(rows.dtype, copy=False))


@dataclass(frozen=True)
class MaximumDistance(Baseline):
    """Each element at that end of the range which is farther from it (Sturmfels et al. 2020).

    Args:
        low: The lower end of the valid range, in the units of the model's input: a number, or one per channel.
        high: The upper end. None for both: the row's own minimum and maximum.

    Raises:
        ValueError: One end without the other, or not `low` < `high`.
        TypeError: Not a number, nor a list of numbers.
    """

    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"`low` (={self.low}) and `high` (={self.high}) must both be given, or neither.")
        if self.low is not None:
            for name in ("low", "high"):
                object.__setattr__(self, name, numbers(name, getattr(self, name)))
            if len({np.size(self.low), np.size(self.high), 1}) > 2 or not np.all(np.less(self.low, self.high)):
                raise ValueError(f"`low` (={self.low}) must be below `high` (={self.high}), channel by channel.")

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        if self.low is None:
            axes = tuple(range(1, rows.ndim))
            low, high = rows.min(axis=axes, keepdims=True), rows.max(axis=axes, keepdims=True)
        else:
            low, high = (along_channels(name, getattr(self, name), key, rows, channel_axis) for name in ("low", "high"))
        farther = np.where(rows - low < high - rows, high, low)
        return Given(farther).prepared(key, rows, batch, channel_axis)

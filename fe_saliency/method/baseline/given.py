"""Baselines that are the same whatever the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency import checks
from fe_saliency.method.baseline.base import Baseline, along_channels, check_finite, numbers


@dataclass(frozen=True)
class Constant(Baseline):
    """One number everywhere, in the units of the model's input (0 is black only if the data begin at 0)."""

    value: float = 0.0

    def check(self, key: str, rows: np.ndarray) -> None:
        check_finite(key, np.asarray(self.value), rows.dtype)

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.value, rows.dtype), rows.shape)


@dataclass(frozen=True, eq=False)
class Given(Baseline):
    """An array of the shape of the rows (B, ...), or of one row, in the model's own layout and units."""

    array: np.ndarray

    def check(self, key: str, rows: np.ndarray) -> None:
        if self.array.shape not in (rows.shape, rows.shape[1:], (1, *rows.shape[1:])):
            raise ValueError(
                f"`baseline` for `{key}` has shape {self.array.shape}, but must have the shape of the input, "
                f"{rows.shape}, or of one row of it, {rows.shape[1:]}."
            )
        check_finite(key, self.array, rows.dtype)

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return np.broadcast_to(self.array.astype(rows.dtype, copy=False), rows.shape)


@dataclass(frozen=True)
class Pixel(Baseline):
    """A grey or a colour as it was before the data were normalised, like FastEstimator's `Normalize` does it.

    Args:
        value: Of the pixel: a number, or one per channel. 0 is black, `max_pixel_value` white.
        mean: What was subtracted, as a share of `max_pixel_value`: a number, or one per channel.
        std: What was divided by, as a share of `max_pixel_value`: a number, or one per channel; above 0.
        max_pixel_value: What 1.0 stands for in `mean` and `std`; above 0. With 1 they are in the units of `value`.

    Raises:
        ValueError: A number that is not finite, or not above 0 where it must be.
        TypeError: Not a number, nor a list of numbers.

    ```python
    Pixel(0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))  # black, to a network of ImageNet
    Pixel(255, mean=(104.0, 116.7, 122.7), max_pixel_value=1)        # white, where only a mean was subtracted
    ```
    """

    value: Any = 0.0
    mean: Any = 0.0
    std: Any = 1.0
    max_pixel_value: float = 255.0

    def __post_init__(self) -> None:
        checks.positive("max_pixel_value", self.max_pixel_value, "what 1.0 stands for in `mean` and `std`")
        for name in ("value", "mean", "std"):
            object.__setattr__(self, name, numbers(name, getattr(self, name)))
        if np.min(self.std) <= 0:
            raise ValueError(f"`std` (={self.std}) must be above 0: the data were divided by it.")

    def prepared(self, key: str, rows: np.ndarray, batch: Mapping[str, Any], channel_axis: int) -> Baseline:
        value, mean, std = (
            along_channels(name, getattr(self, name), key, rows, channel_axis) for name in ("value", "mean", "std")
        )
        pixel = (value / self.max_pixel_value - mean) / std
        return Given(np.broadcast_to(pixel, (1, *rows.shape[1:]))).prepared(key, rows, batch, channel_axis)


def black(mean: Any = 0.0, std: Any = 1.0, max_pixel_value: float = 255.0) -> Pixel:
    """The `Pixel` of value 0, in data that were normalised so."""
    return Pixel(0.0, mean, std, max_pixel_value)


def white(mean: Any = 0.0, std: Any = 1.0, max_pixel_value: float = 255.0) -> Pixel:
    """The `Pixel` of value `max_pixel_value`, in data that were normalised so."""
    return Pixel(max_pixel_value, mean, std, max_pixel_value)

"""Sampling along a Gaussian blur (Xu et al. 2020, 2004.03383)."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number


@traceable()
class Blur(SaliencyOp):
    """Fold K blurred copies into the batch, and how each changes along a path through the scales.

    Every axis but rows and channels is convolved with exp(-d ** 2 / 2 sigma ** 2), normalised over all whole d, the
    input being zero around its edges. (B, F) has no such axis and is repeated, its change being zero.

    Args:
        inputs: Key(s) of tensors (B, ...), then a key of the scales sigma in pixels (K,), above 0, and one of the
            change of sigma along the path (K,).
        outputs: Key(s) for the copies (K*B, ...), then as many for their change along the path, (K*B, ...).
        max_sigma: The largest scale there will be, above 0.
        channel_axis: Where the channels are: 1 (channels-first) or -1 (channels-last); None for the framework's own
            layout.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not two outputs per tensor, a `max_sigma` that is not above 0, or another `channel_axis`.
    """

    def __init__(
        self,
        inputs: Keys,
        outputs: Keys,
        max_sigma: float,
        channel_axis: int | None = None,
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        copies, changes = groups(self.outputs, 2)
        same_number(tensors=self.inputs[:-2], copies=copies, changes=changes)
        checks.positive("max_sigma", max_sigma, "the largest scale of the blur, in pixels")
        self.reach = ceil(9 * max_sigma)  # exp(-81 / 2) is beyond single precision
        self.channel_axis = checks.channel_axis(channel_axis)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        *tensors, sigma, pace = data
        copies, changes = [], []
        for x in tensors:
            copy, change = self._blurred(*map(self.backend.at_least_single, (x, sigma, pace)))
            copies.append(self.backend.cast_like(self.backend.fold(copy), x))
            changes.append(self.backend.cast_like(self.backend.fold(change), x))
        return copies + changes

    def _blurred(self, x: Tensor, sigma: Tensor, pace: Tensor) -> tuple[Tensor, Tensor]:
        """The copies of (B, ...) and their change, (K, B, ...) both."""
        rank = len(self.backend.shape(x))
        copy = x[None] + 0 * self.backend.stretch(sigma, x[None])
        change = 0 * copy
        channels = (self.channel_axis or self.backend.channel_axis) % rank
        for axis in range(1, rank):
            if rank > 2 and axis != channels:
                kernel, growth = self._kernels(int(self.backend.shape(x)[axis] or 0), sigma, pace)
                change = self._along(kernel, change, axis) + self._along(growth, copy, axis)
                copy = self._along(kernel, copy, axis)
        return copy, change

    def _kernels(self, size: int, sigma: Tensor, pace: Tensor) -> tuple[Tensor, Tensor]:
        """The convolution of an axis of `size` as matrices, and their change, (K, size, size) both."""
        backend = self.backend
        places = np.arange(size, dtype=np.float64)
        apart = backend.constant_like((places[:, None] - places) ** 2, sigma)[None]
        line = backend.constant_like(np.arange(-self.reach, self.reach + 1.0) ** 2, sigma)[None]
        steep = backend.stretch(sigma, line) ** -2 / 2
        falls = backend.exp(-line * steep)
        total = backend.sum(falls, axis=1)
        spread = backend.sum(falls * line, axis=1) / total
        kernel = backend.exp(-apart * steep[:, None]) / backend.stretch(total, apart)
        change = kernel * (apart - backend.stretch(spread, apart)) * backend.stretch(pace / sigma**3, apart)
        return kernel, change

    def _along(self, matrices: Tensor, tensor: Tensor, axis: int) -> Tensor:
        """(K, n, n) times each line of (K, B, ...) along an axis of its rows."""
        axes = "abcdefgh"[: len(self.backend.shape(tensor)) - 1]
        return self.backend.einsum(f"kz{axes[axis]},k{axes}->k{axes.replace(axes[axis], 'z')}", matrices, tensor)

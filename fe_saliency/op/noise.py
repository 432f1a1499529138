"""Sampling around the input: x + sigma * eps (SmoothGrad: Smilkov et al. 2017, 1706.03825)."""

from __future__ import annotations

import numpy as np
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks, patterns
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys
from fe_saliency.op.pattern import PatternOp, PlacingOp


@traceable()
class NormalPattern(PatternOp):
    """Draw noise patterns for `AddNoise`: the same at every step, on every backend and device.

    Args:
        inputs: Key(s) of the tensors that will be disturbed, (B, ...): only their shapes are read.
        outputs: Key(s) for the patterns, (K, ...), one per input, in units of a row's range.
        nsamples: K, at least 1.
        stdev_spread: Standard deviation as a share of each row's range (max - min), at least 0.
        antithetic: Whether sample 2j + 1 is the mirror image of sample 2j, and an odd one left over is the clean input.
            It lowers the variance of means; a variance needs independent samples.
        seed: Which patterns, 0 to 2 ** 64 - 1.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: `nsamples` < 1, `stdev_spread` < 0, or not one output per input.
    """

    def __init__(
        self,
        inputs: Keys,
        outputs: Keys,
        nsamples: int = 25,
        stdev_spread: float = 0.15,
        antithetic: bool = True,
        seed: int = 0,
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, nsamples=nsamples, seed=seed, mode=mode, ds_id=ds_id)
        self.stdev_spread = checks.spread("stdev_spread", stdev_spread)
        self.antithetic = antithetic

    def draw(self, index: int, row: tuple[int, ...]) -> np.ndarray:
        samples, axis = range(self.nsamples), self.backend.channel_axis
        return patterns.noise(self.seed, index, samples, self.nsamples, row, axis, self.antithetic, self.stdev_spread)


@traceable()
class AddNoise(PlacingOp):
    """Fold K disturbed copies into the batch: x + (max - min) * pattern, the range being that row's own.

    Args:
        inputs: Key(s) of the tensors (B, ...), then as many keys of patterns (K, ...) in units of a row's range.
        outputs: Key(s) for the disturbed tensors, (K*B, ...): row b of sample k stands at k * B + b.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one pattern and one output per tensor.
    """

    def place(self, x: Tensor, pattern: Tensor) -> Tensor:
        return x + (self.backend.row_max(x) - self.backend.row_min(x)) * pattern


@traceable()
class ClippedNoise(AddNoise):
    """Fold K disturbed copies into the batch, clipped to the row's own [min, max]; arguments as in `AddNoise`."""

    def place(self, x: Tensor, pattern: Tensor) -> Tensor:
        low, high, noisy = self.backend.row_min(x), self.backend.row_max(x), super().place(x, pattern)
        noisy = self.backend.where(noisy < low, low, noisy)
        return self.backend.where(noisy > high, high, noisy)

"""Random baselines: every point of a path has a draw of its own; one for a whole path is close to pure noise."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import checks, patterns
from fe_saliency.method.baseline.base import Baseline
from fe_saliency.op import AddNoise, ClippedNoise, UniformBaseline


@dataclass(frozen=True)
class Uniform(Baseline):
    """Uniform in the row's own [min, max], a new draw for every point. The default."""

    drawn = True

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return patterns.uniform(seed, index, samples, rows.shape[1:], channel_axis)

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        return UniformBaseline(inputs=[rows, pattern], outputs=[output])


@dataclass(frozen=True)
class Gaussian(Baseline):
    """Normal around the row itself, a new draw for every point (Sturmfels et al. 2020).

    The draws lie around the row evenly, so what is linear in the model cancels, but for what clipping leaves of it.

    Args:
        spread: The standard deviation as a share of the row's own range, at least 0; Sturmfels et al. show 0.25 to 1.5.
        clipped: Whether draws are clipped to the row's own [min, max], as Sturmfels et al. clip to the valid range.

    Raises:
        ValueError: `spread` is below 0 or not finite.
        TypeError: `spread` is no number.
    """

    spread: float = 0.5
    clipped: bool = True
    drawn = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "spread", checks.spread("spread", self.spread))

    @property
    def kind(self) -> Hashable:
        return type(self), self.clipped

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return patterns.gaussian(seed, index, samples, rows.shape[1:], channel_axis, self.spread)

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        return (ClippedNoise if self.clipped else AddNoise)(inputs=[rows, pattern], outputs=[output])

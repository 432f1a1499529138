"""The bracket of noisy weights: a statistic over models whose weights are w * (1 + stdev * eta_k)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import checks, patterns, statistic
from fe_saliency.backend import Backend
from fe_saliency.method.bracket import Bracket, Level, Sampling, growing


@dataclass(frozen=True)
class NoisyWeights(Bracket):
    """Reduce what stands inside over models with noisy weights (NoiseGrad: Bykov et al. 2022, 2106.10185).

    All parameters of floating dtype, frozen ones too, are multiplied by 1 + stdev * eta; eta is standard normal, and
    the same in both frameworks if they count the layers of the model in the same order. Statistics such as those of
    BatchNorm are no parameters. What stands inside draws anew for every sample. The class explained is that of the
    model's own weights, which stand there again, bit for bit, when the call is over, however it ends.

    Args:
        stdev: The standard deviation of the factors. The paper raises it until the model loses a twentieth of its
            accuracy, and halves that where the input is noisy too.
        over: The statistic: `Mean`, `MeanOfSquares` or `Variance` of `fe_saliency.statistic`. The first two draw
            antithetic pairs (+eta, -eta), an odd one left over being the model's own weights; a variance draws
            independently.

    Raises:
        ValueError: A `stdev` that is negative or not finite.
        TypeError: A `stdev` that is no number.
    """

    stdev: float = 0.2
    over: type[statistic.Statistic] = statistic.Mean
    default_samples = 10
    of_weights = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "stdev", checks.spread("stdev", self.stdev, "the factors' standard deviation"))

    @property
    def least_samples(self) -> int:
        return self.over.least_samples

    @property
    def signed(self) -> bool:  # type: ignore[override]
        return self.over.signed

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        return [], points

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def rounds(self, level: Level, most: int) -> list[int]:
        return growing(16, most, 2)

    def statistic(self, level: Level, backend: Backend) -> statistic.Statistic:
        return self.over(backend)

    def factor(
        self, sampling: Sampling, sample: int, number: int, shape: Sequence[int], axes: Sequence[int]
    ) -> np.ndarray:
        sign, pattern = 1, sample
        if issubclass(self.over, statistic.Mean):
            sign, pattern = patterns.mirrored(sample, sampling.nsamples), sample // 2
        noise = patterns.weight_noise(sampling.seed, number, pattern, shape, axes)
        return 1 + np.float32(sign * self.stdev) * noise

"""The noise bracket: a statistic over x + sigma * eps_k."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op, patterns, statistic
from fe_saliency.backend import Backend
from fe_saliency.method.bracket import Bracket, Level, Sampling, growing


@dataclass(frozen=True)
class Noise(Bracket):
    """Reduce what stands inside over noisy copies of the input (Smilkov et al. 2017, 1706.03825).

    Args:
        over: The statistic: `Mean`, `MeanOfSquares` or `Variance` of `fe_saliency.statistic`. The first two draw
            antithetic pairs (+eps, -eps), an odd one left over being the clean input; a variance draws independently.
    """

    over: type[statistic.Statistic] = statistic.Mean

    @property
    def antithetic(self) -> bool:
        """Whether samples come in mirrored pairs."""
        return issubclass(self.over, statistic.Mean)

    @property
    def least_samples(self) -> int:
        return self.over.least_samples

    @property
    def signed(self) -> bool:  # type: ignore[override]
        return self.over.signed

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        noisy = level.keys("noisy")
        return [op.AddNoise(inputs=points + level.keys("noise"), outputs=noisy)], noisy

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {
            key: patterns.noise(
                sampling.seed,
                index,
                samples,
                sampling.nsamples,
                array.shape[1:],
                sampling.channel_axis,
                self.antithetic,
                sampling.stdev_spread,
            )
            for index, (key, array) in enumerate(zip(level.keys("noise"), sampling.rows, strict=True))
        }

    def ends_clean(self, sampling: Sampling) -> bool:
        return self.antithetic and sampling.nsamples % 2 == 1

    def rounds(self, level: Level, most: int) -> list[int]:
        return growing(16, most, 2)

    def statistic(self, level: Level, backend: Backend) -> statistic.Statistic:
        return self.over(backend)

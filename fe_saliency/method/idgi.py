"""Important Direction Gradient Integration (Yang, Wang, Bilgic 2023, 2303.14242): what a path's gradient says along the
gradient itself, the rest being noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op, stepwise
from fe_saliency.backend import Backend
from fe_saliency.method.bracket import Bracket, Level, Sampling
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method


@dataclass(frozen=True)
class ImportantDirection(Bracket):
    """Share out each change of the score along a path by g ** 2 / |g| ** 2 at its beginning, over all inputs.

    The shares sum to 1, so the map sums to the difference of the scores whatever the path and the number of points; but
    where the gradient is zero there is no direction, and what the score changes from there to the next point is lost.

    Args:
        path: Where the points are: `Path` or `BlurPath`, by the rule "trapezoid", whose points begin at the baseline
            and end at the input. The gradient at the last one is not used.

    Raises:
        ValueError: Another rule.
    """

    path: Path = Path("trapezoid")
    has_baseline = True
    scored = True

    def __post_init__(self) -> None:
        if self.path.rule != "trapezoid":
            raise ValueError(f"`path` (={self.path}) must go from end to end: give it `rule='trapezoid'`.")

    @property
    def own_baseline(self) -> bool:  # type: ignore[override]
        return self.path.own_baseline

    @property
    def one_path(self) -> bool:  # type: ignore[override]
        return not self.path.own_baseline

    @property
    def least_samples(self) -> int:
        return 2

    def check_baselines(self, level: Level) -> None:
        super().check_baselines(level)
        self.path.check_baselines(level)

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        return self.path.opening(level, points)

    def closing(self, level: Level, gradients: list[str]) -> tuple[list[TensorOp], list[str]]:
        shares = level.keys("share")
        return [op.SquaredShare(inputs=gradients, outputs=shares)], shares

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return self.path.feed(level, sampling, samples, rows)

    def feed_rows(self, level: Level, sampling: Sampling, rows: np.ndarray) -> dict[str, np.ndarray]:
        return self.path.feed_rows(level, sampling, rows)

    def origins(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        return self.path.origins(level)

    def draws(self, level: Level) -> bool:
        return False

    def rounds(self, level: Level, most: int) -> list[int]:
        raise ValueError("`tolerance` must be None for a path whose points are read in their order: give `nsamples`.")

    def statistic(self, level: Level, backend: Backend) -> stepwise.Ascent:
        return stepwise.Ascent(backend)


METHODS = (
    Method(
        "idgi",
        "Important Direction Gradient Integration",
        "Yang et al. 2023, arXiv 2303.14242",
        (ImportantDirection(),),
    ),
)

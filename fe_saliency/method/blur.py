"""Integrated Gradients along a path of blurred copies (Xu et al. 2020, 2004.03383)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import checks, op
from fe_saliency.method.bracket import Level, Sampling
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method

#: A Gaussian of this many pixels blurs nothing in any precision.
_SHARP = 0.05


@dataclass(frozen=True)
class BlurPath(Path):
    """Integrate from the blurred input to the input itself, over the scale of a Gaussian blur.

    The image is dark (zero) around its edges, as in the paper. At position a of the path the scale is
    `max_sigma * (1 - a) ** 2` pixels: most happens at small scales, and the integral does not depend on the pace.
    Inputs without an axis to blur, (B, F), stay as they are and get zeros.

    Args:
        rule: As in `Path`.
        max_sigma: The scale of the blur where the path begins, in pixels, above 0.

    Raises:
        ValueError: An unknown `rule`, or a `max_sigma` not above 0; when it runs: no input has an axis to blur.
        TypeError: `max_sigma` is no number.
    """

    max_sigma: float = 50.0
    own_baseline = True

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.positive("max_sigma", self.max_sigma, "the scale of the blur where the path begins, in pixels")

    def check(self, level: Level, rows: Sequence[np.ndarray]) -> None:
        if all(array.ndim < 3 for array in rows):
            raise ValueError(
                f"The inputs {list(level.inputs)} have shapes {[array.shape for array in rows]}, but one must have an "
                "axis that can be blurred, (B, T, C) or (B, H, W, C) for example; use a path from a baseline."
            )

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        return self._blurred(level, points, "", "point")

    def origins(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        return self._blurred(level, list(level.inputs), "first ", "baseline")

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        left = 1 - self._rule(level, sampling, samples)[0]
        return {
            level.key("sigma"): np.maximum(self.max_sigma * left**2, _SHARP),
            level.key("pace"): -2 * self.max_sigma * left,
            level.key("first sigma"): np.array([self.max_sigma]),
            level.key("first pace"): np.zeros(1),
        }

    def feed_rows(self, level: Level, sampling: Sampling, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {}

    def draws(self, level: Level) -> bool:
        return False

    def _blurred(self, level: Level, points: list[str], which: str, name: str) -> tuple[list[TensorOp], list[str]]:
        scales = [level.key(f"{which}sigma"), level.key(f"{which}pace")]
        found = level.keys(name)
        outputs = found + level.keys(f"{which}difference")
        return [op.Blur(points + scales, outputs, self.max_sigma, level.channel_axis)], found


METHODS = (
    Method(
        "blur_integrated_gradients",
        "Integrated Gradients along a blur",
        "Xu et al. 2020, arXiv 2004.03383",
        (BlurPath(),),
    ),
)

"""The path bracket: the integral of gradient times (input - baseline) from a baseline to the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op, quadrature, statistic
from fe_saliency.backend import Backend
from fe_saliency.method.bracket import Bracket, Level, Sampling


@dataclass(frozen=True)
class Path(Bracket):
    """Integrate along straight lines (Integrated Gradients: Sundararajan et al. 2017, 1703.01365).

    With given baselines the points are those of `rule`. With drawn ones every point has a draw of its own and stands in
    the middle of one of K equal parts of the path: one draw for a whole path is close to pure noise.

    Args:
        rule: The quadrature for given baselines, a name in `fe_saliency.quadrature.RULES`.
    """

    rule: str = "gauss_legendre"
    has_baseline = True

    def __post_init__(self) -> None:
        if self.rule not in quadrature.RULES:
            raise ValueError(f"`rule` (={self.rule!r}) must be one of {sorted(quadrature.RULES)}.")

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        given, starts, on_path = level.keys("given"), level.keys("baseline"), level.keys("point")
        starts = [
            start if baseline.drawn else key
            for start, key, baseline in zip(starts, given, level.baselines, strict=True)
        ]
        ops: list[TensorOp] = [
            baseline.op(clean, key, start)
            for clean, key, start, baseline in zip(level.inputs, given, starts, level.baselines, strict=True)
            if baseline.drawn
        ]
        ops.append(
            op.StraightPath(
                inputs=points + starts + [level.key("position")],
                outputs=on_path + level.keys("difference"),
                drawn=[baseline.drawn for baseline in level.baselines],
            )
        )
        return ops, on_path

    def closing(self, level: Level, gradients: list[str]) -> tuple[list[TensorOp], list[str]]:
        products = level.keys("product")
        return [op.TimesDifference(inputs=gradients + level.keys("difference"), outputs=products)], products

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: slice) -> dict[str, np.ndarray]:
        feed = {
            key: baseline.feed(array, index, samples, sampling.seed, sampling.channel_axis)
            for index, (key, baseline, array) in enumerate(
                zip(level.keys("given"), level.baselines, sampling.rows, strict=True)
            )
        }
        for key, baseline in zip(level.keys("given"), level.baselines, strict=True):
            if not baseline.drawn:
                feed[key] = feed[key][rows]
        feed[level.key("position")] = self._rule(level, sampling)[0][samples.start : samples.stop]
        return feed

    def draws(self, level: Level) -> bool:
        return any(baseline.drawn for baseline in level.baselines)

    def weights(self, level: Level, sampling: Sampling) -> np.ndarray | None:
        return self._rule(level, sampling)[1]

    def statistic(self, level: Level, backend: Backend) -> statistic.Statistic:
        return statistic.StratifiedMean(backend) if self.draws(level) else statistic.WeightedSum(backend)

    def _rule(self, level: Level, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
        rule = "midpoint" if self.draws(level) else self.rule
        return quadrature.RULES[rule](sampling.nsamples)

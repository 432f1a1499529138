"""The path bracket: the integral of gradient times (input - baseline) from a baseline to the input."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op, quadrature, statistic
from fe_saliency.backend import Backend
from fe_saliency.method.baseline import FromData
from fe_saliency.method.bracket import Bracket, Level, Sampling, growing

#: So many samples of an open-ended path are spread evenly over it, then as many more between them.
_BLOCK = 16


@dataclass(frozen=True)
class Path(Bracket):
    """Integrate along straight lines (Integrated Gradients: Sundararajan et al. 2017, 1703.01365).

    With given baselines the points are those of `rule`. With drawn ones every point has a draw of its own and stands in
    the middle of one of K equal parts of the path, and the draws of two neighbours mirror each other: one draw for a
    whole path is close to pure noise.

    Args:
        rule: The quadrature for given baselines, a name in `fe_saliency.quadrature.RULES`. The gradient of a ReLU
            network jumps along the path, so no rule converges faster than 1 / K, and equally spaced points in the
            middle of their parts do best; for a smooth network "gauss_legendre" is more accurate by orders.
        from_data: Whether the baselines must be drawn from data, as for expected gradients.
    """

    rule: str = "midpoint"
    from_data: bool = field(default=False, kw_only=True)
    has_baseline = True
    most_samples = 1025

    def __post_init__(self) -> None:
        if self.rule not in quadrature.RULES:
            raise ValueError(f"`rule` (={self.rule!r}) must be one of {sorted(quadrature.RULES)}.")

    def check_baselines(self, level: Level) -> None:
        super().check_baselines(level)
        for key, baseline in zip(level.inputs, level.baselines, strict=True):
            if self.from_data and not isinstance(baseline, FromData):
                raise ValueError(
                    f"`baseline` for `{key}` (a {type(baseline).__name__}) must be drawn from data here: give "
                    "`FromData(array)`, with an array (N, ...) of rows of this input, or `FromData(key)`, if the batch "
                    "holds one."
                )

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        ops, starts = self._starts(level)
        on_path = level.keys("point")
        ops.append(
            op.StraightPath(
                inputs=points + starts + [level.key("position")],
                outputs=on_path + level.keys("difference"),
                drawn=[baseline.drawn for baseline in level.baselines],
            )
        )
        return ops, on_path

    def origins(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        ops, starts = self._starts(level)
        drawn = [key for key, baseline in zip(starts, level.baselines, strict=True) if baseline.drawn]
        if drawn:
            for index, baseline in enumerate(level.baselines):
                if not baseline.drawn:
                    repeated = level.keys("repeated")[index]
                    ops.append(op.RepeatLike(inputs=[starts[index], drawn[0]], outputs=[repeated]))
                    starts[index] = repeated
        return ops, starts

    def closing(self, level: Level, gradients: list[str]) -> tuple[list[TensorOp], list[str]]:
        products = level.keys("product")
        return [op.TimesDifference(inputs=gradients + level.keys("difference"), outputs=products)], products

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {
            **self._fed(level, sampling, samples, drawn=True),
            level.key("position"): self._rule(level, sampling, samples)[0],
        }

    def feed_rows(self, level: Level, sampling: Sampling, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {key: array[rows] for key, array in self._fed(level, sampling, range(0), drawn=False).items()}

    def draws(self, level: Level) -> bool:
        return any(baseline.drawn for baseline in level.baselines)

    def weights(self, level: Level, sampling: Sampling, samples: range) -> np.ndarray | None:
        return None if self.draws(level) else self._rule(level, sampling, samples)[1]

    def rounds(self, level: Level, most: int) -> list[int]:
        if self.draws(level):
            return growing(_BLOCK, most, _BLOCK)
        growing(9, most, 1)
        return [2**power + 1 for power in range(2, (most - 1).bit_length()) if 2**power < most]

    def statistic(self, level: Level, backend: Backend) -> statistic.Statistic:
        if self.draws(level):
            return statistic.StratifiedMean(backend)
        return statistic.Trapezoid(backend) if level.open_ended else statistic.WeightedSum(backend)

    def _fed(self, level: Level, sampling: Sampling, samples: range, drawn: bool) -> dict[str, np.ndarray]:
        """What the baselines are made from that are `drawn`, or not; these are those of all rows."""
        return {
            key: baseline.feed(array, index, samples, sampling.seed, sampling.channel_axis)
            for index, (key, baseline, array) in enumerate(
                zip(level.keys("given"), level.baselines, sampling.rows, strict=True)
            )
            if baseline.drawn == drawn
        }

    def _starts(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        """The ops that make the baselines of `feed`, and the keys of all baselines, (B, ...) or (K*B, ...) if drawn."""
        given, starts = level.keys("given"), level.keys("baseline")
        ops: list[TensorOp] = [
            baseline.op(clean, key, start)
            for clean, key, start, baseline in zip(level.inputs, given, starts, level.baselines, strict=True)
            if baseline.drawn
        ]
        return ops, [
            start if baseline.drawn else key
            for start, key, baseline in zip(starts, given, level.baselines, strict=True)
        ]

    def _rule(self, level: Level, sampling: Sampling, samples: range) -> tuple[np.ndarray, np.ndarray]:
        """The positions and weights of these samples."""
        if level.open_ended and not self.draws(level):
            return quadrature.halving(samples)
        if level.open_ended:
            return quadrature.blocks(samples, _BLOCK), np.ones(len(samples))
        points, weights = quadrature.RULES["midpoint" if self.draws(level) else self.rule](sampling.nsamples)
        return points[samples.start : samples.stop], weights[samples.start : samples.stop]

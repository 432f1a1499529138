"""Sampling along the straight line from a baseline to the input (Integrated Gradients: Sundararajan et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks, patterns, quadrature
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number
from fe_saliency.op.pattern import PatternOp, PlacingOp


@traceable()
class UniformPattern(PatternOp):
    """Draw patterns uniform in [0, 1) for `UniformBaseline`: the same at every step, on every backend and device.

    Args:
        inputs: Key(s) of the tensors (B, ...) that get a baseline: only their shapes are read.
        outputs: Key(s) for the patterns, (K, ...), one per input.
        nsamples: K, at least 1.
        seed: Which patterns, 0 to 2 ** 64 - 1.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: `nsamples` < 1, or not one output per input.
    """

    def draw(self, index: int, row: tuple[int, ...]) -> np.ndarray:
        return patterns.uniform(self.seed, index, range(self.nsamples), row, self.backend.channel_axis)


@traceable()
class UniformBaseline(PlacingOp):
    """Baselines uniform in each row's own [min, max] (Sturmfels et al., Distill 2020).

    Args:
        inputs: Key(s) of the tensors (B, ...), then as many keys of patterns (K, ...) in [0, 1).
        outputs: Key(s) for the baselines, (K*B, ...): row b of draw k stands at k * B + b.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one pattern and one output per tensor.
    """

    def place(self, x: Tensor, pattern: Tensor) -> Tensor:
        low = self.backend.row_min(x)
        return low + (self.backend.row_max(x) - low) * pattern


@traceable()
class DataBaseline(PlacingOp):
    """Baselines that are the patterns themselves, rows of data, for each row alike (Erion et al. 2021, 1906.10670).

    Args:
        inputs: Key(s) of the tensors (B, ...), then as many keys of rows of data (K, ...).
        outputs: Key(s) for the baselines, (K*B, ...): draw k for row b stands at k * B + b.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one pattern and one output per tensor.
    """

    def place(self, x: Tensor, pattern: Tensor) -> Tensor:
        return pattern + self.backend.zeros_like(x)


@traceable()
class RepeatLike(SaliencyOp):
    """Repeat rows K times, so that they stand beside tensors whose samples are folded into the batch.

    Args:
        inputs: A key of a tensor (B, ...), and a key of a tensor (K*B, ...).
        outputs: A key for the first, (K*B, ...).
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [self.backend.repeat(*data)]


@traceable()
class PathPoints(SaliencyOp):
    """The positions of K points on [0, 1] by a quadrature rule, and their weights, for `StraightPath`.

    Args:
        inputs: A key of the tensor whose dtype they take, (B, ...).
        outputs: Two keys: for the positions (K,) and for the weights (K,), which sum to 1.
        nsamples: K, at least 1.
        rule: "gauss_legendre", "midpoint" or "trapezoid".
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: An unknown `rule`, too few `nsamples` for it, or not two outputs.
    """

    def __init__(
        self,
        inputs: Keys,
        outputs: Keys,
        nsamples: int = 25,
        rule: str = "gauss_legendre",
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        if len(self.inputs) != 1 or len(self.outputs) != 2:
            raise ValueError(
                f"`inputs` (={self.inputs}) must be one key and `outputs` (={self.outputs}) two: positions and weights."
            )
        if rule not in quadrature.RULES:
            raise ValueError(f"`rule` (={rule!r}) must be one of {sorted(quadrature.RULES)}.")
        self.points = quadrature.RULES[rule](checks.whole("nsamples", nsamples))

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [self.backend.cast_like(self.backend.tensor(numbers), data[0]) for numbers in self.points]


@traceable()
class PathAt(SaliencyOp):
    """The point of each element's own position between baseline and input: b + p (x - b).

    Args:
        inputs: Key(s) of the tensors (M*B, ...), then as many keys of baselines (B, ...), then as many of positions p,
            (M*B, ...).
        outputs: Key(s) for the points (M*B, ...), then as many for the differences x - b, (M*B, ...).
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one baseline, one position and two outputs per tensor.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        tensors, baselines, positions = groups(self.inputs, 3)
        points, differences = groups(self.outputs, 2)
        same_number(tensors=tensors, baselines=baselines, positions=positions, points=points, differences=differences)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        points, differences = [], []
        for x, baseline, position in zip(*groups(data, 3), strict=True):
            start = self.backend.repeat(baseline, x)
            points.append(start + position * (x - start))
            differences.append(x - start)
        return points + differences


@traceable()
class StraightPath(SaliencyOp):
    """Fold K points of the line from a baseline to the input into the batch: b + a_k (x - b).

    Args:
        inputs: Key(s) of the tensors (M*B, ...), then as many keys of baselines, then one key of the positions a (K,).
            Baselines are (B, ...), or with `drawn` (K*B, ...): one for each point.
        outputs: Key(s) for the points (K*M*B, ...), then as many for the differences x - b: of the same
            shape, or (M*B, ...) where all points share a baseline.
        drawn: Whether every point has a baseline of its own; one answer for all tensors, or one each.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one baseline and two outputs per tensor.
    """

    def __init__(
        self, inputs: Keys, outputs: Keys, drawn: bool | Sequence[bool] = False, mode: Keys = None, ds_id: Keys = None
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        tensors, baselines = groups(self.inputs[:-1], 2)
        points, differences = groups(self.outputs, 2)
        count = same_number(tensors=tensors, baselines=baselines, points=points, differences=differences)
        self.drawn = [drawn] * count if isinstance(drawn, bool) else list(drawn)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        *data, positions = data
        backend, count = self.backend, self.backend.rows(positions)
        points, differences = [], []
        for x, baseline, drawn in zip(*groups(data, 2), self.drawn, strict=True):
            draws = count if drawn else 1
            rows = backend.rows(baseline) // draws
            start = backend.unfold(baseline, draws)[:, None]  # (K or 1, 1, B, ...)
            difference = backend.unfold(x, backend.rows(x) // rows)[None] - start  # (K or 1, M, B, ...)
            point = start + backend.stretch(positions, difference) * difference
            points.append(backend.fold(backend.fold(point)))
            differences.append(backend.fold(backend.fold(difference)))
        return points + differences

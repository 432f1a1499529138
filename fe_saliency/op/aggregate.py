"""Unfolding the samples of a batch again: (K*B, ...) -> (B, ...)."""

from __future__ import annotations

from typing import Any

from fastestimator.util.traceability_util import traceable

from fe_saliency import checks, statistic
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, same_number


@traceable()
class Aggregate(SaliencyOp):
    """Reduce K samples per row by a statistic; all rows of one sample stand together, as sampling ops fold them.

    Args:
        inputs: Key(s) of tensors (K*B, ...).
        outputs: Key(s) for the statistic, (B, ...), one per input.
        nsamples: K, at least 1 (at least 2 for `Variance`).
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Fewer `nsamples` than the statistic needs, or not one output per input.
    """

    statistic: type[statistic.Statistic]

    def __init__(self, inputs: Keys, outputs: Keys, nsamples: int, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        same_number(inputs=self.inputs, outputs=self.outputs)
        self.nsamples = checks.whole("nsamples", nsamples, self.statistic.least_samples)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [_reduced(self.statistic(self.backend), tensor, self.nsamples) for tensor in data]


@traceable()
class Mean(Aggregate):
    """The mean of K samples per row; arguments, shapes and errors as in `Aggregate`."""

    statistic = statistic.Mean


@traceable()
class MeanOfSquares(Aggregate):
    """The mean of the squares of K samples per row; arguments, shapes and errors as in `Aggregate`."""

    statistic = statistic.MeanOfSquares


@traceable()
class Variance(Aggregate):
    """The unbiased variance of K >= 2 independent samples per row; arguments, shapes, errors as in `Aggregate`."""

    statistic = statistic.Variance


@traceable()
class WeightedSum(SaliencyOp):
    """Sum K samples per row with given weights: the integral along a path.

    Args:
        inputs: Key(s) of tensors (K*B, ...), then one key of the weights (K,), as `PathPoints` gives them.
        outputs: Key(s) for the sums, (B, ...), one per tensor.
        nsamples: K, at least 1.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: `nsamples` < 1, or not one output per tensor.
    """

    def __init__(self, inputs: Keys, outputs: Keys, nsamples: int, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        same_number(tensors=self.inputs[:-1], outputs=self.outputs)
        self.nsamples = checks.whole("nsamples", nsamples)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        *tensors, weights = data
        return [_reduced(statistic.WeightedSum(self.backend), tensor, self.nsamples, weights) for tensor in tensors]


def _reduced(chosen: statistic.Statistic, tensor: Tensor, nsamples: int, weights: Tensor | None = None) -> Tensor:
    """A statistic of `nsamples` samples per row, (K*B, ...) -> (B, ...), in the dtype of the samples."""
    like = chosen.backend.unfold(tensor, nsamples)[0]
    state = chosen.absorb(chosen.begin(like), tensor, weights)
    return chosen.backend.cast_like(chosen.result(state), tensor)

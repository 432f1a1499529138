"""Statistics whose samples come in several batches: the state goes in with each and comes out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import SaliencyOp
from fe_saliency.statistic import Statistic


@traceable()
class Accumulate(SaliencyOp):
    """Absorb K samples of each row into running statistics, so that no more than these need leave the device.

    Args:
        inputs: The keys of the samples, (K*B, ...), one per model input.
        weights: The key of the weights of the samples, (K,), if the statistic is weighted.
        states: For each input the keys of the parts of its state, which are read and written.
        statistic: What absorbs them.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        weights: str,
        states: Sequence[Sequence[str]],
        statistic: Statistic,
        mode: str | None = None,
        ds_id: str | None = None,
    ) -> None:
        keys = [key for state in states for key in state]
        weight = [weights] if statistic.weighted else []
        super().__init__(inputs=[*inputs, *keys, *weight], outputs=keys, mode=mode, ds_id=ds_id)
        self.samples = len(inputs)
        self.statistic = statistic

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        values, data = data[: self.samples], data[self.samples :]
        size = len(self.statistic.parts)
        weights = data[-1] if self.statistic.weighted else None
        after: list[Tensor] = []
        for slot, samples in enumerate(values):
            after += self.statistic.absorb(tuple(data[slot * size : (slot + 1) * size]), samples, weights)
        return after


@traceable()
class Reduce(SaliencyOp):
    """Reduce all samples of each row at once by a running statistic.

    Args:
        inputs: The keys of the samples, (K*B, ...), one per model input.
        like: For each of them a key of a tensor of the shape of one sample, (B, ...).
        weights: The key of the weights of the samples, (K,), if the statistic is weighted.
        outputs: For each of them the key of the result (B, ...) and, if the statistic has an error, those of its
            squared norm (B,) and squared error (B,).
        statistic: What reduces them.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        like: Sequence[str],
        weights: str,
        outputs: Sequence[Sequence[str]],
        statistic: Statistic,
        mode: str | None = None,
        ds_id: str | None = None,
    ) -> None:
        weight = [weights] if statistic.weighted else []
        flat = [key for keys in outputs for key in keys]
        super().__init__(inputs=[*inputs, *like, *weight], outputs=flat, mode=mode, ds_id=ds_id)
        self.samples = len(inputs)
        self.statistic = statistic

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        values, data = data[: self.samples], data[self.samples :]
        weights = data[-1] if self.statistic.weighted else None
        found: list[Tensor] = []
        for samples, like in zip(values, data, strict=False):
            found += self.statistic.finish(self.statistic.absorb(self.statistic.begin(like), samples, weights))
        return found


@traceable()
class LastSample(SaliencyOp):
    """The last of K samples of each row.

    Args:
        inputs: Key(s) of tensors (K*B, ...), then a key of a tensor of B rows.
        outputs: Key(s) for the last B rows of each.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        *tensors, like = data
        return [tensor[-self.backend.rows(like) :] for tensor in tensors]


@traceable()
class ElementSum(SaliencyOp):
    """The sum of all elements of each row over several tensors.

    Args:
        inputs: Key(s) of tensors (rows, ...).
        outputs: A key for the sums, (rows,).
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        sums = [self.backend.row_sum(self.backend.at_least_single(tensor)) for tensor in data]
        return [sum(sums[1:], sums[0])]

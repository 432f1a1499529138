"""The ops that run a target in a Network."""

from __future__ import annotations

from typing import Any

from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import SaliencyOp
from fe_saliency.target.base import Output, Target


@traceable()
class Settle(SaliencyOp):
    """Settle a target on the clean output, and read it.

    Args:
        inputs: The key of an output (B, ...), and of what the target is fed, (B, ...) each.
        outputs: As many keys for what it holds, then for the class that is explained, int64 (B,), the one decided for,
            int64 (B,), the score (B,) and the margin (B,): -1 and NaN for what there is not.
        target: The target, a plan.
        scale: What `score=` says.
    """

    def __init__(self, inputs: list[str], outputs: list[str], target: Target, scale: str) -> None:
        super().__init__(inputs=inputs, outputs=outputs)
        self.target = target
        self.scale = scale

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        output = Output(self.inputs[0], data[0], self.backend, self.scale)
        held = list(self.target.settle(output, data[1:]))
        score = self.target.score(output, held)
        index, prediction, margin = self.target.told(output, held)
        none = self.backend.int64(score < score) - 1
        return [
            *held,
            none if index is None else index,
            none if prediction is None else prediction,
            score,
            score * 0 + float("nan") if margin is None else margin,
        ]


@traceable()
class Explain(SaliencyOp):
    """The score of a target that is settled, for all samples.

    Args:
        inputs: The key of an output (K*B, ...), and of what the target holds, (B, ...) each.
        outputs: The key for the score, (K*B,).
        name: What errors call the output.
        target: The target, a plan.
        scale: What `score=` says.
    """

    def __init__(self, inputs: list[str], outputs: list[str], name: str, target: Target, scale: str) -> None:
        super().__init__(inputs=inputs, outputs=outputs)
        self.name = name
        self.target = target
        self.scale = scale

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [self.target.score(Output(self.name, data[0], self.backend, self.scale), data[1:])]

"""What is made of the gradient at each point, element by element."""

from __future__ import annotations

from typing import Any

from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number


@traceable()
class Absolute(SaliencyOp):
    """The absolute value.

    Args:
        inputs: Key(s) of tensors of any shape.
        outputs: Key(s) for their absolute values, one per input.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one output per input.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        same_number(inputs=self.inputs, outputs=self.outputs)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [self.backend.abs(tensor) for tensor in data]


@traceable()
class Squared(Absolute):
    """The square; arguments and errors as in `Absolute`."""

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [tensor * tensor for tensor in map(self.backend.at_least_single, data)]


@traceable()
class TimesDifference(SaliencyOp):
    """Multiply gradients along a path by input minus baseline.

    Args:
        inputs: Key(s) of gradients (K*B, ...), then as many keys of differences, (K*B, ...) or (B, ...).
        outputs: Key(s) for the products, (K*B, ...), one per gradient.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one difference and one output per gradient.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        gradients, differences = groups(self.inputs, 2)
        same_number(gradients=gradients, differences=differences, outputs=self.outputs)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [
            self.backend.fold(self.backend.unfold_like(gradient, difference) * difference)
            for gradient, difference in zip(*groups(data, 2), strict=True)
        ]

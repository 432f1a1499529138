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
class SquaredShare(Absolute):
    """The square of each element as a share of the sum of all squares of its row, over all inputs.

    A row of zeros stays zero. Arguments and errors as in `Absolute`; all inputs have the same rows.
    """

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        backend = self.backend
        data = [backend.at_least_single(tensor) for tensor in data]
        # Squares of small numbers would be lost.
        peaks = [backend.flat(backend.row_max(backend.abs(tensor))) for tensor in data]
        peak = peaks[0]
        for other in peaks[1:]:
            peak = backend.where(other > peak, other, peak)
        peak = backend.where(peak > 0, peak, peak * 0 + 1)
        squares = [(tensor / backend.stretch(peak, tensor)) ** 2 for tensor in data]
        sums = [backend.row_sum(square) for square in squares]
        total = sum(sums[1:], sums[0])
        total = backend.where(total > 0, total, total * 0 + 1)
        return [square / backend.stretch(total, square) for square in squares]


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

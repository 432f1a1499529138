"""Gradients of scores for inputs."""

from __future__ import annotations

from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, same_number


@traceable()
class GradientOp(SaliencyOp):
    """The gradient of the sum of all scores for each of several watched tensors.

    Args:
        inputs: Key(s) of tensors (rows, ...) that a `Watch` op made known before the model ran.
        finals: Key(s) of scores, (rows,) each.
        outputs: Key(s) for the gradients, one per input and of its shape.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one output per input, or no finals; when it runs: an input that no score depends on.
    """

    def __init__(self, inputs: Keys, finals: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        sources, scores = list(to_list(inputs)), list(to_list(finals))
        super().__init__(inputs=sources + scores, outputs=outputs, mode=mode, ds_id=ds_id)
        self.num_inputs = same_number(inputs=sources, outputs=self.outputs)
        if not scores:
            raise ValueError("`finals` (=[]) must name at least one key of scores.")
        self.retain_graph = True
        #: What an error calls a key, where the key itself means nothing to the user.
        self.called: dict[str, str] = {}

    def fe_retain_graph(self, retain: bool | None = None) -> bool | None:
        if retain is not None:
            self.retain_graph = retain
        return self.retain_graph

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        sources, scores = data[: self.num_inputs], data[self.num_inputs :]
        gradients = self.backend.gradient(scores, sources, state["tape"], self.retain_graph)
        for key, gradient in zip(self.inputs, gradients, strict=False):
            if gradient is None:
                finals = [self.called.get(final, final) for final in self.inputs[self.num_inputs :]]
                raise ValueError(
                    f"There is no gradient path from `{self.called.get(key, key)}` to {finals}: the model does not "
                    "use it, or turns it into something that has no derivative (an index, a rounding, a detached "
                    "copy). Leave it out, explain a differentiable output, or a `layer` after it."
                )
        return [gradient for gradient in gradients if gradient is not None]

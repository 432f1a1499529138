"""How far the class that is explained is ahead of all others."""

from __future__ import annotations

from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number
from fe_saliency.op.gather import as_units, checked_scale, lead


@traceable()
class Margin(SaliencyOp):
    """The score of one class of each row less the highest score of any other class, on the scale `score`.

    It is positive where the model decides for the class, and 0 where another ties with it. A one-unit output y is read
    as two classes: for "logit" as the logits (0, y), with a margin of y for class 1 and -y for class 0; else as the
    probabilities (1 - y, y), with 2 y - 1 and 1 - 2 y, or log(y) - log(1 - y) and its opposite for "log_probability".

    Args:
        inputs: Key(s) of model outputs, (B, N), (B, 1) or (B,), then as many keys of classes, int64 (B,).
        outputs: Key(s) for the margins, (B,).
        score: As in `Gather`.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: An unknown `score`, or numbers of keys that do not match; when it runs: outputs of another rank.
    """

    def __init__(
        self, inputs: Keys, outputs: Keys, score: str = "output", mode: Keys = None, ds_id: Keys = None
    ) -> None:
        super().__init__(inputs=inputs, outputs=list(to_list(outputs)), mode=mode, ds_id=ds_id)
        scored, classes = groups(self.inputs, 2)
        same_number(outputs=scored, classes=classes, margins=self.outputs)
        self.score = checked_scale(score)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [
            lead(self.backend, as_units(self.backend, output, key), index, self.score)
            for key, output, index in zip(self.inputs, *groups(data, 2), strict=False)
        ]

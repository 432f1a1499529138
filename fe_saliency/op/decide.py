"""Which class is explained, and what the clean input scores."""

from __future__ import annotations

from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number
from fe_saliency.op.gather import as_units, checked_scale, decide, explained, settled


@traceable()
class Decide(SaliencyOp):
    """Settle the class of each row, and read its score, as `Gather` does.

    Args:
        inputs: Key(s) of model outputs, (B, N), (B, 1) or (B,), then as many keys of wanted classes, int64 (B,): a
            negative one leaves the decision to the model, and one that is too large is taken for the last class.
        outputs: Key(s) for the classes to explain, int64 (B,), then as many for the classes the model decides for,
            int64 (B,), then as many for the scores of the first, (B,).
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
        scored, wanted = groups(self.inputs, 2)
        classes, predictions, scores = groups(self.outputs, 3)
        same_number(outputs=scored, wanted=wanted, classes=classes, predictions=predictions, scores=scores)
        self.score = checked_scale(score)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        backend = self.backend
        classes, predictions, scores = [], [], []
        for key, output, wanted in zip(self.inputs, *groups(data, 2), strict=False):
            units = as_units(backend, output, key)
            index = settled(backend, units, wanted, self.score)
            classes.append(index)
            predictions.append(decide(backend, units, self.score))
            scores.append(explained(backend, units, index, self.score))
        return classes + predictions + scores

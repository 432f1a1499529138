"""One score per row: the unit of the class that is explained, on a chosen scale."""

from __future__ import annotations

from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Backend, Tensor
from fe_saliency.op.base import Keys, SaliencyOp, same_number

SCALES = ("output", "logit", "log_probability", "probability")


@traceable()
class Gather(SaliencyOp):
    """Pick one score per row out of model outputs.

    For outputs of N >= 2 units the class's unit is read on the scale `score`. Which scale the model's own outputs are
    on is told row by row: numbers that are not negative and sum to 1 are probabilities, all others logits. The logits
    of a model that ends in softmax are known up to a constant per row, and taken so that they sum to zero.
    A one-unit output y cannot be told, so `score` says what it is: a logit for "logit", else a probability. Class 1
    explains y and class 0 explains -y; with "log_probability" log(y) and log(1 - y).

    Args:
        inputs: Key(s) of model outputs, (K*B, N), (K*B, 1) or (K*B,).
        outputs: Key(s) for the scores, (K*B,), one per input.
        indices: Key(s) of the classes, int (B,): one for all inputs, or one each; they serve all K samples. None: each
            row's own class of highest score.
        score: "output" (as the model gives it), "logit", "log_probability" or "probability".
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: An unknown `score`, or numbers of keys that do not match; when it runs: outputs of another rank.
    """

    def __init__(
        self,
        inputs: Keys,
        outputs: Keys,
        indices: Keys = None,
        score: str = "output",
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        scores, classes = list(to_list(inputs)), list(to_list(indices))
        super().__init__(inputs=scores + classes, outputs=outputs, mode=mode, ds_id=ds_id)
        count = same_number(inputs=scores, outputs=self.outputs)
        if len(classes) not in (0, 1, count):
            raise ValueError(
                f"`indices` (={classes}) must name no key, one for all inputs or one for each of the {count}."
            )
        self.num_inputs = count
        self.score = checked_scale(score)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        outputs, indices = data[: self.num_inputs], data[self.num_inputs :]
        if len(indices) == 1:
            indices = indices * len(outputs)
        chosen = []
        for slot, output in enumerate(outputs):
            units = as_units(self.backend, output, self.inputs[slot])
            index = indices[slot] if indices else decide(self.backend, units, self.score)
            chosen.append(explained(self.backend, units, index, self.score))
        return chosen


def checked_scale(score: str) -> str:
    """`score`, which must be one of `SCALES`.

    Raises:
        ValueError: It is not.
    """
    if score not in SCALES:
        raise ValueError(f"`score` (={score!r}) must be one of {', '.join(map(repr, SCALES))}.")
    return score


def as_units(backend: Backend, output: Tensor, key: str) -> Tensor:
    """A model output as (rows, units), in single precision at least.

    Raises:
        ValueError: It has more than two axes: there is no one score per row.
    """
    shape = backend.shape(output)
    if len(shape) == 1:
        output = output[:, None]
    elif len(shape) != 2:
        raise ValueError(
            f"The model output `{key}` has shape {tuple(shape)}, but must be (B, N), (B, 1) or (B,): one "
            "score per class and row. Explain a dense output (a segmentation, say) by `Mask`, `Pixel` or `Score` of "
            "`fe_saliency.target`, or reduce it inside the model."
        )
    return backend.at_least_single(output)


def decide(backend: Backend, units: Tensor, score: str) -> Tensor:
    """The class each row decides for, int64 (rows,), of outputs (rows, units)."""
    if backend.shape(units)[1] != 1:
        return backend.argmax(units)
    return backend.int64(units[:, 0] > (0 if score == "logit" else 0.5))


def settled(backend: Backend, units: Tensor, wanted: Tensor, score: str) -> Tensor:
    """The class to explain, int64 (rows,): `wanted`, or if that is negative the one decided for; at most the last."""
    index = backend.where(wanted < 0, decide(backend, units, score), wanted)
    return at_most(backend, index, last_class(backend, units))


def last_class(backend: Backend, units: Tensor) -> int:
    """The number of the last class of outputs (rows, units): one unit stands for two classes."""
    return max(2, backend.shape(units)[1] or 2) - 1


def at_most(backend: Backend, index: Tensor, last: int) -> Tensor:
    """`index`, or `last` where it is larger: a program must not stop before the caller can be told of it."""
    return backend.where(index > last, index * 0 + last, index)


def explained(backend: Backend, units: Tensor, index: Tensor, score: str) -> Tensor:
    """The score (K*B,) of class `index` (B,) of outputs (K*B, units), on the scale `score`."""
    if backend.shape(units)[1] == 1:
        y = units[:, 0]
        first = backend.repeat(index, y) == 1
        if score == "log_probability":
            return backend.where(first, backend.log(y), backend.log(1 - y))
        return backend.where(first, y, -y)
    return backend.pick(on_scale(backend, units, score), index)


def lead(backend: Backend, units: Tensor, index: Tensor, score: str) -> Tensor:
    """The score (B,) of class `index` (B,) of outputs (B, units) less the highest of any other; see `Margin`."""
    if backend.shape(units)[1] == 1:
        y = units[:, 0]
        if score == "log_probability":
            ahead = backend.log(y) - backend.log(1 - y)
        else:
            ahead = y if score == "logit" else 2 * y - 1
        return backend.where(index == 1, ahead, -ahead)
    scores = on_scale(backend, units, score)
    own = backend.pick(scores, index)
    equal = scores == own[:, None]
    # Of several classes of the same score one is the class itself, and another the highest other.
    alone = backend.sum(backend.int64(equal), axis=1, keepdims=True) == 1
    others = backend.where(equal & alone, scores * 0 - float("inf"), scores)
    return own - backend.row_max(others)[:, 0]


def on_scale(backend: Backend, units: Tensor, score: str) -> Tensor:
    """Outputs (rows, N), N >= 2, on the scale `score`."""
    if score == "output":
        return units
    given = backend.all(units >= 0, axis=1, keepdims=True) & (
        backend.abs(backend.sum(units, axis=1, keepdims=True) - 1) <= 1e-3
    )
    logs = backend.log(units)
    if score == "logit":
        mean = backend.sum(logs, axis=1, keepdims=True) / backend.shape(units)[1]
        return backend.where(given, logs - mean, units)
    log_probability = backend.log_softmax(units)
    if score == "log_probability":
        return backend.where(given, logs, log_probability)
    return backend.where(given, units, backend.exp(log_probability))

"""Which class of each output is explained: the caller's, or the one the model decides for on the clean input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency.backend import Backend, Tensor, to_numpy
from fe_saliency.op.gather import as_units, decide, explained

PREFIX = "SaliencyNet_Target_Index_"


def given(batch: Mapping[str, Any], target: Any, keys: Sequence[str]) -> dict[str, tuple[str, np.ndarray]]:
    """What the caller said, by output key: the argument `target` first, then the batch; empty where nothing was said.

    Args:
        batch: May hold `SaliencyNet_Target_Index_<output key>`; an empty value says nothing.
        target: None, a class, (B,) classes, or a dict of these by output key.
        keys: The model outputs.

    Raises:
        ValueError: `target` is a dict with a key that is no model output.
    """
    if isinstance(target, Mapping):
        strangers = sorted(set(target) - set(keys))
        if strangers:
            raise ValueError(f"`target` names {strangers}, but the model outputs are {list(keys)}.")
        by_key = dict(target)
    else:
        by_key = {} if target is None else dict.fromkeys(keys, target)
    said = {}
    for key in keys:
        value = by_key.get(key)
        name = f"target[{key!r}]" if isinstance(target, Mapping) else "target"
        if value is None:
            value, name = batch.get(PREFIX + key), f"batch[{PREFIX + key!r}]"
        if value is not None and to_numpy(value).size:
            said[key] = (name, to_numpy(value))
    return said


def settle(
    backend: Backend, outputs: Mapping[str, Tensor], said: Mapping[str, tuple[str, np.ndarray]], score: str
) -> Targets:
    """Decide every output's class and read its score.

    Args:
        backend: The framework of `outputs`.
        outputs: {output key: (B, N), (B, 1) or (B,)} of the clean input.
        said: As `given` returns it.
        score: The scale, one of `fe_saliency.op.gather.SCALES`.

    Raises:
        ValueError: A target of the wrong shape or out of range, outputs of another rank, non-finite scores, or a
            one-unit output that is no probability where `score` says it is.
        TypeError: A target that is not of whole numbers.
    """
    targets, predictions, scores = {}, {}, {}
    for key, output in outputs.items():
        units = as_units(backend, output, key)
        host = backend.numpy(units)
        _check_outputs(key, host, score)
        predictions[key] = backend.numpy(decide(backend, units, score))
        classes = max(2, host.shape[1])
        targets[key] = _checked(*said[key], rows=len(host), classes=classes) if key in said else predictions[key]
        scores[key] = backend.numpy(explained(backend, units, backend.tensor(targets[key]), score))
    return Targets(targets, predictions, scores)


class Targets:
    """The classes explained, the classes predicted and the clean scores, as arrays (B,) by output key."""

    def __init__(
        self, targets: dict[str, np.ndarray], predictions: dict[str, np.ndarray], scores: dict[str, np.ndarray]
    ) -> None:
        self.targets = targets
        self.predictions = predictions
        self.scores = scores

    def total(self) -> np.ndarray:
        """s(x), the sum over the outputs: float64 (B,)."""
        return np.sum([score.astype(np.float64) for score in self.scores.values()], axis=0)


def _checked(name: str, value: np.ndarray, rows: int, classes: int) -> np.ndarray:
    if value.dtype.kind not in "iu":
        raise TypeError(f"`{name}` has dtype {value.dtype}, but must hold class numbers as whole numbers.")
    flat: np.ndarray | None = None
    if value.ndim == 0:
        flat = np.full(rows, value)
    elif value.shape in ((rows,), (rows, 1)):
        flat = value.reshape(rows)
    if flat is None:
        raise ValueError(
            f"`{name}` has shape {value.shape}, but must be one class per row, ({rows},). For one-hot labels "
            "pass `labels.argmax(axis=1)`."
        )
    if flat.min() < 0 or flat.max() >= classes:
        bad: list[int] = sorted(set(flat[(flat < 0) | (flat >= classes)].tolist()))[:5]
        raise ValueError(f"`{name}` names class(es) {bad}, but the output has classes 0 to {classes - 1}.")
    return flat.astype(np.int64)


def _check_outputs(key: str, units: np.ndarray, score: str) -> None:
    bad = np.flatnonzero(~np.isfinite(units).all(axis=1))
    if bad.size:
        raise ValueError(
            f"The model output `{key}` is NaN or infinite in row(s) {bad[:10].tolist()} of the clean input: "
            "there is nothing to explain. Look at the model's weights."
        )
    if units.shape[1] == 1 and "probability" in score and not ((units >= 0) & (units <= 1)).all():
        raise ValueError(
            f"`score` (={score!r}) takes the one-unit output `{key}` for a probability, but it reaches "
            f"{units.min():.4g} to {units.max():.4g}; use score='logit'."
        )

"""Which class of each output is explained: the caller's, or the one the model decides for on the clean input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy

PREFIX = "SaliencyNet_Target_Index_"


@dataclass(frozen=True)
class Wanted:
    """What the caller said of one output.

    Args:
        name: Where it was said.
        classes: int64 (B,).
    """

    name: str
    classes: np.ndarray


def given(batch: Mapping[str, Any], target: Any, keys: Sequence[str], rows: int) -> dict[str, Wanted]:
    """What the caller said, by output key: the argument `target` first, then the batch; no key where nothing was said.

    Args:
        batch: May hold `SaliencyNet_Target_Index_<output key>`; an empty value says nothing.
        target: None, a class, (B,) classes, or a dict of these by output key.
        keys: The model outputs.
        rows: B.

    Raises:
        ValueError: `target` is a dict with a key that is no model output, or a target is of the wrong shape.
        TypeError: A target that is not of whole numbers.
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
            said[key] = Wanted(name, _per_row(name, to_numpy(value), rows))
    return said


@dataclass(frozen=True, eq=False)
class Targets:
    """The classes explained, the classes predicted, the clean scores and margins, as arrays (B,) by output key."""

    targets: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]

    def total(self) -> np.ndarray:
        """s(x), the sum over the outputs: float64 (B,)."""
        return np.sum([score.astype(np.float64) for score in self.scores.values()], axis=0)


def check(key: str, units: np.ndarray, wanted: Wanted | None, score: str) -> None:
    """Whether the outputs of a model can be explained as it was asked for.

    Args:
        key: The model output.
        units: Its values for the clean input, (B, N), (B, 1) or (B,).
        wanted: What the caller said of these rows.
        score: The scale, one of `fe_saliency.op.gather.SCALES`.

    Raises:
        ValueError: A class out of range, non-finite outputs, or a one-unit output that is no probability where `score`
            says it is.
    """
    units = units.reshape(len(units), -1)
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
    classes = max(2, units.shape[1])
    if wanted is not None and (wanted.classes.min() < 0 or wanted.classes.max() >= classes):
        outside = (wanted.classes < 0) | (wanted.classes >= classes)
        strange: list[int] = sorted(set(wanted.classes[outside].tolist()))[:5]
        raise ValueError(f"`{wanted.name}` names class(es) {strange}, but the output has classes 0 to {classes - 1}.")


def _per_row(name: str, value: np.ndarray, rows: int) -> np.ndarray:
    if value.dtype.kind not in "iu":
        raise TypeError(f"`{name}` has dtype {value.dtype}, but must hold class numbers as whole numbers.")
    if value.ndim == 0:
        return np.full(rows, value, np.int64)
    if value.shape in ((rows,), (rows, 1)):
        return value.reshape(rows).astype(np.int64)
    raise ValueError(
        f"`{name}` has shape {value.shape}, but must be one class per row, ({rows},). For one-hot labels "
        "pass `labels.argmax(axis=1)`."
    )

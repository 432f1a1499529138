"""What the caller said of each output, and what became of it on the clean input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import Backend, to_numpy
from fe_saliency.target.base import Output, Target
from fe_saliency.target.classes import Predicted, target_of

PREFIX = "SaliencyNet_Target_Index_"


@dataclass(frozen=True, eq=False)
class Aim:
    """The target of one output in one call.

    Args:
        said: Where the caller said it.
        target: What was said.
        plan: What of it is compiled.
        numbers: What it is fed, arrays (B, ...).
    """

    said: str
    target: Target
    plan: Target
    numbers: list[np.ndarray]

    def check(self, key: str, output: np.ndarray, score: np.ndarray, scale: str, backend: Backend) -> None:
        """Whether the clean output can be explained so.

        Args:
            key: What the output is called.
            output: (B, ...).
            score: (B,), what is explained of it.
            scale: One of `fe_saliency.op.gather.SCALES`.
            backend: The framework.

        Raises:
            ValueError: Non-finite outputs or scores, or what `target` refuses.
        """
        bad = _not_finite(output)
        if bad:
            raise ValueError(
                f"The model output `{key}` is NaN or infinite in row(s) {bad} of the clean input: "
                "there is nothing to explain. Look at the model's weights."
            )
        self.target.check(self.said, self.numbers, Output(key, output, backend, scale))
        bad = _not_finite(score)
        if bad:
            raise ValueError(
                f"`{self.said}` (a {type(self.target).__name__}) makes NaN or infinity of the output `{key}` in row(s) "
                f"{bad} of the clean input: there is nothing to explain."
            )


@dataclass(frozen=True, eq=False)
class Settled:
    """What was found on the clean input, arrays (B,) by output key; see `fe_saliency.Attribution`.

    `held` is what each target holds, arrays (B, ...).
    """

    targets: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]
    held: dict[str, list[np.ndarray]]

    def total(self) -> np.ndarray:
        """s(x), the sum over the outputs: float64 (B,)."""
        return np.sum([score.astype(np.float64) for score in self.scores.values()], axis=0)


def given(batch: Mapping[str, Any], target: Any, keys: Sequence[str], rows: int) -> dict[str, Aim]:
    """What the caller said, by output key: the argument `target` first, then the batch, else the predicted class.

    Args:
        batch: May hold `SaliencyNet_Target_Index_<output key>`; an empty value says nothing.
        target: None, a Target, a class, (B,) classes, a key of the batch, or a dict of these by output key.
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
    aims = {}
    for key in keys:
        value = by_key.get(key)
        said = f"target[{key!r}]" if isinstance(target, Mapping) else "target"
        if value is None:
            value, said = batch.get(PREFIX + key), f"batch[{PREFIX + key!r}]"
        if not isinstance(value, (Target, str)) and (value is None or not to_numpy(value).size):
            value = Predicted()
        found = target_of(value)
        aims[key] = Aim(said, found, _compilable(said, found), found.numbers(said, batch, rows))
    return aims


def _compilable(said: str, target: Target) -> Target:
    plan = target.plan()
    try:
        hash(plan)
    except TypeError as error:
        raise TypeError(
            f"The plan of `{said}` (a {type(target).__name__}) cannot be hashed ({error}): hand arrays on by "
            "`numbers`, and return from `plan` a target without them."
        ) from error
    return plan


def _not_finite(values: np.ndarray) -> list[int]:
    """The first rows that hold NaN or infinity."""
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    return np.flatnonzero(~finite)[:10].tolist()

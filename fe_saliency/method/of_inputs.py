"""A baseline in the space of a layer: what the layer gives for a baseline of the model's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.method.baseline import Baseline


@dataclass(frozen=True, eq=False)
class OfInputs(Baseline):
    """What a layer gives for these inputs: `OfInputs(0)` are sentences of nothing but the token 0.

    Args:
        inputs: A number, an array (B, ...), or one of one row; a dict of these by input key where inputs differ, in
            which an input left out keeps its clean rows.
    """

    inputs: Any

    def check(self, key: str, rows: np.ndarray) -> None:
        raise ValueError(f"`baseline` for `{key}` (=OfInputs) is for an inner layer: give `layer` too.")

    def rows(self, clean: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The model's inputs at the baseline.

        Args:
            clean: The clean rows of each model input, (B, ...).

        Raises:
            ValueError: A key that is no model input, or an array that does not fit its rows.
        """
        by_key = self.inputs if isinstance(self.inputs, Mapping) else dict.fromkeys(clean, self.inputs)
        strangers = sorted(set(by_key) - set(clean))
        if strangers:
            raise ValueError(f"`baseline` (=OfInputs) names {strangers}, but the model inputs are {list(clean)}.")
        return {**clean, **{key: _like(key, to_numpy(value), clean[key]) for key, value in by_key.items()}}


def _like(key: str, value: np.ndarray, clean: np.ndarray) -> np.ndarray:
    if value.shape not in ((), clean.shape, clean.shape[1:], (1, *clean.shape[1:])):
        raise ValueError(
            f"`baseline` (=OfInputs) for `{key}` has shape {value.shape}, but must be a number, or of the shape of the "
            f"input, {clean.shape}, or of one row of it, {clean.shape[1:]}."
        )
    return np.broadcast_to(value.astype(clean.dtype), clean.shape)

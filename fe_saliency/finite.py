"""Which rows have maps without NaN and infinity; those that have not cannot be read, and are told of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.say import warn


def by_row(tensor: Tensor, backend: Backend) -> np.ndarray:
    """Which rows of (B, ...) are finite: bool (B,)."""
    found: np.ndarray = np.isfinite(backend.numpy(backend.row_sum(backend.abs(tensor))))
    return found


def tell(maps: Mapping[str, Tensor], backend: Backend) -> None:
    """Warn of the rows of maps (B, ...) that are not finite."""
    for key, each in maps.items():
        bad = np.flatnonzero(~by_row(each, backend))
        if len(bad):
            warn(
                f"The maps of `{key}` are not finite in {len(bad)} of {each.shape[0]} rows (the first is {bad[0]}), "
                "though the model is on the clean inputs: look for an overflow or a square root of 0 in it, and try a "
                "smaller `stdev_spread` or another `baseline`.",
                RuntimeWarning,
            )

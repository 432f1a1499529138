"""From what a user may say to one Baseline per input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.method.baseline.base import Baseline
from fe_saliency.method.baseline.given import Constant, Given
from fe_saliency.method.baseline.noise import Gaussian, Uniform
from fe_saliency.method.baseline.row import Blur, MaximumDistance

BASELINES: dict[str, Baseline] = {
    "blur": Blur(),
    "gaussian": Gaussian(),
    "maximum_distance": MaximumDistance(),
    "uniform": Uniform(),
    "zero": Constant(0.0),
}
BaselineLike = Any  # None, a name, a number, an array or a Baseline


def resolve(baseline: BaselineLike | Mapping[str, BaselineLike], keys: Sequence[str]) -> tuple[Baseline, ...]:
    """One Baseline per input key.

    Args:
        baseline: None ("uniform"), a name, a number, an array or a Baseline; or a dict of these by input key, in which
            a key left out gets the default.
        keys: The model input keys.

    Raises:
        ValueError: An unknown name, or a dict with a key that is no model input.
        TypeError: None of these kinds.
    """
    if isinstance(baseline, Mapping):
        strangers = sorted(set(baseline) - set(keys))
        if strangers:
            raise ValueError(f"`baseline` names {strangers}, but the model inputs are {list(keys)}.")
        return tuple(one(baseline.get(key)) for key in keys)
    return (one(baseline),) * len(keys)


def one(baseline: BaselineLike) -> Baseline:
    """The Baseline that is meant.

    Raises:
        ValueError: An unknown name, or a number that is not finite.
        TypeError: Not a name, a number, an array or a Baseline.
    """
    if baseline is None:
        return BASELINES["uniform"]
    if isinstance(baseline, Baseline):
        return baseline
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(
                f"`baseline` (={baseline!r}) must be one of {sorted(BASELINES)}, a number, an array or a Baseline; "
                "`black(mean, std)` is one of data that were normalised so."
            )
        return BASELINES[baseline]
    array = to_numpy(baseline)
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"`baseline` (a {type(baseline).__name__}) must be a name, a number, an array or a Baseline; "
            "`Several([...])` takes several."
        )
    if array.ndim == 0:
        if not np.isfinite(array):
            raise ValueError(f"`baseline` (={baseline}) must be finite.")
        return Constant(float(array))
    return Given(array)

"""The mean of attributions of the same rows from several baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fe_saliency.attribution import Attribution
from fe_saliency.backend import Backend, Tensor


def averaged(parts: Sequence[Attribution], tolerance: float | None, backend: Backend) -> Attribution:
    """One Attribution whose maps are the means of those of the parts.

    Its completeness gap is against the mean of the scores of the baselines. Errors are no less than they are: those of
    the parts may have draws in common, so they are taken to add up.

    Args:
        parts: At least one Attribution, all of the same rows, classes and score.
        tolerance: The relative error that was asked for, or None.
        backend: The framework.
    """
    first = parts[0]
    maps = {key: _mean([part.maps[key] for part in parts], backend) for key in first.maps}
    error: np.ndarray | None = None
    if any(part.relative_error is not None for part in parts):
        sizes = [part.relative_error * _norm(part.maps, backend) for part in parts if part.relative_error is not None]
        size, norm = np.sum(sizes, axis=0) / len(parts), _norm(maps, backend)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where((size == 0) & (norm == 0), 0.0, size / norm)
    return replace(
        first,
        maps=maps,
        gradient_evaluations=np.sum([part.gradient_evaluations for part in parts], axis=0),
        completeness_gap=_known([part.completeness_gap for part in parts]),
        completeness_error=_known([part.completeness_error for part in parts]),
        relative_error=error,
        met_tolerance=None if tolerance is None or error is None else error <= tolerance,
    )


def _mean(tensors: Sequence[Tensor], backend: Backend) -> Tensor:
    total = sum(backend.at_least_single(tensor) for tensor in tensors)
    return backend.cast_like(total / len(tensors), tensors[0])


def _norm(maps: dict[str, Tensor], backend: Backend) -> np.ndarray:
    """The Euclidean norm of all maps of each row, float64 (B,)."""
    hosted = [backend.numpy(backend.at_least_single(tensor)).astype(np.float64) for tensor in maps.values()]
    return np.linalg.norm(np.concatenate([each.reshape(len(each), -1) for each in hosted], axis=1), axis=1)


def _known(numbers: Sequence[np.ndarray | None]) -> np.ndarray | None:
    some = [each for each in numbers if each is not None]
    return np.mean(some, axis=0) if some else None

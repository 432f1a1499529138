"""From the states of the statistics to maps and what is known of their accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.compose import Composition, Reduction
from fe_saliency.driver import States
from fe_saliency.statistic import State

#: The distance from 1 to the next number.
_EPSILON = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}
#: The least relative error that must be told right.
_TOLD = 2.0**-10
Finished = Sequence[tuple[Tensor, ...]]  # what `Statistic.finish` gives, for each model input


@dataclass(frozen=True, eq=False)
class Walked:
    """What is known of R rows.

    Args:
        maps: One tensor (R, ...) per model input.
        taken: int64 (R,): the samples of the outermost bracket.
        relative_error: float64 (R,), or None.
        gap: float64 (R,), the completeness gap, or None.
        gap_error: float64 (R,), its standard error, or None.
    """

    maps: list[Tensor]
    taken: np.ndarray
    relative_error: np.ndarray | None = None
    gap: np.ndarray | None = None
    gap_error: np.ndarray | None = None


class Finish:
    """Reads the states of one composition.

    Args:
        composition: What was run.
        backend: The framework.
    """

    def __init__(self, composition: Composition, backend: Backend) -> None:
        self.composition = composition
        self.backend = backend

    def maps(self, states: States) -> list[Tensor]:
        """The maps and nothing else."""
        return [each.result(state) for each, state in self._reduced(states)]

    def of(self, states: States) -> Finished:
        """The maps, and what their errors are told from."""
        return [each.finish(state) for each, state in self._reduced(states)]

    def relative_error(self, finished: Finished) -> np.ndarray | None:
        """The error of each row's maps over their norm, (R,); None if there is none."""
        if len(finished[0]) < 3:
            return None
        draws, *inner = (
            bracket.draws(level)
            for bracket, level in zip(self.composition.method.brackets, self.composition.levels, strict=True)
        )
        if not self.composition.of_weights and any(inner):
            # All outer samples share the inner draws, so how far they lie apart says nothing of the error of those.
            return np.full(finished[0][0].shape[0], np.nan)
        norm, error = (np.sum([self.host(each[part]) for each in finished], axis=0) for part in (1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = np.sqrt(error / norm)
        small = norm < sum(map(self._least_norm, finished))
        if small.any():
            # Draws that all are zero may have missed what is not, or be too small themselves. What draws nothing can
            # leave a map of zeros as it is: whether that is right the gap tells.
            zero = (not draws) & (error == 0) & (self._size([each[0] for each in finished]) == 0)
            found[small] = np.where(zero, 0.0, np.nan)[small]
        return found

    def drawn_gap(self, finished: tuple[Tensor, ...], score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The completeness gap and its standard error, (R,) both, where every point has a baseline of its own.

        Completeness: contributions sum to s(x) - s(baseline) (Sundararajan et al. 2017, axiom).

        Args:
            finished: What is known of each point's sum of contributions plus the score of its baseline.
            score: s(x), float64 (R,).
        """
        total, *error = map(self.host, finished)
        return total - score, np.sqrt(error[-1]) if error else np.full(len(score), np.nan)

    def given_gap(self, maps: Sequence[Tensor], score: np.ndarray, origins: np.ndarray) -> np.ndarray:
        """The completeness gap, (R,), where all points share a baseline that scores `origins`, (outputs, R)."""
        total: np.ndarray = np.sum([self.host(self.backend.row_sum(each)) for each in maps], axis=0)
        return total + origins.sum(axis=0) - score

    def rounding(self, score: np.ndarray, origins: np.ndarray, dtype: str) -> np.ndarray:
        """How far a gap may be off, (R,), because a model that computes in `dtype` rounds its scores."""
        size = np.abs(score) + np.abs(origins).sum(axis=0)
        return 4 * _EPSILON.get(dtype, _EPSILON["float32"]) * size

    def not_below(
        self, error: np.ndarray | None, gap: np.ndarray, unsure: np.ndarray, maps: Sequence[Tensor]
    ) -> np.ndarray | None:
        """An estimate of the relative error, raised to what the gap proves: the errors of all elements sum to it.

        Two rules that both miss a narrow peak of the gradient agree, but the sum of their maps tells. What rounding may
        have made of the gap, `unsure`, proves nothing.
        """
        if error is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            proven = np.maximum(np.abs(gap) - unsure, 0)
            return np.maximum(error, np.where(proven == 0, 0.0, proven / self._size(maps)))

    def joined(self, parts: Sequence[Walked]) -> Walked:
        """All rows of all parts."""
        if len(parts) == 1:
            return parts[0]

        def known(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
            some = [each for each in arrays if each is not None]
            return np.concatenate(some) if some else None

        return Walked(
            [self.backend.concat(list(each)) for each in zip(*(part.maps for part in parts), strict=True)],
            np.concatenate([each.taken for each in parts]),
            known([each.relative_error for each in parts]),
            known([each.gap for each in parts]),
            known([each.gap_error for each in parts]),
        )

    def select(self, walked: Walked, rows: np.ndarray) -> Walked:
        """Some rows, by their numbers."""

        def known(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else array[rows]

        wanted = self.backend.tensor(rows)
        return Walked(
            [self.backend.take(each, wanted) for each in walked.maps],
            walked.taken[rows],
            known(walked.relative_error),
            known(walked.gap),
            known(walked.gap_error),
        )

    def _reduced(self, states: States) -> list[tuple[Reduction, State]]:
        return list(zip(self.composition.reductions[0], states, strict=False))  # without that of the gap

    def _size(self, maps: Sequence[Tensor]) -> np.ndarray:
        """The sum of |map| over all elements, (R,)."""
        size: np.ndarray = np.sum([self.host(self.backend.row_sum(self.backend.abs(each))) for each in maps], axis=0)
        return size

    def _least_norm(self, finished: tuple[Tensor, ...]) -> float:
        """The squared norm below which squares that underflow may hide a relative error of `_TOLD`."""
        found, norm = finished[:2]
        return prod(found.shape[1:]) * float(np.finfo(self.backend.numpy(norm).dtype).tiny) / _TOLD**2

    def host(self, tensor: Tensor) -> np.ndarray:
        """A tensor in double precision."""
        return self.backend.numpy(tensor).astype(np.float64)

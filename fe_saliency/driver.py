"""Walks the samples of nested brackets in chunks: one running statistic per open bracket.

An inner bracket may span chunks. Only its finished result is handed to the bracket outside it, so that a statistic that
is not additive over parts (a square) sees whole samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.compose import ATTRIBUTE, Composition, target_key
from fe_saliency.method import Sampling
from fe_saliency.plan import Plan, pieces
from fe_saliency.session import Run
from fe_saliency.statistic import Statistic


@dataclass(frozen=True, eq=False)
class Walked:
    """What a walk brings back, for all rows.

    Args:
        maps: One tensor (B, ...) per model input.
        relative_error: float64 (B,): the Monte-Carlo error of the maps over their Euclidean norm, over all inputs and
            elements; None if nothing was drawn or asked.
        point_sums: float64 (K, B): the contribution of each sample of the outermost bracket, summed over all inputs and
            elements; None if it was not asked for.
    """

    maps: list[Tensor]
    relative_error: np.ndarray | None = None
    point_sums: np.ndarray | None = None


class Driver:
    """Walks one composition for one call.

    Args:
        composition: What to run.
        samplings: What each bracket is told of the call, the outermost first.
        classes: {output key: int64 (B,)} to explain.
        backend: The framework.
        dtype: The model's dtype.
    """

    def __init__(
        self,
        composition: Composition,
        samplings: Sequence[Sampling],
        rows: Mapping[str, np.ndarray],
        classes: Mapping[str, np.ndarray],
        backend: Backend,
        dtype: str,
    ) -> None:
        self.brackets = composition.method.brackets
        self.levels = composition.levels
        self.contributions = composition.contributions
        self.samplings = samplings
        self.rows = rows
        self.classes = classes
        self.backend = backend
        self.dtype = dtype

    def walk(self, run: Run, plan: Plan, diagnose: bool) -> Walked:
        """Run all samples of all rows.

        Args:
            run: From `Session.entered`.
            plan: The sizes of a chunk.
            diagnose: Whether to bring back more than maps.
        """
        batch = len(next(iter(self.rows.values())))
        parts = [
            self._walk_rows(run, plan, slice(piece.start, piece.stop), diagnose) for piece in pieces(batch, plan.rows)
        ]
        return Walked(
            maps=[self.backend.concat(maps) for maps in zip(*(part.maps for part in parts), strict=True)],
            relative_error=_joined([part.relative_error for part in parts]),
            point_sums=_joined([part.point_sums for part in parts]),
        )

    def _walk_rows(self, run: Run, plan: Plan, rows: slice, diagnose: bool) -> Walked:
        feed = {key: self._tensor(array[rows]) for key, array in self.rows.items()}
        feed.update({target_key(key): self.backend.tensor(index[rows]) for key, index in self.classes.items()})
        if not self.brackets:
            return Walked(self._contributions(run, feed))
        point_sums: list[np.ndarray] | None = [] if diagnose else None
        statistics = self._reduce(run, plan, rows, 0, feed, point_sums)
        maps = [statistic.result() for statistic in statistics]
        if point_sums is None:
            return Walked(maps)
        return Walked(maps, self._relative_error(maps, statistics), np.concatenate(point_sums))

    def _reduce(
        self,
        run: Run,
        plan: Plan,
        rows: slice,
        depth: int,
        feed: dict[str, Tensor],
        point_sums: list[np.ndarray] | None,
    ) -> list[Statistic]:
        """The statistics of the bracket at `depth`, one per input, having seen all its samples."""
        bracket, level, sampling = self.brackets[depth], self.levels[depth], self.samplings[depth]
        statistics = [bracket.statistic(level, self.backend) for _ in self.contributions]
        weights = bracket.weights(level, sampling)
        for samples in pieces(sampling.nsamples, plan.samples[depth]):
            fed = {key: self._tensor(array) for key, array in bracket.feed(level, sampling, samples, rows).items()}
            if depth + 1 < len(self.brackets):
                inner = self._reduce(run, plan, rows, depth + 1, {**feed, **fed}, None)
                folded = [statistic.result() for statistic in inner]
            else:
                folded = self._contributions(run, {**feed, **fed})
            values = [self.backend.unfold(tensor, len(samples)) for tensor in folded]
            shares = None if weights is None else self._tensor(weights[samples.start : samples.stop])
            for statistic, value in zip(statistics, values, strict=True):
                statistic.update(value, shares)
            if point_sums is not None:
                point_sums.append(self._row_sums(values, lead=2))
        return statistics

    def _contributions(self, run: Run, feed: Mapping[str, Tensor]) -> list[Tensor]:
        done = run(ATTRIBUTE, feed)
        return [done[key] for key in self.contributions]

    def _relative_error(self, maps: Sequence[Tensor], statistics: Sequence[Statistic]) -> np.ndarray | None:
        squares = [statistic.squared_error() for statistic in statistics]
        if squares[0] is None:
            return None
        inner = zip(self.brackets[1:], self.levels[1:], strict=True)
        if any(bracket.draws(level) for bracket, level in inner):
            # All outer samples share the inner draws, so how far they lie apart says nothing of the error of those.
            return np.full(len(self._host(squares[0])), np.nan)
        error = np.sqrt(np.sum([self._host(square) for square in squares], axis=0))
        norm = np.sqrt(self._row_sums([each * each for each in maps]))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((error == 0) & (norm == 0), 0.0, error / norm)

    def _row_sums(self, values: Sequence[Tensor], lead: int = 1) -> np.ndarray:
        return np.sum([self._host(self.backend.row_sum(value, lead=lead)) for value in values], axis=0)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return self.backend.tensor(array, self.dtype)

    def _host(self, tensor: Tensor) -> np.ndarray:
        return self.backend.numpy(tensor).astype(np.float64)


def _joined(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known, axis=-1) if known else None

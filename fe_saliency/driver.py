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


@dataclass(frozen=True)
class Walked:
    """What a walk brings back, for all rows.

    Args:
        maps: One tensor (B, ...) per model input.
        squared_error: float64 (B,): the squared Monte-Carlo error of the maps, summed over all inputs and elements; or
            None.
        squared_norm: float64 (B,): the squared Euclidean norm of the maps.
        point_sums: float64 (K, B): the contribution of each sample of the outermost bracket, summed over all inputs and
            elements.
    """

    maps: list[Tensor]
    squared_error: np.ndarray | None
    squared_norm: np.ndarray
    point_sums: np.ndarray


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

    def walk(self, run: Run, plan: Plan) -> Walked:
        """Run all samples of all rows.

        Args:
            run: From `Session.entered`.
            plan: The sizes of a chunk.
        """
        batch = len(next(iter(self.rows.values())))
        parts = [self._walk_rows(run, plan, slice(piece.start, piece.stop)) for piece in pieces(batch, plan.rows)]
        errors = [part.squared_error for part in parts if part.squared_error is not None]
        return Walked(
            maps=[self.backend.concat(maps) for maps in zip(*(part.maps for part in parts), strict=True)],
            squared_error=np.concatenate(errors) if errors else None,
            squared_norm=np.concatenate([part.squared_norm for part in parts]),
            point_sums=np.concatenate([part.point_sums for part in parts], axis=1),
        )

    def _walk_rows(self, run: Run, plan: Plan, rows: slice) -> Walked:
        feed = {key: self._tensor(array[rows]) for key, array in self.rows.items()}
        feed.update({target_key(key): self.backend.tensor(index[rows]) for key, index in self.classes.items()})
        point_sums: list[np.ndarray] = []
        errors: list[Tensor | None] = []
        if self.brackets:
            statistics = self._reduce(run, plan, rows, 0, feed, point_sums)
            maps = [statistic.result() for statistic in statistics]
            errors = [statistic.squared_error() for statistic in statistics]
        else:
            maps = self._contributions(run, feed)
            point_sums.append(self._row_sums(maps)[None])
        known = [self._host(error) for error in errors if error is not None]
        norm = np.sum([self._host(self.backend.row_sum(each * each)) for each in maps], axis=0)
        return Walked(maps, np.sum(known, axis=0) if known else None, norm, np.concatenate(point_sums))

    def _reduce(
        self,
        run: Run,
        plan: Plan,
        rows: slice,
        depth: int,
        feed: dict[str, Tensor],
        point_sums: list[np.ndarray] | None = None,
    ) -> list[Statistic]:
        """The statistics of the bracket at `depth`, one per input, having seen all its samples."""
        bracket, level, sampling = self.brackets[depth], self.levels[depth], self.samplings[depth]
        statistics = [bracket.statistic(level, self.backend) for _ in self.contributions]
        weights = bracket.weights(level, sampling)
        for samples in pieces(sampling.nsamples, plan.samples[depth]):
            fed = {key: self._tensor(array) for key, array in bracket.feed(level, sampling, samples, rows).items()}
            if depth + 1 < len(self.brackets):
                inner = self._reduce(run, plan, rows, depth + 1, {**feed, **fed})
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

    def _row_sums(self, values: Sequence[Tensor], lead: int = 1) -> np.ndarray:
        return np.sum([self._host(self.backend.row_sum(value, lead=lead)) for value in values], axis=0)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return self.backend.tensor(array, self.dtype)

    def _host(self, tensor: Tensor) -> np.ndarray:
        return self.backend.numpy(tensor).astype(np.float64)

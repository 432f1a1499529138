"""Walks the samples of nested brackets in chunks.

An inner bracket may span chunks. Only its finished result is handed to the bracket outside it, so that a statistic that
is not additive over parts (a square) sees whole samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.chunks import Chunks
from fe_saliency.compose import ATTRIBUTE, ORIGINS, Composition, Reduction
from fe_saliency.feeder import Feeder
from fe_saliency.plan import Smaller, even, pieces, share
from fe_saliency.redraw import Redraw
from fe_saliency.statistic import State

States = list[State]  # one per model input, and one more for the gap if it is measured


class Driver:
    """Takes samples of the brackets of one composition.

    Args:
        composition: What to run.
        counts: How many samples each bracket takes, the outermost first.
        feeder: What makes the numbers.
        chunks: What runs them.
        backend: The framework.
        gap: Reduces the completeness gap of each point, for a path whose baselines are drawn; None not to measure it.
        redraw: If the outermost bracket is of the weights: what gives the model those of a sample.
    """

    def __init__(
        self,
        composition: Composition,
        counts: tuple[int, ...],
        feeder: Feeder,
        chunks: Chunks,
        backend: Backend,
        gap: Reduction | None,
        redraw: Redraw | None = None,
    ) -> None:
        self.composition = composition
        self.counts = counts
        self.feeder = feeder
        self.chunks = chunks
        self.backend = backend
        self.gap = gap
        self.redraw = redraw

    def begin(self, clean: Mapping[str, Tensor], depth: int = 0) -> States:
        """The states of a bracket before any sample of these rows."""
        likes = [clean[key] for key in self.composition.site.likes]
        states = self._begin(likes, depth)
        if self.gap is not None:
            states.append(self.gap.begin(self.backend.row_sum(likes[0])))
        return states

    def take(
        self, states: States, clean: Mapping[str, Tensor], rows: np.ndarray, samples: range, depth: int = 0
    ) -> States:
        """The states after more samples; where the memory does not hold a chunk, those before it are kept.

        Args:
            states: Of the bracket at `depth`.
            clean: What is fed anyway: clean rows, classes, and what outer brackets feed.
            rows: The numbers of the rows.
            samples: Which samples of the bracket to take.
            depth: Which bracket, 0 for the outermost.
        """
        if depth or self.redraw is None:
            return self._taken(states, clean, rows, samples, depth)
        for sample in samples:
            self.redraw(sample)
            states = self._taken(states, clean, rows, range(sample, sample + 1), depth)
        return states

    def _taken(
        self, states: States, clean: Mapping[str, Tensor], rows: np.ndarray, samples: range, depth: int
    ) -> States:
        """The states after more samples by the model as it is."""
        at, folded = samples.start, self._rows(states)
        while at < samples.stop:
            if depth == 0 and len(rows) > self.chunks.room:
                return self._row_by_row(states, clean, rows, range(at, samples.stop))
            size = self._share(folded, depth, samples.stop - at)
            part = range(at, at + size)
            feed = {**clean, **self.feeder.samples(depth, part, rows)}
            if part.stop < samples.stop:
                coming = self._share(folded, depth, samples.stop - part.stop)
                self.feeder.prepare(depth, range(part.stop, part.stop + coming), rows)
            try:
                states = self._absorbed(states, feed, rows, part, depth)
            except Smaller:
                if self._share(folded, depth, samples.stop - at) < size or (
                    depth == 0 and len(rows) > self.chunks.room
                ):
                    continue
                raise
            at = part.stop
        return states

    def select(self, states: States, rows: np.ndarray) -> States:
        """The states of some of their rows, counted among themselves."""
        wanted = self.backend.tensor(rows)
        return [each.statistic.select(state, wanted) for each, state in zip(self._reductions(0), states, strict=True)]

    def mark(self, states: States) -> States:
        """The states to go on with after the error was judged."""
        return [each.statistic.mark(state) for each, state in zip(self._reductions(0), states, strict=True)]

    def attributed(
        self, program: str, states: States, feed: Mapping[str, Tensor], samples: range
    ) -> tuple[States, Mapping[str, Tensor]]:
        """Run samples of the innermost bracket: the states after them, and all that the program left."""
        names = self.composition.states
        weights = self.feeder.weights(samples)
        fed = dict(feed) if weights is None else {**feed, self.composition.weights: weights}
        for keys, state in zip(names, states, strict=False):
            fed.update(zip(keys, state, strict=True))
        points = self._rows(states) * len(samples)
        done = self.chunks.run(program, fed, points)
        after = [tuple(done[key] for key in keys) for keys in names]
        if self.gap is not None:
            origins = self.chunks.run(ORIGINS, {**fed, **done}, points)
            values = sum(origins.values(), done[self.composition.sums])
            after.append(self.gap.absorb(states[-1], values, *([] if weights is None else [weights])))
        self.chunks.spent(points)
        return after, done

    def _absorbed(
        self, states: States, feed: dict[str, Tensor], rows: np.ndarray, samples: range, depth: int
    ) -> States:
        inside = depth + 1
        if inside == len(self.counts):
            return self.attributed(ATTRIBUTE, states, feed, samples)[0]
        like = [self.backend.concat([state[1]] * len(samples)) for state in states]
        inner = self.take(self._begin(like, inside), feed, rows, range(self.counts[inside]), inside)
        weights = self.feeder.weights(samples, depth)
        finished = [each.result(state) for each, state in zip(self._reductions(inside), inner, strict=True)]
        return [
            each.absorb(state, values, *([] if weights is None else [weights]))
            for each, state, values in zip(self._reductions(depth), states, finished, strict=True)
        ]

    def _row_by_row(self, states: States, clean: Mapping[str, Tensor], rows: np.ndarray, samples: range) -> States:
        """Take samples of a few rows at a time, as even one sample of all of them finds no room."""
        parts: list[States] = []
        for piece in pieces(len(rows), even(len(rows), self.chunks.room)):
            some = np.arange(piece.start, piece.stop)
            fed = {key: self.backend.take(tensor, self.backend.tensor(some)) for key, tensor in clean.items()}
            parts.append(self._taken(self.select(states, some), fed, rows[some], samples, 0))
        joined = parts[0]
        for part in parts[1:]:
            joined = [each.statistic.join(*two) for each, *two in zip(self._reductions(0), joined, part, strict=True)]
        return joined

    def _begin(self, like: Sequence[Tensor], depth: int) -> States:
        reductions = self.composition.reductions[depth]
        return [each.begin(rows) for each, rows in zip(reductions, like, strict=True)]

    def _reductions(self, depth: int) -> list[Reduction]:
        """What reduces each of the states of a bracket."""
        return [*self.composition.reductions[depth], *([] if self.gap is None else [self.gap])]

    def _rows(self, states: States) -> int:
        """How many rows a sample has, those of outer samples that are folded into the batch included."""
        return states[0][1].shape[0]

    def _share(self, rows: int, depth: int, left: int) -> int:
        return share(self.chunks.room, rows, self.counts[depth + 1 :], left)

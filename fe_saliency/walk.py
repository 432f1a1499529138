"""Walks all rows of a call: the clean pass, then samples until each row has enough of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from fe_saliency import finite
from fe_saliency.backend import Backend, Tensor
from fe_saliency.call import Effort
from fe_saliency.chunks import Chunks
from fe_saliency.clean import CleanPass
from fe_saliency.compose import ATTRIBUTE, ENDING, ORIGINS, PREDICT, WHOLE, Composition
from fe_saliency.driver import Driver, States
from fe_saliency.feeder import Feeder
from fe_saliency.finish import Finish, Finished, Walked
from fe_saliency.follower import Follower
from fe_saliency.plan import Smaller, even, pieces
from fe_saliency.redraw import Redraw
from fe_saliency.target import Settled


class Walk:
    """One call on one composition.

    Args:
        composition: What to run.
        feeder: What makes the numbers.
        chunks: What runs them.
        clean: The pass over the clean rows.
        effort: How far to go.
        backend: The framework.
        redraw: As `Driver` takes it.
    """

    def __init__(
        self,
        composition: Composition,
        feeder: Feeder,
        chunks: Chunks,
        clean: CleanPass,
        effort: Effort,
        backend: Backend,
        redraw: Redraw | None = None,
    ) -> None:
        self.feeder = feeder
        self.chunks = chunks
        self.clean = clean
        self.effort = effort
        self.backend = backend
        self.results = composition.results
        self.brackets = composition.method.brackets
        #: Whether the gap is found: where it is wanted, or a given baseline lets it take part in the judgement.
        self.path = (
            (effort.diagnose or effort.judged and composition.gap is None)
            and len(self.brackets) == 1
            and self.brackets[0].has_baseline
        )
        gap = composition.gap if self.path else None
        adaptive = composition.method.adaptive
        driver = Follower if adaptive else Driver
        self.driver = driver(composition, effort.counts, feeder, chunks, backend, gap, redraw)
        self.finish = Finish(composition, backend)
        #: Whether one run of one program can do it all.
        self.simple = (
            len(self.brackets) == 1 and effort.tolerance is None and gap is None and not adaptive and redraw is None
        )

    def run(self) -> tuple[Settled, Walked]:
        """Walk all rows."""
        rows = np.arange(self.feeder.batch)
        if not self.brackets:
            return self._gradients(rows)
        if self.simple and len(rows) * self.effort.counts[0] <= self.chunks.room:
            try:
                return self._at_once(rows)
            except Smaller:
                pass  # Nothing is lost but the attempt.
        targets = self.clean.settled(self.clean.run(PREDICT, rows))
        size = len(rows) if self.driver.redraw is not None else even(len(rows), self.chunks.room)
        parts = [self._refined(rows[piece.start : piece.stop], targets) for piece in pieces(len(rows), size)]
        return targets, self.finish.joined(parts)

    def sample(self, rows: np.ndarray, held: Mapping[str, Tensor]) -> None:
        """Run one sample of these rows, which may be named more than once, in one chunk, to see how long it takes.

        Args:
            rows: Their numbers.
            held: What targets hold of one row; it serves for all.
        """
        feed = {**self.clean.feed(rows), **self.feeder.constant(rows)}
        if self.brackets:
            for depth in range(len(self.brackets)):
                feed.update(self.feeder.samples(depth, range(1), rows))
            first = self.backend.tensor(rows * 0)
            feed.update({name: self.backend.take(tensor, first) for name, tensor in held.items()})
            done = self.driver.attributed(ATTRIBUTE, self.driver.begin(feed, len(self.brackets) - 1), feed, range(1))[1]
        else:
            done = self.chunks.run(WHOLE, feed, len(rows))
        for tensor in done.values():
            self.backend.numpy(tensor)  # What has arrived on the host is done.

    def _gradients(self, rows: np.ndarray) -> tuple[Settled, Walked]:
        parts = self.clean.run(WHOLE, rows)
        self.chunks.spent(len(rows))
        maps = [self.backend.concat([part[name] for part in parts]) for (name,) in self.results]
        return self.clean.settled(parts), Walked(maps, np.ones(len(rows), np.int64))

    def _at_once(self, rows: np.ndarray) -> tuple[Settled, Walked]:
        """All samples of all rows, and the clean pass, as one program."""
        samples = range(self.effort.counts[0])
        feed = {**self.clean.feed(rows), **self.feeder.constant(rows), **self.feeder.samples(0, samples, rows)}
        weights = self.feeder.weights(samples)
        if weights is not None:
            feed[Composition.weights] = weights
        program = ENDING if self.brackets[0].ends_clean(self.feeder.samplings[0]) else WHOLE
        done = self.chunks.run(program, feed, len(rows) * len(samples))
        self.chunks.spent(len(rows) * len(samples))
        targets = self.clean.settled([done])
        finished = [tuple(done[name] for name in names) for names in self.results]
        return targets, self._told(finished, [], len(samples), targets.total(), self._origins(rows, targets))

    def _refined(self, rows: np.ndarray, targets: Settled) -> Walked:
        """Take samples of these rows until each has enough; those that have leave."""
        clean = self._clean(rows, targets)
        score, origins = targets.total()[rows], self._origins(rows, targets)
        states, taken, left = self.driver.begin(clean), 0, np.arange(len(rows))
        parts: list[Walked] = []
        order: list[np.ndarray] = []
        for stop in self.effort.rounds:
            states = self.driver.take(states, clean, rows[left], range(taken, stop))
            taken = stop
            walked = self._finished(states, taken, score[left], None if origins is None else origins[:, left])
            enough = self._enough(walked)
            gone, stay = np.flatnonzero(enough), np.flatnonzero(~enough)
            if not len(stay):
                parts.append(walked)
                order.append(left)
                break
            if len(gone):
                parts.append(self.finish.select(walked, gone))
                order.append(left[gone])
                self.chunks.spent(len(gone) * (self.effort.rounds[-1] - stop) * prod(self.effort.counts[1:]))
                states, left = self.driver.select(states, stay), left[stay]
                clean = {name: self.backend.take(tensor, self.backend.tensor(stay)) for name, tensor in clean.items()}
            states = self.driver.mark(states)
        if len(parts) == 1:
            return parts[0]
        return self.finish.select(self.finish.joined(parts), np.argsort(np.concatenate(order)))

    def _enough(self, walked: Walked) -> np.ndarray:
        """Which rows, (R,), need no more samples."""
        last = walked.taken == self.effort.rounds[-1]
        if self.effort.tolerance is None or walked.relative_error is None:
            return last
        enough = last | (walked.relative_error <= self.effort.tolerance)
        if np.isnan(walked.relative_error).any():  # Not known yet; or never, as more samples mend no NaN in a map.
            enough |= ~np.all([finite.by_row(each, self.backend) for each in walked.maps], axis=0)
        return enough

    def _origins(self, rows: np.ndarray, targets: Settled) -> np.ndarray | None:
        """The scores of the given baselines of these rows, float64 (outputs, R), if a gap is found from them."""
        if not self.path or self.driver.gap is not None:
            return None

        def feed(some: np.ndarray) -> dict[str, Tensor]:
            return {**self._clean(some, targets), **self.feeder.samples(0, range(1), some)}

        parts = self.clean.run(ORIGINS, rows, feed)
        return np.stack([self.finish.host(self.backend.concat([part[name] for part in parts])) for name in parts[0]])

    def _clean(self, rows: np.ndarray, targets: Settled) -> dict[str, Tensor]:
        """What is fed of these rows whatever the sample."""
        return {**self.feeder.clean(rows), **self.feeder.constant(rows), **self.clean.held(rows, targets)}

    def _finished(self, states: States, taken: int, score: np.ndarray, origins: np.ndarray | None) -> Walked:
        if not self.effort.judged:
            return Walked(self.finish.maps(states), np.full(len(score), taken, np.int64))
        return self._told(self.finish.of(states), states, taken, score, origins)

    def _told(
        self, finished: Finished, states: States, taken: int, score: np.ndarray, origins: np.ndarray | None
    ) -> Walked:
        """Maps and, if it was asked for, what is known of their accuracy.

        Args:
            finished: From the states.
            states: The last one holds the gap, where baselines are drawn.
            taken: How many samples each row took.
            score: s(x), float64 (R,).
            origins: From `_origins`.
        """
        maps, spent = [each[0] for each in finished], np.full(len(score), taken, np.int64)
        if not self.effort.judged:
            return Walked(maps, spent)
        error = self.finish.relative_error(finished)
        if self.driver.gap is not None:
            return Walked(maps, spent, error, *self.finish.drawn_gap(self.driver.gap.finish(states[-1]), score))
        if origins is None:
            return Walked(maps, spent, error)
        gap = self.finish.given_gap(maps, score, origins)
        unsure = self.finish.rounding(score, origins, self.feeder.dtype)
        error = self.finish.not_below(error, gap, unsure, maps)
        return Walked(maps, spent, error, *([gap, np.zeros(len(score))] if self.effort.diagnose else []))

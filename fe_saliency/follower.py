"""Follows paths that are found on the way: each gradient decides where the next one is taken."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.driver import Driver, States
from fe_saliency.method import Adaptive
from fe_saliency.plan import share


class Follower(Driver):
    """A Driver whose innermost bracket is adaptive: all rows take its steps together, one a chunk.

    The path is computed on the host in double precision, from the gradients of the Network; a state holds the positions
    on it.
    """

    def attributed(
        self, program: str, states: States, feed: Mapping[str, Tensor], samples: range
    ) -> tuple[States, Mapping[str, Tensor]]:
        """Take one step."""
        bracket, level = self.composition.method.brackets[-1], self.composition.levels[-1]
        assert isinstance(bracket, Adaptive)
        places = {
            key: self.backend.cast(state[2], self.feeder.dtype)
            for key, state in zip(bracket.positions(level), states, strict=True)
        }
        points = self._rows(states)
        done = self.chunks.run(program, {**feed, **places}, points)
        after: States = []
        keys = zip(self.composition.gradients, level.keys("difference"), states, strict=True)
        for gradient_key, difference_key, (count, total, position) in keys:
            gradient, difference = (
                self.backend.numpy(self.backend.at_least_single(done[each])) for each in (gradient_key, difference_key)
            )
            before = self.backend.numpy(position).astype(np.float64)
            now = bracket.advance(gradient, difference, before, samples.start, self.counts[-1])
            step = self.backend.tensor(gradient * difference * (now - before))
            after.append(
                (
                    count + 1,
                    total + self.backend.cast_like(step, total),
                    self.backend.cast_like(self.backend.tensor(now), position),
                )
            )
        self.chunks.spent(points)
        return after, done

    def _share(self, rows: int, depth: int, left: int) -> int:
        # The steps are not folded into the batch: outside of them a chunk holds samples as if there were one.
        steps = depth == len(self.counts) - 1
        return 1 if steps else share(self.chunks.room, rows, self.counts[depth + 1 : -1], left)

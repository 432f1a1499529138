"""Statistics whose samples follow one another along a path, so that each needs the one before it."""

from __future__ import annotations

from fe_saliency.backend import Tensor
from fe_saliency.statistic import State, Statistic


class Ascent(Statistic):
    """sum_k v_k (s_(k+1) - s_k): each sample times how far the score goes up to the next; the last one ends the path.

    It reads the scores, (K*B,), in the place of weights.
    """

    least_samples = 2
    #: `last` and `score` are the sample that waits for the next, and its score.
    parts = ("count", "total", "last", "score")
    weighted = True

    def begin(self, like: Tensor) -> State:
        count, none = self._none_yet(like)
        return count, self._zeros(like), none, self.backend.flat(none)

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, total, last, score = state
        backend, rows = self.backend, self.backend.rows(total)
        values = backend.at_least_single(values)
        chain = backend.concat([last, values])
        scores = backend.concat([score, backend.cast_like(weights, total)])
        up = scores[rows:] - scores[:-rows]
        moved = backend.unfold_like(chain[:-rows] * backend.stretch(up, chain), total)
        seen = count + backend.count(backend.unfold_like(values, total))
        return seen, total + backend.sum(moved, axis=0), chain[-rows:], scores[-rows:]

    def result(self, state: State) -> Tensor:
        return state[1]


class Followed(Statistic):
    """What was attributed on the way so far, and the positions on it; `follower.Follower` takes the steps."""

    parts = ("count", "total", "position")

    def begin(self, like: Tensor) -> State:
        zeros = self._zeros(like)
        return self._none_yet(like)[0], zeros, zeros

    def result(self, state: State) -> Tensor:
        return state[1]

"""Mirrored draws that stand close where the path's contributions are large, as a first few of them show."""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.curves.samplings import Along, MirroredDraws, open_ended
from fe_saliency import Method, statistic
from fe_saliency.backend import to_numpy

_PILOT, _PARTS, _FLOOR = 16, 8, 0.1


class Recording(statistic.WeightedSum):
    """A weighted sum that also notes the squared norm of every value, (K*B,) at a time; for torch only."""

    def __init__(self, backend, seen):
        super().__init__(backend)
        self.seen = seen

    def absorb(self, state, values, weights=None):
        self.seen.append(to_numpy(self.backend.row_sum(values * values)))
        return super().absorb(state, values, weights)


@dataclass(frozen=True)
class Pilot(Along):
    """A path that leaves the squared norms of its contributions in `seen`."""

    seen: list = field(default_factory=list, compare=False)

    def statistic(self, level, backend):
        return Recording(backend, self.seen)


class Focus:
    """Positions spread by `density`, the weight of each of several equal parts of the path, with a mean of 1."""

    def __init__(self):
        self.density = np.ones(_PARTS)

    def __call__(self, count, seed):
        edges = np.linspace(0, 1, _PARTS + 1)
        positions = np.interp(open_ended(count, seed)[0], np.append(0, self.density.cumsum() / _PARTS), edges)
        part = np.minimum((positions * _PARTS).astype(int), _PARTS - 1)
        return positions, 1 / (count * self.density[part])


class TwoPhase:
    """A `Scheme` of two calls for every row: 16 even gradients, then the rest where they showed most.

    Args:
        counts: The numbers of gradients at which it is judged, more than 16.
    """

    base = 0

    def __init__(self, counts):
        self.counts = counts
        self._pilot, self._focus, self._baseline = Pilot(points=open_ended), Focus(), MirroredDraws()

    def map(self, subject, count, seed, score):
        """As `Scheme.map`."""
        return np.concatenate([self._row(subject, x[None], count, seed, score) for x in subject.x])

    def _row(self, subject, x, count, seed, score):
        def attribute(bracket, nsamples, seed):
            method, options = Method("compared", "Compared", "", (bracket,)), {"score": score, "seed": seed}
            # A chunk of fixed size, for a net that measures the best one takes samples that nobody asked for.
            options.update(max_rows=_PILOT, diagnose=False, baseline=self._baseline)
            found = subject.net.attribute({"x": x}, method, nsamples=nsamples, **options)
            return found.maps["x"].numpy()

        self._pilot.seen.clear()
        even = attribute(self._pilot, _PILOT, seed)
        parts = (open_ended(_PILOT, seed)[0] * _PARTS).astype(int)
        squares = np.bincount(parts, np.concatenate(self._pilot.seen)) / np.bincount(parts)
        around = np.pad(squares, 1, mode="edge")
        roots = np.sqrt((around[:-2] + 2 * around[1:-1] + around[2:]) / 4)
        density = roots / roots.mean()
        self._focus.density = (1 - _FLOOR) * density + _FLOOR
        rest = attribute(Along(points=self._focus), count - _PILOT, seed + 2**32)
        # A gradient of the second call is worth so many of the first, if the density is right.
        worth = np.mean(density**2)
        share = _PILOT / (_PILOT + (count - _PILOT) * worth)
        return share * even + (1 - share) * rest

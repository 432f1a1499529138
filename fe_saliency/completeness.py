"""Completeness: the contributions along a path sum to s(x) - s(baseline) (Sundararajan et al. 2017, axiom)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.compose import PREDICT, Composition
from fe_saliency.method import Sampling
from fe_saliency.op.gather import as_units, explained
from fe_saliency.plan import pieces
from fe_saliency.session import Run


class Completeness:
    """Measures the gap of one call of a method whose one bracket is a path.

    Args:
        composition: The method, composed.
        sampling: What its bracket was told of the call.
        classes: {output key: int64 (B,)} explained.
        score: The scale of the scores.
        backend: The framework.
        dtype: The model's dtype.
    """

    def __init__(
        self,
        composition: Composition,
        sampling: Sampling,
        classes: Mapping[str, np.ndarray],
        score: str,
        backend: Backend,
        dtype: str,
    ) -> None:
        self.bracket = composition.method.brackets[0]
        self.level = composition.levels[0]
        self.sampling = sampling
        self.classes = classes
        self.score = score
        self.backend = backend
        self.dtype = dtype
        self.drawn = self.bracket.draws(self.level)

    def gap(self, run: Run, point_sums: np.ndarray, score: np.ndarray, max_rows: int) -> tuple[np.ndarray, np.ndarray]:
        """The gap of each row and its Monte-Carlo standard error, float64 (B,) both.

        Args:
            run: From `Session.entered`.
            point_sums: The sum of the contributions of each point, (K, B).
            score: s(x), (B,).
            max_rows: How many baselines may go through the model at once.
        """
        misses = point_sums - (score - self._baseline_scores(run, max_rows))
        gap = np.average(misses, axis=0, weights=self.bracket.weights(self.level, self.sampling))
        if not self.drawn:
            return gap, np.zeros_like(gap)
        pairs = len(misses) // 2
        if pairs == 0:
            return gap, np.full_like(gap, np.nan)
        # Collapsed strata, as in `statistic.StratifiedMean`.
        differences = misses[0 : 2 * pairs : 2] - misses[1 : 2 * pairs : 2]
        return gap, np.sqrt(np.square(differences).sum(axis=0) / (2 * pairs * len(misses)))

    def _baseline_scores(self, run: Run, max_rows: int) -> np.ndarray:
        """s(b_k) of every sample and row, float64 (K, B); (1, B) if all samples share their baseline."""
        samples = self.sampling.nsamples if self.drawn else 1
        batch = len(self.sampling.rows[0])
        scores = np.empty((samples, batch))
        for rows in pieces(batch, max_rows):
            for part in pieces(samples, max(1, max_rows // len(rows))):
                where = (slice(part.start, part.stop), slice(rows.start, rows.stop))
                scores[where] = self._score(run(PREDICT, self._baselines(part, where[1])), where[1], len(part))
        return scores

    def _baselines(self, samples: range, rows: slice) -> dict[str, Tensor]:
        feed = {}
        for index, key in enumerate(self.level.inputs):
            baseline, array = self.level.baselines[index], self.sampling.rows[index]
            numbers = baseline.feed(array, index, samples, self.sampling.seed, self.sampling.channel_axis)
            if baseline.drawn:
                op = baseline.op(key, "pattern", "baseline")
                op.build(self.backend.name)
                pair = [self.backend.tensor(each, self.dtype) for each in (array[rows], numbers)]
                made = op.forward(pair, {})
                feed[key] = made[0] if op.out_list else made
            else:
                tensor = self.backend.tensor(np.repeat(numbers[rows][None], len(samples), axis=0), self.dtype)
                feed[key] = self.backend.fold(tensor)
        return feed

    def _score(self, outputs: Mapping[str, Tensor], rows: slice, samples: int) -> np.ndarray:
        parts = []
        for key, classes in self.classes.items():
            units = as_units(self.backend, outputs[key], key)
            chosen = explained(self.backend, units, self.backend.tensor(classes[rows]), self.score)
            parts.append(self.backend.numpy(chosen).astype(np.float64))
        return np.sum(parts, axis=0).reshape(samples, -1)

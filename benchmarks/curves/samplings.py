"""Ways to spend gradients, those of the package and others to compare them with, as brackets and baselines.

Alternatives are spelled out here even where the package does the same, so that a curve keeps its meaning when the
package's default changes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from fe_saliency import patterns, quadrature, statistic
from fe_saliency.method import Noise, Path, Uniform

BLOCK = 16  # samples of one Latin hypercube


@dataclass(frozen=True)
class Independent(Noise):
    """Noise without pairs."""

    @property
    def antithetic(self):
        return False


@dataclass(frozen=True)
class LatinHypercube(Noise):
    """Noise in blocks of 16 samples, in which every pixel takes each sixteenth of its distribution once."""

    def feed(self, level, sampling, samples, rows):
        return {
            key: sampling.stdev_spread * self._noise(sampling.seed, index, samples, array.shape[1:])
            for index, (key, array) in enumerate(zip(level.keys("noise"), sampling.rows, strict=True))
        }

    @staticmethod
    def _noise(seed, index, samples, row):
        found = []
        for block in range(samples.start // BLOCK, (samples.stop - 1) // BLOCK + 1):
            rng = np.random.default_rng((seed, index, block))
            strata = rng.random((BLOCK, *row), np.float32).argsort(axis=0)
            found.append(ndtri((strata + rng.random(strata.shape)) / BLOCK).astype(np.float32))
        start = samples.start % BLOCK
        return np.concatenate(found)[start : start + len(samples)]


class OwnDraws(Uniform):
    """A random baseline for every point."""

    def feed(self, rows, index, samples, seed, channel_axis):
        # The package's patterns come in mirrored pairs: the first of each.
        pairs = range(2 * samples.start, 2 * samples.stop)
        return patterns.uniform(seed, index, pairs, rows.shape[1:], channel_axis)[::2]


class OneDraw(Uniform):
    """One random baseline for the whole path, as in FastEstimator's own module."""

    def feed(self, rows, index, samples, seed, channel_axis):
        return super().feed(rows, index, range(1), seed, channel_axis).repeat(len(samples), axis=0)


class MirroredDraws(OwnDraws):
    """Random baselines in pairs: every second one is the first mirrored at the middle of the row's range."""

    def feed(self, rows, index, samples, seed, channel_axis):
        pairs = range(samples.start // 2, (samples.stop + 1) // 2)
        both = super().feed(rows, index, pairs, seed, channel_axis).repeat(2, axis=0)
        both[1::2] = 1 - both[1::2]
        return both[samples.start - 2 * pairs.start :][: len(samples)]


@dataclass(frozen=True)
class Along(Path):
    """A path whose points are those of any function.

    Args:
        points: (K, seed) -> positions and weights, (K,) both.
    """

    rule: str = "midpoint"  # of no effect
    points: Callable = lambda count, seed: quadrature.midpoint(count)

    def feed(self, level, sampling, samples, rows):
        positions = self.points(sampling.nsamples, sampling.seed)[0]
        feed = super().feed(level, sampling, samples, rows)
        return {**feed, level.key("position"): positions[samples.start : samples.stop]}

    def weights(self, level, sampling, samples):
        return self.points(sampling.nsamples, sampling.seed)[1][samples.start : samples.stop]

    def statistic(self, level, backend):
        return statistic.WeightedSum(backend)


def ends_included(count, seed):
    """Equal weights from one end to the other: what FastEstimator does, once its sum is divided."""
    return np.linspace(0, 1, count), np.full(count, 1 / count)


def romberg(count, seed):
    """The trapezoid rule on 2^n + 1 points, extrapolated as far as they allow."""
    if count < 3 or (count - 1) & (count - 2):
        raise ValueError(f"`count` (={count}) must be 2^n + 1 and at least 3.")
    table = []
    for level in range((count - 1).bit_length()):
        weights = np.zeros(count)
        weights[:: (count - 1) >> level] = quadrature.trapezoid(2**level + 1)[1]
        table.append(weights)
    for order in range(1, len(table)):
        table = [
            (4**order * fine - coarse) / (4**order - 1) for coarse, fine in zip(table[:-1], table[1:], strict=True)
        ]
    return np.linspace(0, 1, count), table[0]


def anywhere(count, seed):
    """Random positions."""
    return np.random.default_rng((seed, 1)).random(count), np.full(count, 1 / count)


def in_pairs(count, seed):
    """The middles of K / 2 equal parts, each twice: for mirrored draws."""
    return quadrature.midpoint(count // 2)[0].repeat(2), np.full(count, 1 / count)


def open_ended(count, seed):
    """Pairs at van der Corput's positions, all moved by one random shift: sample k does not depend on K."""
    shift = np.random.default_rng((seed, 2)).random()
    bits = np.arange(count // 2)[:, None] >> np.arange(16) & 1
    positions = (bits @ 0.5 ** np.arange(1, 17) + shift) % 1
    return positions.repeat(2), np.full(count, 1 / count)

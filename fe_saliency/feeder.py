"""The numbers that a Network is fed: clean rows, and for each chunk the patterns and positions of its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from math import prod

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.compose import Composition
from fe_saliency.method import Sampling

#: Patterns of fewer numbers are made sooner than a thread is woken.
_MANY = 2**19


class Feeder:
    """Makes tensors of one call's numbers; those of the next chunk while the model computes this one.

    Args:
        composition: What is fed.
        samplings: What each of its brackets is told of the call.
        rows: What is fed of the clean rows, (B, ...), by key: the model inputs, and what the site wants beside them.
        backend: The framework.
        dtype: The model's dtype; integers are indices and stay.
        channels_last: Whether images are laid out channels-last in memory.
    """

    def __init__(
        self,
        composition: Composition,
        samplings: Sequence[Sampling],
        rows: Mapping[str, np.ndarray],
        backend: Backend,
        dtype: str,
        channels_last: bool,
    ) -> None:
        self.brackets = composition.method.brackets
        self.levels = composition.levels
        self.samplings = samplings
        self.rows = rows
        self.backend = backend
        self.dtype = dtype
        self.channels_last = channels_last
        self._pool: ThreadPoolExecutor | None = None
        self._coming: dict[int, tuple[range, np.ndarray, Future]] = {}  # by depth

    @property
    def batch(self) -> int:
        """B, how many rows there are."""
        return len(next(iter(self.rows.values())))

    def clean(self, rows: np.ndarray) -> dict[str, Tensor]:
        """The clean rows of these numbers."""
        whole = len(rows) == self.batch
        return {key: self._tensor(array if whole else array[rows]) for key, array in self.rows.items()}

    def constant(self, rows: np.ndarray) -> dict[str, Tensor]:
        """What the brackets read of these rows, whatever the sample."""
        return {
            key: self._tensor(array)
            for bracket, level, sampling in zip(self.brackets, self.levels, self.samplings, strict=True)
            for key, array in bracket.feed_rows(level, sampling, rows).items()
        }

    def samples(self, depth: int, samples: range, rows: np.ndarray) -> dict[str, Tensor]:
        """What the bracket at `depth` reads for these samples of these rows."""
        coming = self._coming.pop(depth, None)
        if coming is not None and coming[0] == samples and coming[1] is rows:
            made = coming[2].result()
        else:
            made = self._made(depth, samples, rows)
        return {key: self._tensor(array) for key, array in made.items()}

    def prepare(self, depth: int, samples: range, rows: np.ndarray) -> None:
        """Begin to make what `samples` will be asked for next."""
        if len(samples) * sum(prod(array.shape[1:]) for array in self.rows.values()) >= _MANY:
            self._pool = self._pool or ThreadPoolExecutor(1)
            self._coming[depth] = samples, rows, self._pool.submit(self._made, depth, samples, rows)

    def reseed(self, seed: int) -> None:
        """Let all brackets but the outermost draw by another seed from now on."""
        self.samplings = [*self.samplings[:1], *(replace(each, seed=seed) for each in self.samplings[1:])]
        self._coming.clear()

    def weights(self, samples: range, depth: int = -1) -> Tensor | None:
        """The weights (K,) of these samples of a bracket, if it has any."""
        weights = self.brackets[depth].weights(self.levels[depth], self.samplings[depth], samples)
        return None if weights is None else self.backend.tensor(weights)

    def close(self) -> None:
        """Let the helping thread go."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _made(self, depth: int, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return self.brackets[depth].feed(self.levels[depth], self.samplings[depth], samples, rows)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return self.backend.tensor(array, None if array.dtype.kind in "iu" else self.dtype, self.channels_last)

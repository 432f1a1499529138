"""The pass over the clean rows: what of each is explained, and its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.chunks import Chunks
from fe_saliency.compose import PREDICT, TOLD, key, keys
from fe_saliency.feeder import Feeder
from fe_saliency.plan import Smaller, even
from fe_saliency.target import Aim, Settled


class CleanPass:
    """Runs programs that read clean rows, and reads what they leave.

    Args:
        feeder: What makes the numbers.
        chunks: What runs them.
        aims: The target of each model output, by key.
        score: The scale of the scores.
        backend: The framework.
    """

    def __init__(
        self,
        feeder: Feeder,
        chunks: Chunks,
        aims: Mapping[str, Aim],
        score: str,
        backend: Backend,
    ) -> None:
        self.feeder = feeder
        self.chunks = chunks
        self.aims = aims
        self.score = score
        self.backend = backend

    def run(
        self, program: str, rows: np.ndarray, feed: Callable[[np.ndarray], dict[str, Tensor]] | None = None
    ) -> list[Mapping[str, Tensor]]:
        """What a program leaves of these rows, part by part; it wants no more than `feed` makes of rows."""
        feed = feed or self.feed
        parts: list[Mapping[str, Tensor]] = []
        at = 0
        while at < len(rows):
            some = rows[at : at + even(len(rows) - at, self.chunks.room)]
            try:
                parts.append(self.chunks.run(program, feed(some), len(some)))
            except Smaller:
                continue
            at += len(some)
        return parts

    def feed(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Clean rows, and what their targets are fed."""
        return {
            **self.feeder.clean(rows),
            **self._fed("Wanted", {name: aim.numbers for name, aim in self.aims.items()}, rows),
        }

    def held(self, rows: np.ndarray, settled: Settled) -> dict[str, Tensor]:
        """What the targets of these rows hold, as ATTRIBUTE reads it."""
        return self._fed("Held", settled.held, rows)

    def first(self) -> dict[str, Tensor]:
        """What the targets of the first row hold; from two, for a model may take a single one for none."""
        found = self.run(PREDICT, np.arange(min(2, self.feeder.batch, self.chunks.room)))[0]
        return {each: found[each] for name, aim in self.aims.items() for each in keys("Held", name, aim.plan.count)}

    def settled(self, parts: Sequence[Mapping[str, Tensor]]) -> Settled:
        """What `run` left, checked.

        Raises:
            ValueError: The outputs cannot be explained as it was asked for.
        """

        def whole(name: str) -> np.ndarray:
            return np.concatenate([self.backend.numpy(part[name]) for part in parts])

        targets, predictions, scores, margins = ({name: whole(key(what, name)) for name in self.aims} for what in TOLD)
        for name, aim in self.aims.items():
            aim.check(name, whole(name), scores[name], self.score, self.backend)
        held = {name: [whole(each) for each in keys("Held", name, aim.plan.count)] for name, aim in self.aims.items()}
        return Settled(targets, predictions, scores, margins, held)

    def _fed(self, what: str, arrays: Mapping[str, Sequence[np.ndarray]], rows: np.ndarray) -> dict[str, Tensor]:
        feed = {}
        for name, some in arrays.items():
            for each, array in zip(keys(what, name, len(some)), some, strict=True):
                dtype = self.feeder.dtype if array.dtype.kind == "f" else None
                feed[each] = self.backend.tensor(array[rows], dtype)
        return feed

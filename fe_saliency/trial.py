"""One chunk of a call, run as the call will run it, to see how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from fe_saliency.backend import Backend, Tensor, Way
from fe_saliency.call import Effort
from fe_saliency.chunks import Chunks
from fe_saliency.clean import CleanPass
from fe_saliency.compose import Composition
from fe_saliency.feeder import Feeder
from fe_saliency.session import Run
from fe_saliency.walk import Walk


class Trial:
    """Runs single chunks of a call.

    Args:
        model: The model.
        backend: Its framework.
        run: The Network's entry.
        composition: What is run.
        score: What is differentiated.
        counts: The samples of each bracket.
        feeder: The Feeder of the call in a way.
    """

    def __init__(
        self,
        model: Any,
        backend: Backend,
        run: Run,
        composition: Composition,
        score: str,
        counts: tuple[int, ...],
        feeder: Callable[[Way], Feeder],
    ) -> None:
        self.model = model
        self.backend = backend
        self.run = run
        self.composition = composition
        self.score = score
        self.counts = counts
        self.feeder = feeder
        self._held: Mapping[str, Tensor] | None = None  # found in the first chunk, which is not timed

    def work(self, points: int, way: Way) -> None:
        """Run a chunk of so many inputs in the way that was entered.

        Raises:
            Smaller: There is no room for it.
        """
        clean = self._clean(points, way)
        walk = Walk(
            self.composition, clean.feeder, clean.chunks, clean, Effort(self.counts, self.counts[:1]), self.backend
        )
        if self._held is None:
            self._held = clean.first() if self.counts else {}
        walk.sample(np.arange(points) % clean.feeder.batch, self._held)

    def entered(self, way: Way) -> AbstractContextManager[None]:
        """Put the model into a way while a block runs."""
        return self.backend.run_as(self.model, way, self._clean(2, way).first)

    def _clean(self, points: int, way: Way) -> CleanPass:
        chunks = Chunks(self.run, points, self.backend, 0)
        return CleanPass(self.feeder(way), chunks, self.composition.aims, self.score, self.backend)

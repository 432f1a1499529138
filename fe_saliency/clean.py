"""The pass over the clean rows: the class of each that is explained, and its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.chunks import Chunks
from fe_saliency.compose import key
from fe_saliency.feeder import Feeder
from fe_saliency.plan import Smaller, even
from fe_saliency.target import Targets, Wanted, check


class CleanPass:
    """Runs programs that read clean rows, and reads what they leave.

    Args:
        feeder: What makes the numbers.
        chunks: What runs them.
        outputs: The keys of the model outputs.
        wanted: What the caller said of the classes to explain, by output key.
        score: The scale of the scores.
        backend: The framework.
    """

    def __init__(
        self,
        feeder: Feeder,
        chunks: Chunks,
        outputs: Sequence[str],
        wanted: Mapping[str, Wanted],
        score: str,
        backend: Backend,
    ) -> None:
        self.feeder = feeder
        self.chunks = chunks
        self.outputs = outputs
        self.wanted = wanted
        self.score = score
        self.backend = backend

    def run(self, program: str, rows: np.ndarray) -> list[Mapping[str, Tensor]]:
        """What a program that wants no more than `feed` leaves of these rows, part by part."""
        parts: list[Mapping[str, Tensor]] = []
        at = 0
        while at < len(rows):
            some = rows[at : at + even(len(rows) - at, self.chunks.room)]
            try:
                parts.append(self.chunks.run(program, self.feed(some), len(some)))
            except Smaller:
                continue
            at += len(some)
        return parts

    def feed(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Clean rows, and what the caller said of their classes."""
        feed = self.feeder.clean(rows)
        for name in self.outputs:
            said = self.wanted.get(name)
            classes = np.full(len(rows), -1) if said is None else np.maximum(said.classes[rows], 0)
            feed[key("Wanted", name)] = self.backend.tensor(classes)
        return feed

    def classes(self, rows: np.ndarray, targets: Targets) -> dict[str, Tensor]:
        """The classes of these rows, as ATTRIBUTE reads them."""
        return {key("Class", name): self.backend.tensor(each[rows]) for name, each in targets.targets.items()}

    def targets(self, parts: Sequence[Mapping[str, Tensor]]) -> Targets:
        """What `run` left, checked.

        Raises:
            ValueError: The outputs cannot be explained as it was asked for.
        """

        def whole(name: str) -> np.ndarray:
            return np.concatenate([self.backend.numpy(part[name]) for part in parts])

        for name in self.outputs:
            check(name, whole(name), self.wanted.get(name), self.score)
        kinds = ("Class", "Prediction", "Score", "Margin")
        return Targets(*({name: whole(key(what, name)) for name in self.outputs} for what in kinds))

"""What is known of the examples of a dataset, told apart by their places in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from fe_saliency.spool import Spool, with_room
from fe_saliency.vog import VoG

#: What is kept of each example besides its gradients: 28 bytes.
_KNOWN = [("fingerprint", "u4"), ("class", "i8"), ("predicted", "i8"), ("score", "f8")]
#: Pictures of more bytes than this move to a temporary file.
_MEMORY = 64 * 2**20


class Examples:
    """The examples of one mode and dataset id.

    Args:
        folder: Where temporary files would be; None for the system's own place.
        sketched: Whether small pictures of them will be wanted.
        score: What of the class is differentiated.
    """

    def __init__(self, folder: str | None, sketched: bool, score: str) -> None:
        self.score = score
        self.vog = VoG(folder=folder)
        self._known = np.zeros(0, _KNOWN)  # as `known`, with room for more
        self._size = 0
        self._folder, self._sketched = folder, sketched
        self._pictures: Spool | None = None
        self._drawn = 0  # how many pictures there are

    def __len__(self) -> int:
        return self._size

    @property
    def known(self) -> np.ndarray:
        """What is known of each example, (N,): "fingerprint", "class", "predicted", "score"."""
        return self._known[: self._size]

    def recognise(self, start: int, marks: np.ndarray, what: str) -> None:
        """Check that examples are those that stood at the same places before.

        Args:
            start: The place of the first.
            marks: Their `fingerprints`.
            what: The dataset, in words.

        Raises:
            ValueError: They are not.
        """
        before = self.known["fingerprint"][start : start + len(marks)]
        others = np.flatnonzero(before != marks[: len(before)])
        if others.size:
            raise ValueError(
                f"Example {start + others[0]} of {what} (and {others.size - 1} more of its batch) is not the one that "
                "stood there in an earlier epoch, but gradients can only be compared if every example keeps its place "
                "and stays as it is. If these are training data, which FastEstimator shuffles and its ops may augment, "
                'give them once more, `fe.Pipeline(train_data=data, eval_data={"train": data})` with such ops in '
                '`mode="train"` only, and use `mode="eval", ds_id="train"` here.'
            )

    def take(self, start: int, marks: np.ndarray, gradients: np.ndarray, facts: Mapping[str, np.ndarray]) -> None:
        """Add one checkpoint of examples that `recognise` has passed.

        Args:
            start: The place of the first, at most `len(self)`.
            marks: Their `fingerprints`.
            gradients: (B, P); see `fe_saliency.vog.pixel_gradients`.
            facts: Their "class", "predicted" class and "score", (B,).
        """
        self.vog.update(start, gradients)
        stop = start + len(marks)
        self._known, self._size = with_room(self._known, stop), max(self._size, stop)
        self.known["fingerprint"][start:stop] = marks
        for name, values in facts.items():
            self.known[name][start:stop] = values

    def draw(self, start: int, pictures: np.ndarray) -> None:
        """Keep pictures, (B, H, W, C) in [0, 1], of examples that have none yet, if they are wanted at all."""
        stop = start + len(pictures)
        if not self._sketched or not start <= self._drawn < stop:
            return
        if self._pictures is None:
            self._pictures = Spool(pictures.shape[1:], np.uint8, _MEMORY, self._folder)
        self._pictures.write(self._drawn, np.rint(pictures[self._drawn - start :] * 255))
        self._drawn = stop

    @property
    def drawn(self) -> bool:
        """Whether there are pictures of all examples."""
        return self._pictures is not None and self._drawn >= len(self)

    def pictures(self, places: Sequence[int]) -> np.ndarray:
        """The pictures of the examples at `places`, uint8 (B, H, W, C); they must have been `drawn`."""
        assert self._pictures is not None
        return np.concatenate([self._pictures.read(place, place + 1) for place in places])

    def table(self) -> dict[str, np.ndarray]:
        """The columns of the ranking, (N,) each; see `VarianceOfGradients.table`. There must be an example."""
        ranking = self.vog.ranking(self.known["class"])
        order = np.concatenate(list(ranking.values()))
        return {
            "index": order,
            "class": self.known["class"][order],
            "vog": self.vog.scores()[order],
            "z": self.vog.normalised(self.known["class"])[order],
            "rank": np.concatenate([np.arange(1, len(members) + 1) for members in ranking.values()]),
            "predicted": self.known["predicted"][order],
            "score": self.known["score"][order],
            "epochs": self.vog.counts[order],
            "differentiated": np.full(len(order), self.score),
        }

    def state(self) -> dict[str, Any]:
        """What must be kept for an interrupted training to go on; pictures are drawn anew."""
        return {"vog": self.vog.state(), "known": self.known.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self.vog.restore(state["vog"])
        self._known = np.array(state["known"])
        self._size = len(self._known)


def fingerprints(columns: Sequence[np.ndarray]) -> np.ndarray:
    """A number for each row that changes with its contents, uint32 (B,): CRC-32.

    Args:
        columns: Arrays (B, ...).
    """
    found = np.zeros(len(columns[0]), np.uint32)
    for column in columns:
        rows = np.ascontiguousarray(column).reshape(len(column), -1)
        found[:] = [crc32(row, int(mark)) for row, mark in zip(rows, found, strict=True)]
    return found

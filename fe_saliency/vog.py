"""Variance of Gradients: which examples a network finds hard, or has to memorise because they are mislabelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fe_saliency.spool import Spool, with_room

#: How many pixels are worked on at once.
_BLOCK = 2**20


def pixel_gradients(maps: Mapping[str, np.ndarray], channel_axis: int) -> np.ndarray:
    """What the variance is taken of: gradients averaged over the channels, with their sign.

    Args:
        maps: {input key: gradients (B, H, W, C), channels-first (B, C, H, W), or of any other rank}; of (B, F) nothing
            is averaged.
        channel_axis: 1 for channels-first, -1 for channels-last.

    Returns:
        float64 (B, P): all pixels of all inputs, side by side.
    """
    flat = []
    for gradients in maps.values():
        single = np.asarray(gradients, np.float64)
        if single.ndim > 2:
            single = single.mean(axis=channel_axis)
        flat.append(single.reshape(len(single), -1))
    return np.concatenate(flat, axis=1)


class VoG:
    """Variance of Gradients of many examples, one checkpoint after the other (Agarwal, D'souza and Hooker, CVPR 2022,
    arXiv 2008.11600).

    With S_t the gradient of the score of an example's class (before softmax) for its input, averaged over the channels,
    at checkpoint t of K, and P pixels:

        mu      = 1/K sum_t S_t                            per pixel
        VoG_p   = sqrt(1/K sum_t (S_t[p] - mu[p]) ** 2)    the standard deviation, with K and not K - 1
        VoG     = 1/P sum_p VoG_p
        z       = (VoG - mean of its class) / standard deviation of its class

    This is what the authors' published code computes for ImageNet. The formula in the paper has only the factor 1/K
    under the root, so that VoG_p is the variance times sqrt(K); its examples rank otherwise. (Their code for the toy
    data takes the gradient of the probability in place of the score.) As a high z speaks for a hard example and a low
    one for an easy one, z keeps its sign here.

    The mean and the sum of squared deviations are updated in place (Welford 1962), so memory does not grow with K: 8
    bytes per pixel and example, in float32. Examples may be added at any time, and may lack checkpoints.

    Args:
        memory: How many bytes are kept in memory before these numbers move to a temporary file.
        folder: Where that file would be; None for the system's own place.

    ```python
    vog = VoG()
    for gradients in checkpoints:        # each (N, H, W)
        vog.update(0, gradients)         # or batch by batch: start is the number of the first example
    vog.scores(), vog.normalised(classes), vog.ranking(classes)
    ```
    """

    def __init__(self, *, memory: int = 64 * 2**20, folder: str | None = None) -> None:
        self._counts = np.zeros(0, np.int64)  # as `counts`, with room for more
        self._size = 0
        self._memory, self._folder = memory, folder
        self._numbers: Spool | None = None  # per example: means and sums of squared deviations, (2, P)

    def __len__(self) -> int:
        return self._size

    @property
    def counts(self) -> np.ndarray:
        """How many checkpoints each example has, int64 (N,)."""
        return self._counts[: self._size]

    def update(self, start: int, gradients: np.ndarray) -> None:
        """Take the gradients of one checkpoint for examples `start`, `start + 1` and so on.

        Args:
            start: From 0; each example has one number for good.
            gradients: (B, ...), averaged over channels; see `pixel_gradients`.

        Raises:
            ValueError: Another number of pixels than before.
        """
        # Rounded as the means will be, so that a gradient that stays has no variance at all.
        gradients = np.asarray(gradients, np.float32).astype(np.float64).reshape(len(gradients), -1)
        if self._numbers is None:
            self._numbers = self._spool(gradients.shape[1])
        pixels = self._numbers.shape[1]
        if gradients.shape[1] != pixels:
            raise ValueError(f"`gradients` have {gradients.shape[1]} pixels per example, but had {pixels} before.")
        stop = start + len(gradients)
        self._counts = with_room(self._counts, stop)
        counts = self._counts[start:stop] + 1
        numbers = self._numbers.read(start, stop).astype(np.float64)
        before = gradients - numbers[:, 0]
        numbers[:, 0] += before / counts[:, None]
        numbers[:, 1] += before * (gradients - numbers[:, 0])
        self._numbers.write(start, numbers)
        self._counts[start:stop] = counts
        self._size = max(self._size, stop)

    def scores(self) -> np.ndarray:
        """VoG of each example, float64 (N,), in units of the gradient; NaN with fewer than two checkpoints."""
        found = np.full(len(self), np.nan)
        if self._numbers is None:
            return found
        block = max(1, _BLOCK // self._numbers.shape[1])
        for start in range(0, len(self), block):
            counts = self.counts[start : start + block, None]
            numbers = self._numbers.read(start, start + len(counts))
            deviations = np.sqrt(numbers[:, 1] / np.maximum(counts, 1))
            found[start : start + block] = deviations.mean(axis=1, dtype=np.float64)
        found[self.counts < 2] = np.nan
        return found

    def normalised(self, classes: np.ndarray) -> np.ndarray:
        """VoG in standard deviations from the mean of the class, float64 (N,).

        NaN where `scores` has it; such examples do not count for their class. 0 where a class does not vary.

        Args:
            classes: (N,) whole numbers.

        Raises:
            ValueError: Another number of classes than of examples.
        """
        return _normalised(self.scores(), self._checked(classes))

    def ranking(self, classes: np.ndarray) -> dict[int, np.ndarray]:
        """The examples of each class by falling VoG: {class: int64 (n,), the hardest first, NaN last}.

        Args:
            classes: (N,) whole numbers.

        Raises:
            ValueError: Another number of classes than of examples.
        """
        return _ranking(self.scores(), self._checked(classes))

    def state(self) -> dict[str, Any]:
        """What must be kept for an interrupted training to go on: all numbers, so it is as large as they are."""
        numbers = None if self._numbers is None else self._numbers.read(0, len(self))
        return {"counts": self.counts.copy(), "numbers": numbers}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self._counts, self._numbers = np.array(state["counts"]), None
        self._size = len(self._counts)
        if state["numbers"] is not None:
            self._numbers = self._spool(state["numbers"].shape[2])
            self._numbers.write(0, state["numbers"])

    def _spool(self, pixels: int) -> Spool:
        return Spool((2, pixels), np.float32, self._memory, self._folder)

    def _checked(self, classes: np.ndarray) -> np.ndarray:
        classes = np.asarray(classes)
        if classes.shape != (len(self),):
            raise ValueError(f"`classes` has shape {classes.shape}, but must be ({len(self)},): one class per example.")
        return classes


def _normalised(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    found = np.full(len(scores), np.nan)
    for each in np.unique(classes):
        known = (classes == each) & np.isfinite(scores)
        if known.any():
            varies = np.ptp(scores[known]) > 0
            found[known] = (scores[known] - scores[known].mean()) / scores[known].std() if varies else 0.0
    return found


def _ranking(scores: np.ndarray, classes: np.ndarray) -> dict[int, np.ndarray]:
    hardest_first = np.argsort(-scores, kind="stable")  # which puts NaN last
    return {int(each): hardest_first[classes[hardest_first] == each] for each in np.unique(classes)}

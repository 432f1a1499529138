"""What one epoch's maps of one place, a mode and a dataset id, are: NumPy only, so that anything can be made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

MODES = ("train", "eval", "test")
#: The fields that hold one number per row, by key.
PER_ROW = ("targets", "predictions", "scores", "margins", "relative_error", "completeness_gap")


@dataclass(frozen=True, eq=False)
class Record:
    """The maps of B samples after one epoch, and what is known of the model's decisions about them.

    Passed to everything that measures, keeps or draws maps. Nothing is copied: whoever changes an array changes it for
    all.

    Args:
        epoch: After which epoch; 0 is before the first, the untrained model.
        mode: "train", "eval" or "test".
        ds_id: The dataset id; "" for the only dataset of a mode.
        channel_axis: Where the channels of inputs and maps of rank 3 and more are: 1 for channels-first, -1 for
            channels-last.
        inputs: {input key: (B, ...)}, what the model is given.
        maps: {map name: {input key: (B, ...)}}: "vanilla", "smoothed", "integrated", "smoothed_integrated", or those of
            them that were computed, or the names of methods; raw and signed, each of the shape of its input, but that
            maps of regions and class activation maps have one channel.
        targets: {output key: int64 (B,)}, the class that is explained.
        predictions: {output key: int64 (B,)}, the class that the model decides for.
        scores: {output key: (B,)}, the explained score of the clean input, in the unit of the net's `score`.
        margins: {output key: (B,)}, the score of the explained class less the highest other, in the same unit.
        relative_error: {map name: (B,)}, the standard error of a map over its norm, where known.
        completeness_gap: {map name: (B,)}, what a map's sum misses of the change of the score, where known.
        labels: The true classes (B,): integers, strings or bytes; None if no class key was given.
        settings: What the maps were made with: seed, counts, titles, ... Only what JSON can hold.

    Raises:
        TypeError: Something that must be a NumPy array is none.
        ValueError: An unknown mode, a negative epoch, a channel axis other than 1 and -1, no input, or an array whose
            shape does not fit the inputs'.
    """

    epoch: int
    mode: str
    ds_id: str
    channel_axis: int
    inputs: dict[str, np.ndarray]
    maps: dict[str, dict[str, np.ndarray]]
    targets: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]
    relative_error: dict[str, np.ndarray]
    completeness_gap: dict[str, np.ndarray]
    labels: np.ndarray | None
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        if self.epoch < 0:
            raise ValueError(f"`epoch` (={self.epoch}) must be at least 0, which is before the first.")
        if self.mode not in MODES:
            raise ValueError(f"`mode` (={self.mode!r}) must be one of {MODES}.")
        if self.channel_axis not in (1, -1):
            raise ValueError(
                f"`channel_axis` (={self.channel_axis}) must be 1 for channels-first or -1 for channels-last."
            )
        if not self.inputs:
            raise ValueError("`inputs` (={}) must hold at least one input: {key: array of shape (B, ...)}.")
        for name, array, shape in self._expected():
            if not isinstance(array, np.ndarray):
                raise TypeError(f"`{name}` must be a NumPy array, not {type(array).__name__}: use `np.asarray`.")
            if array.shape != shape:
                raise ValueError(f"`{name}` (of shape {array.shape}) must be of shape {shape}, to fit `inputs`.")

    @property
    def rows(self) -> int:
        """How many samples there are: B."""
        return len(next(iter(self.inputs.values())))

    @property
    def place(self) -> tuple[str, str]:
        """(mode, dataset id): whose epochs can be compared with this one."""
        return self.mode, self.ds_id

    def signed(self, name: str) -> bool:
        """Whether a map is drawn with its sign: that was asked for, and its method gives it one."""
        # Records of earlier versions do not tell which maps have none.
        return bool(self.settings["signed"]) and name not in self.settings.get("unsigned", [])

    def _single(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """`shape` with one channel, if it has any."""
        axis = self.channel_axis % len(shape)
        return (*shape[:axis], 1, *shape[axis + 1 :]) if len(shape) > 2 else shape

    def _expected(self) -> Iterator[tuple[str, np.ndarray, tuple[int, ...]]]:
        """(name, array, shape that it must have) of everything that comes by row."""
        rows = next((np.shape(array)[:1] for array in self.inputs.values() if np.ndim(array)), (1,))
        for key, array in self.inputs.items():
            yield f"inputs['{key}']", array, (*rows, *np.shape(array)[1:])
        for name, maps in self.maps.items():
            for key, array in maps.items():
                if key not in self.inputs:
                    raise ValueError(f"`maps['{name}']` (of {key!r}) must be of `inputs`, which are {[*self.inputs]}.")
                shape = self.inputs[key].shape
                single = self._single(shape)
                yield f"maps['{name}']['{key}']", array, single if np.shape(array) == single else shape
        for field in PER_ROW:
            for key, array in getattr(self, field).items():
                yield f"{field}['{key}']", array, rows
        if self.labels is not None:
            yield "labels", self.labels, rows

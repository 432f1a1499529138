"""Which features of a table, or which slices of a volume, are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Parts:
    """Some of the features of table rows (B, F), or of the slices of volumes (B, D, H, W, C), row by row.

    Args:
        indices: Whole numbers, (B, n): features or slices, in the order in which they are drawn.
        labels: For each row n short texts, such as the names of the features; None for no labels.

    Raises:
        ValueError: If the indices are not (B, n), n at least 1, or there is not one label for each.
    """

    indices: np.ndarray
    labels: Sequence[Sequence[str]] | None = None

    def __post_init__(self) -> None:
        if self.indices.dtype.kind not in "iu" or self.indices.ndim != 2 or not self.indices.shape[1]:
            raise ValueError(
                f"`indices` (of {self.indices.dtype}, of shape {self.indices.shape}) must be whole numbers, (B, n), at "
                "least one for each row."
            )
        counts = None if self.labels is None else [len(row) for row in self.labels]
        if counts is not None and counts != [self.indices.shape[1]] * len(self):
            raise ValueError(f"`labels` (by row: {counts}) must be one for each of the {self.indices.shape} `indices`.")

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: slice) -> Parts:
        return Parts(self.indices[rows], None if self.labels is None else self.labels[rows])

    def of(self, values: np.ndarray) -> np.ndarray:
        """The parts themselves: (B, F) -> (B, n), (B, D, ...) -> (B, n, ...)."""
        chosen: np.ndarray = values[np.arange(len(values))[:, None], self.indices]
        return chosen

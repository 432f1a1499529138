"""Rows that grow in number: in memory while they are few, in a temporary file beyond that."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy.typing import DTypeLike


def with_room(rows: np.ndarray, count: int) -> np.ndarray:
    """`rows` if they are `count` or more, else a copy with zeros behind them, twice as long at the least.

    So to add rows one by one takes time in proportion to their number.
    """
    if count <= len(rows):
        return rows
    found = np.zeros((max(count, 2 * len(rows)), *rows.shape[1:]), rows.dtype)
    found[: len(rows)] = rows
    return found


class Spool:
    """Rows of one shape and dtype, read and written in ranges.

    A file is read and written, not mapped: the pages of a map would count as this process's memory.

    Args:
        shape: The shape of a row.
        dtype: Its dtype.
        memory: How many bytes are kept in memory before all of them move to a temporary file, which vanishes with this
            object.
        folder: Where that file would be; None for the system's own place.
    """

    def __init__(self, shape: Sequence[int], dtype: DTypeLike, memory: int, folder: str | None = None) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._row_bytes = int(np.prod(self.shape)) * self.dtype.itemsize
        self._file = SpooledTemporaryFile(max_size=memory, dir=folder)  # noqa: SIM115 - closed with this object

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of rows `start` to `stop`, (stop - start, ...); those never written are zeros."""
        self._file.seek(start * self._row_bytes)
        found = self._file.read((stop - start) * self._row_bytes)
        rows = np.zeros((stop - start, *self.shape), self.dtype)
        rows.reshape(-1)[: len(found) // self.dtype.itemsize] = np.frombuffer(found, self.dtype)
        return rows

    def write(self, start: int, rows: np.ndarray) -> None:
        """Put `rows`, (B, ...), at `start` and after, over what was there."""
        self._file.seek(start * self._row_bytes)
        self._file.write(np.ascontiguousarray(rows, self.dtype).tobytes())

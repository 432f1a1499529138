"""How the points of a call are cut into chunks, so that memory is bounded by a chunk and not by points or rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Any

#: About this many input elements a chunk, so that large images come few at a time.
_ELEMENTS = 2**20


@dataclass(frozen=True)
class Plan:
    """Sizes of the parts of one chunk.

    Args:
        rows: How many rows of the batch at a time.
        samples: How many samples of each bracket at a time, the outermost bracket first. A bracket is cut only if all
            brackets inside it are, so a chunk holds whole inner brackets or one sample of the outer ones.
    """

    rows: int
    samples: tuple[int, ...]


def make(batch: int, counts: Sequence[int], max_rows: int) -> Plan:
    """The plan for `batch` rows of `counts` samples (outermost first), at most `max_rows` model inputs at once."""
    rows = _even(batch, max_rows)
    room = max_rows // rows
    samples: list[int] = []
    for count in reversed(counts):
        size = _even(count, room)
        samples.insert(0, size)
        room = room // size if size == count else 1
    return Plan(rows, tuple(samples))


def limit(max_rows: Any, row_elements: int, busy_rows: int) -> int:
    """The number of model inputs a chunk may hold.

    Args:
        max_rows: "auto", or a whole number of at least 1.
        row_elements: The number of elements of one row, over all inputs.
        busy_rows: As many small inputs as are worth having in a chunk.

    Raises:
        ValueError: `max_rows` is neither.
    """
    if isinstance(max_rows, str) and max_rows == "auto":
        return max(1, min(busy_rows, _ELEMENTS // max(1, row_elements)))
    if isinstance(max_rows, (bool, str)) or not hasattr(max_rows, "__index__") or max_rows < 1:
        raise ValueError(
            f"`max_rows` (={max_rows!r}) must be 'auto' or a whole number of at least 1: the number of "
            "images that go through the model at once."
        )
    return int(max_rows)


def pieces(count: int, size: int) -> list[range]:
    """`count` things, `size` at a time."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def spent(counts: Sequence[int]) -> int:
    """Gradient evaluations per row for `counts` samples of nested brackets."""
    return prod(counts)


def _even(count: int, most: int) -> int:
    """The size of the parts if `count` is cut into as few parts of at most `most` as can be, as equal as can be."""
    return ceil(count / ceil(count / max(1, most)))

"""How the points of a call are cut into chunks, so that memory is bounded by a chunk and not by points or rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from typing import Any

from fe_saliency import checks


class Smaller(Exception):
    """A chunk found no room in the memory; one of half the size may."""


def limit(max_rows: Any) -> int | None:
    """The number of model inputs a chunk may hold; None if it is to be measured.

    Args:
        max_rows: "auto", or a whole number of at least 1.

    Raises:
        ValueError: `max_rows` is neither.
    """
    if isinstance(max_rows, str) and max_rows == "auto":
        return None
    number = checks.index(max_rows)
    if number is None or number < 1:
        raise ValueError(
            f"`max_rows` (={max_rows!r}) must be 'auto' or a whole number of at least 1: the number of "
            "images that go through the model at once."
        )
    return number


def share(room: int, rows: int, inner: Sequence[int], left: int) -> int:
    """How many samples of a bracket the next chunk holds.

    A chunk holds whole inner brackets, or else one sample: then the inner brackets are cut themselves.

    Args:
        room: The number of model inputs a chunk may hold.
        rows: The number of rows that each sample is taken of.
        inner: The numbers of samples of the brackets inside.
        left: How many samples are still to be taken, at least 1.
    """
    return even(left, room // (rows * prod(inner)))


def even(count: int, most: int) -> int:
    """The size of the parts if `count` is cut into as few parts of at most `most` as can be, as equal as can be."""
    return ceil(count / ceil(count / max(1, most)))


def pieces(count: int, size: int) -> list[range]:
    """`count` things, `size` at a time."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


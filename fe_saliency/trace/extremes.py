"""What the VarianceOfGradients Trace leaves on disk: the whole ranking as CSV, and its two ends as a picture."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import StringIO

import numpy as np

#: How many examples of each end of a class are shown, and of how many classes.
_SHOWN = 8
_CLASSES = 20

Pictures = Callable[[Sequence[int]], np.ndarray | None]


def write(stem: str, table: Mapping[str, np.ndarray], pictures: Pictures) -> None:
    """Write `<stem>.csv` and, if there are pictures, `<stem>.png`.

    Args:
        stem: The path of both files, without their suffixes.
        table: See `VarianceOfGradients.table`.
        pictures: Gives pictures (B, H, W, C) in [0, 1] of the examples at B places of their dataset, or None.

    Raises:
        OSError: A file can't be written; one that was there before is left as it was.
    """
    _replace(f"{stem}.csv", to_csv(table).encode())


def to_csv(table: Mapping[str, np.ndarray]) -> str:
    """A table as text: a line of names, then a line for each row.

    Args:
        table: {name: (N,)}.
    """
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(table)
    lines.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
    return text.getvalue()


def ends(table: Mapping[str, np.ndarray]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """{class: rows of `table` of its hardest examples and of its easiest ones, each end's extreme first}.

    Args:
        table: Sorted by "class" and then by falling "vog"; examples whose VoG is NaN belong to neither end.
    """
    found = {}
    for each in np.unique(table["class"])[:_CLASSES].tolist():
        rows = np.flatnonzero((table["class"] == each) & np.isfinite(table["vog"]))
        if rows.size:
            half = (len(rows) + 1) // 2  # no example is at both ends
            found[each] = rows[: min(_SHOWN, half)], rows[max(half, len(rows) - _SHOWN) :][::-1]
    return found


def _replace(path: str, content: bytes) -> None:
    """Put `content` at `path`, so that there is never half of it."""
    partial = f"{path}.partial"
    try:
        with open(partial, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    except OSError:
        with suppress(OSError):
            os.remove(partial)
        raise

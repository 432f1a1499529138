"""What the VarianceOfGradients Trace leaves on disk: the whole ranking as CSV, and its two ends as a picture."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO

import numpy as np

from fe_saliency.atomic import replacing
from fe_saliency.display import Group, ImageColumn, TextColumn, contact_sheet, write_png
from fe_saliency.trace.examples import Examples

#: How many examples of each end of a class are shown, and of how many classes.
_SHOWN = 6
_CLASSES = 20


def write(stem: str, examples: Examples) -> None:
    """Write `<stem>.csv` and, if there are pictures of the examples, `<stem>.png`; both say what was differentiated.

    Args:
        stem: The path of both files, without their suffixes.
        examples: At least one of them with a VoG.

    Raises:
        OSError: A file can't be written; one that was there before is left as it was.
    """
    table = examples.table()
    with replacing(f"{stem}.csv") as file:
        file.write(to_csv(table).encode())
    if examples.drawn:
        said = f"VoG of the {examples.score.replace('_', '-')}"
        groups = [
            _group(f"Class {each}, {end} by the {said}", rows, table, examples)
            for each, both in ends(table).items()
            for end, rows in zip(("hardest", "easiest"), both, strict=True)
            if rows.size
        ]
        write_png(f"{stem}.png", contact_sheet(groups, per_line=_SHOWN))


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
        table: Sorted by "class" and then by falling "vog"; examples whose VoG is NaN belong to neither end, and none
            belongs to both.
    """
    found, known = {}, np.isfinite(table["vog"])
    for each in np.unique(table["class"][known])[:_CLASSES].tolist():
        rows = np.flatnonzero((table["class"] == each) & known)
        half = (len(rows) + 1) // 2
        found[each] = rows[: min(_SHOWN, half)], rows[max(half, len(rows) - _SHOWN) :][::-1]
    return found


def _group(title: str, rows: np.ndarray, table: Mapping[str, np.ndarray], examples: Examples) -> Group:
    """Examples with what the model says they are, green if it agrees with the data, and their places."""
    index, predicted, true = (table[name][rows].tolist() for name in ("index", "predicted", "class"))
    captions = [f"{said} #{place}" for place, said in zip(index, predicted, strict=True)]
    right = [said == label for said, label in zip(predicted, true, strict=True)]
    return Group(ImageColumn(title, examples.pictures(index)), TextColumn("", captions, right))

"""Rows of a figure that belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

from fe_saliency.display.columns import Column


@dataclass(frozen=True, eq=False)
class Section:
    """Rows that belong together, such as those of one dataset.

    Args:
        columns: At least one, all of the same length.
        label: The name on the band above the rows, or None for no band.

    Raises:
        ValueError: If there is nothing to show, or the columns differ in length.
    """

    columns: Sequence[Column]
    label: str | None = None

    def __post_init__(self) -> None:
        wrong = [type(column).__name__ for column in self.columns if not isinstance(column, Column)]
        if wrong:
            raise TypeError(
                f"`columns` (with {wrong}) must hold `TextColumn`, `ImageColumn`, `MaskColumn`, `SignedColumn` and "
                "`SignalColumn` objects."
            )
        rows = [(column.title, len(column)) for column in self.columns]
        if len({count for _, count in rows}) != 1 or rows[0][1] < 1:
            raise ValueError(
                f"`columns` (title and rows: {rows}) must be at least one, all with the same "
                "number of rows, 1 or more: give each column one entry per sample."
            )

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """Sections with the same signature share one header and align."""
        return tuple((type(column).__name__, column.heading) for column in self.columns)

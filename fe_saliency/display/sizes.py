"""The lengths of the figure, in one place."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Sizes:
    """Lengths in pixels. The defaults are read well where the figure is about 1000 pixels wide."""

    margin: int = 16
    gutter: int = 10  # Between columns
    row_gap: int = 10
    block_gap: int = 18  # Between sections
    header_gap: int = 8  # Between a band, the titles and the rows
    cell: int = 120
    small_cell: int = 112
    title: int = 18  # Font sizes
    smallest_title: int = 14
    text: int = 23
    smallest: int = 11
    note: int = 13  # Under a picture
    smallest_note: int = 9
    note_gap: int = 3  # Between a picture and its note
    widest_text: int = 136  # Of a column of texts
    slimmest: int = 60  # Of any column
    text_row: int = 44  # The least height of a row
    caption: int = 16  # Font size
    caption_least: int = 200  # With less than this beside the colour bar, the caption goes below
    bar_width: int = 170
    bar_height: int = 16
    bar_gap: int = 8


def scaled(scale: float) -> Sizes:
    """All lengths times `scale`, in whole pixels, none of them 0."""
    defaults = Sizes()
    return Sizes(**{one.name: max(1, round(getattr(defaults, one.name) * scale)) for one in fields(defaults)})

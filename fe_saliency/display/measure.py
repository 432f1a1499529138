"""How large each column and row must be for what stands in it."""

from collections.abc import Iterable, Sequence

import numpy as np

from fe_saliency.display.columns import TextColumn
from fe_saliency.display.panels import panels
from fe_saliency.display.section import Section
from fe_saliency.display.sizes import Sizes
from fe_saliency.display.typeset import NO_BREAK, Lettering, fit, longest_piece, text_width

_MARKS = {True: f"\u2713{NO_BREAK}", False: f"\u2717{NO_BREAK}", None: ""}


def draw_pictures(section: Section, cell: int) -> list[np.ndarray | None]:
    """Per column its pictures, (B, h, w, 3) uint8, or None for texts."""
    return [None if isinstance(column, TextColumn) else panels(column, cell) for column in section.columns]


def column_widths(section: Section, drawn: Sequence[np.ndarray | None], sizes: Sizes) -> list[int]:
    """What each column needs for its pictures or texts and for the longest word of its title."""
    widths = []
    for column, pictures in zip(section.columns, drawn, strict=True):
        title = longest_piece(column.heading, sizes.title, bold=True)
        needs = [sizes.slimmest, min(title, sizes.widest_text)]
        if isinstance(column, TextColumn):
            longest = max(text_width(text, sizes.text, bold=True) for text in _marked(column))
            needs.append(min(longest, sizes.widest_text))
        elif pictures is not None:
            needs.append(pictures.shape[2])
        widths.append(max(needs))
    return widths


def row_height(drawn: Sequence[np.ndarray | None], sizes: Sizes) -> int:
    """What every row of a section needs for its pictures, or for a few lines of text."""
    return max([sizes.text_row] + [one.shape[1] for one in drawn if one is not None])


def fit_texts(
    section: Section,
    drawn: Sequence[np.ndarray | None],
    widths: Sequence[int],
    height: int,
    sizes: Sizes,
) -> list[np.ndarray | list[Lettering]]:
    """The columns' pictures as they are, and their texts, with ticks and crosses, as letterings."""
    cells: list[np.ndarray | list[Lettering]] = []
    for column, pictures, width in zip(section.columns, drawn, widths, strict=True):
        if isinstance(column, TextColumn):
            bold = column.correct is not None
            cells.append([fit(text, width, height, sizes.text, sizes.smallest, bold) for text in _marked(column)])
        elif pictures is not None:
            cells.append(pictures)
    return cells


def fit_notes(notes: TextColumn | None, width: int, sizes: Sizes) -> list[Lettering]:
    """The letterings of a few lines that stand under the pictures of a column, if there are any."""
    if notes is None:
        return []
    room = 3 * fit("", width, width, sizes.note, bold=True).leading
    bold = notes.correct is not None
    return [fit(text, width, room, sizes.note, sizes.smallest_note, bold) for text in _marked(notes)]


def note_room(notes: Iterable[Lettering], sizes: Sizes) -> int:
    """What all notes of a picture's row need below it."""
    return max((note.height + sizes.note_gap for note in notes), default=0)


def _marked(column: TextColumn) -> list[str]:
    """Right and wrong are not told by colour alone."""
    correct = [None] * len(column) if column.correct is None else column.correct
    return [
        _MARKS[None if right is None else bool(right)] + " ".join(str(text).split())
        for text, right in zip(column.texts, correct, strict=True)
    ]

"""What stands in the cells: framed pictures, and texts in their inks."""

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import INK, RIGHT, WRONG, Color
from fe_saliency.display.columns import TextColumn
from fe_saliency.display.layout import Block
from fe_saliency.display.typeset import Lettering, write

_INKS = {True: RIGHT, False: WRONG, None: INK}


def paint_cells(canvas: Canvas, block: Block) -> None:
    """Draw all cells of a section, each in the middle of its place."""
    for column, cells, span in zip(block.section.columns, block.cells, block.spans, strict=True):
        inks = _ink_of(column) if isinstance(column, TextColumn) else [INK] * len(block.row_tops)
        for cell, top, ink in zip(cells, block.row_tops, inks, strict=True):
            if isinstance(cell, np.ndarray):
                paste(canvas, cell, (span.left, top), (span.width, block.row_height))
            else:
                corner = (span.left, top + (block.row_height - cell.height) // 2)
                write(canvas, cell, corner, span.width, ink)


def paste(canvas: Canvas, cell: np.ndarray, corner: tuple[int, int], room: tuple[int, int]) -> None:
    """Put a framed (h, w, 3) cell into the middle of the box at `corner` that is `room` (width, height) large."""
    height, width = cell.shape[:2]
    left, top = corner[0] + (room[0] - width) // 2, corner[1] + (room[1] - height) // 2
    canvas.paste(cell, left, top)


def paint_notes(
    canvas: Canvas, notes: TextColumn | None, letterings: list[Lettering], places: list[tuple[int, int, int]]
) -> None:
    """Write the note under each picture of a column; `places`: their left, top and width."""
    if notes is not None:
        for lettering, (left, top, width), ink in zip(letterings, places, _ink_of(notes), strict=True):
            write(canvas, lettering, (left, top), width, ink)


def _ink_of(column: TextColumn) -> list[Color]:
    """The colour of each text: green where it is right, red where it is wrong."""
    if column.correct is None:
        return [INK] * len(column)
    return [_INKS[None if right is None else bool(right)] for right in column.correct]

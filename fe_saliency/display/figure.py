"""The figure: one row per sample, one column per panel, drawn in milliseconds."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from fe_saliency.display.colors import FRAME, INK, PAPER, RIGHT, WRONG
from fe_saliency.display.columns import TextColumn
from fe_saliency.display.layout import Block, arrange
from fe_saliency.display.legend import CAPTION
from fe_saliency.display.section import Section
from fe_saliency.display.typeset import write

_INKS = {True: RIGHT, False: WRONG, None: INK}
_LARGEST_SCALE = 16


def compose(sections: Section | Sequence[Section], caption: str = CAPTION, scale: float = 1) -> np.ndarray:
    """Draw the figure.

    Sections with the same columns align under one header; others have headers of their own. Every
    title and text stays inside its column: it is wrapped, shrunk, and cut at the end if it must be.

    Args:
        sections: One, or several from top to bottom.
        caption: What stands beside the colour bar. There is no bar in a figure without a
            `MaskColumn`.
        scale: How many pixels to draw for one, up to 16: 2 gives a figure for print.

    Returns:
        (H, W, 3) uint8, on white.

    Raises:
        TypeError: If `sections` holds anything but sections, or `scale` is not a number.
        ValueError: If there is no section, or `scale` is out of range.

    >>> import numpy as np
    >>> from fe_saliency.display import ImageColumn, MaskColumn, Section, TextColumn, compose
    >>> rng = np.random.default_rng(0)
    >>> figure = compose(Section([TextColumn("class", ["cat", "dog"]),
    ...                           ImageColumn("x", rng.random((2, 28, 28, 1))),
    ...                           MaskColumn("saliency", rng.random((2, 28, 28, 1)))]))
    >>> figure.ndim, figure.dtype
    (3, dtype('uint8'))
    """
    layout = arrange(check_sections(sections), caption, check_scale(scale))
    picture = Image.new("RGB", (layout.width, layout.height), PAPER)
    draw = ImageDraw.Draw(picture)
    for block in layout.blocks:
        block.header.paint(draw, block.spans)
        _paint_cells(picture, draw, block)
    if layout.legend is not None:
        layout.legend.paint(picture)
    return np.array(picture)


def check_sections(sections: Section | Sequence[Section]) -> list[Section]:
    """`sections` as a list, if a figure can be drawn of it."""
    if isinstance(sections, Section):
        return [sections]
    listed = isinstance(sections, (list, tuple))
    if not listed or not all(isinstance(one, Section) for one in sections):
        kinds = [type(one).__name__ for one in sections] if listed else type(sections).__name__
        raise TypeError(
            f"`sections` (of {kinds}) must be a `Section` or a list of them: wrap the columns, `Section(columns)`."
        )
    if not sections:
        raise ValueError(
            "`sections` (=[]) must hold at least one `Section`: leave the figure out if there is nothing to show."
        )
    return list(sections)


def check_scale(scale: float) -> float:
    """`scale`, if a figure can be drawn with it."""
    if isinstance(scale, bool) or not isinstance(scale, (int, float, np.integer, np.floating)):
        raise TypeError(f"`scale` (={scale!r}) must be a number: 1 for the screen, 2 for print.")
    if not 0.5 <= scale <= _LARGEST_SCALE:
        raise ValueError(f"`scale` (={scale}) must be from 0.5 to {_LARGEST_SCALE}: 1 for the screen, 2 for print.")
    return float(scale)


def _paint_cells(picture: Image.Image, draw: ImageDraw.ImageDraw, block: Block) -> None:
    for column, cells, span in zip(block.section.columns, block.cells, block.spans, strict=True):
        inks = [INK] * len(block.row_tops)
        if isinstance(column, TextColumn) and column.correct is not None:
            inks = [_INKS[None if right is None else bool(right)] for right in column.correct]
        for cell, top, ink in zip(cells, block.row_tops, inks, strict=True):
            if isinstance(cell, np.ndarray):
                height, width = cell.shape[:2]
                left = span.left + (span.width - width) // 2
                top += (block.row_height - height) // 2
                picture.paste(Image.fromarray(cell), (left, top))
                draw.rectangle((left - 1, top - 1, left + width, top + height), outline=FRAME)
            else:
                corner = (span.left, top + (block.row_height - cell.height) // 2)
                write(draw, cell, corner, span.width, ink)

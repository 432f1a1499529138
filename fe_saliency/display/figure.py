"""The figure: one row per sample, one column per panel, drawn in milliseconds."""

from collections.abc import Sequence

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.cells import paint_cells
from fe_saliency.display.layout import arrange
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.section import Section

_LARGEST_SCALE = 16


def compose(
    sections: Section | Sequence[Section],
    caption: str = CAPTION,
    scale: float = 1,
    signed_caption: str = SIGNED_CAPTION,
) -> np.ndarray:
    """Draw the figure.

    Sections with the same columns align under one header; others have headers of their own. Every
    title and text stays inside its column: it is wrapped, shrunk, and cut at the end if it must be.

    Args:
        sections: One, or several from top to bottom.
        caption: What stands beside the colour bar of the masks. There is no bar in a figure without
            a `MaskColumn`. `scale_caption` writes it for maps that share one scale.
        scale: How many pixels to draw for one, up to 16: 2 gives a figure for print.
        signed_caption: What stands beside the colour bar of the signed maps, if there are any.

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
    layout = arrange(check_sections(sections), caption, check_scale(scale), signed_caption)
    canvas = Canvas.blank(layout.width, layout.height)
    for block in layout.blocks:
        block.header.paint(canvas, block.spans)
        paint_cells(canvas, block)
    for legend in layout.legends:
        legend.paint(canvas)
    return canvas.pixels


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

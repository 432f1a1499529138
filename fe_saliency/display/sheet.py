"""The contact sheet: titled groups of pictures, a short caption under each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fe_saliency.checks import whole
from fe_saliency.display.canvas import Canvas
from fe_saliency.display.cells import paint_notes, paste
from fe_saliency.display.columns import PictureColumn, TextColumn
from fe_saliency.display.figure import check_scale
from fe_saliency.display.header import Header, measure_header
from fe_saliency.display.layout import enclose
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.measure import fit_notes, note_room
from fe_saliency.display.panels import panels
from fe_saliency.display.section import Section
from fe_saliency.display.sizes import Sizes, scaled
from fe_saliency.display.typeset import Lettering

_CELL = 84  # Smaller than in the figure: a sheet is for looking over many


@dataclass(frozen=True, eq=False)
class Group:
    """Pictures that belong together, such as the hardest examples of one class.

    Args:
        pictures: The pictures of B rows; the title of the column is that of the group.
        captions: B short texts, right ones green and wrong ones red if they say so; None for no captions.

    Raises:
        ValueError: If there is no picture, or not one caption for each.
    """

    pictures: PictureColumn
    captions: TextColumn | None = None

    def __post_init__(self) -> None:
        Section([self.pictures] if self.captions is None else [self.pictures, self.captions])

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True)
class _Grid:
    """A group in its place."""

    group: Group
    header: Header
    cells: np.ndarray  # (B, h, w, 3) uint8
    notes: list[Lettering]
    corners: list[tuple[int, int]]  # Left and top of each cell
    width: int  # Of each cell
    bottom: int

    def paint(self, canvas: Canvas, sizes: Sizes) -> None:
        """Draw it where it was measured for."""
        self.header.paint(canvas, [])
        height = self.cells.shape[1]
        for cell, corner in zip(self.cells, self.corners, strict=True):
            paste(canvas, cell, corner, (self.width, height))
        below = [(left, top + height + sizes.note_gap, self.width) for left, top in self.corners]
        paint_notes(canvas, self.group.captions, self.notes, below)


def contact_sheet(
    groups: Sequence[Group],
    per_line: int = 6,
    across: int = 2,
    caption: str = CAPTION,
    signed_caption: str = SIGNED_CAPTION,
    scale: float = 1,
) -> np.ndarray:
    """Draw a contact sheet.

    Args:
        groups: In reading order. With two of a kind for each class (the hardest, the easiest) and two
            `across`, each class has a line of its own.
        per_line: How many pictures of a group stand side by side before they wrap.
        across: How many groups stand side by side.
        caption: What the colours of masks mean, if there are any.
        signed_caption: What the colours of signed maps mean, if there are any.
        scale: How many pixels to draw for one, up to 16: 2 gives a picture for print.

    Returns:
        (H, W, 3) uint8, on white.

    Raises:
        TypeError: If `groups` holds anything but groups, or a number is of the wrong kind.
        ValueError: If there is no group, or a number is out of range.

    >>> from fe_saliency.display import ImageColumn
    >>> rng = np.random.default_rng(0)
    >>> images = ImageColumn("class 3: hardest", rng.random((5, 8, 8)))
    >>> contact_sheet([Group(images, TextColumn("", ["0.91", "0.87", "0.85", "0.80", "0.79"]))]).ndim
    3
    """
    sizes = replace(scaled(check_scale(scale)), cell=round(_CELL * scale), slimmest=round(_CELL * scale * 0.75))
    groups, across = _check_groups(groups), whole("across", across)
    drawn = [panels(group.pictures, sizes.cell) for group in groups]
    width = max([sizes.slimmest] + [cells.shape[2] for cells in drawn])
    per_line = min(whole("per_line", per_line), max(len(group) for group in groups))
    group_width = per_line * (width + sizes.gutter) - sizes.gutter
    grids: list[_Grid] = []
    top = sizes.margin
    for number, (group, cells) in enumerate(zip(groups, drawn, strict=True)):
        if number and number % across == 0:
            top = max(grid.bottom for grid in grids[-across:]) + sizes.block_gap
        left = sizes.margin + number % across * (group_width + sizes.block_gap)
        grids.append(_place(group, cells, (left, top), per_line, width, sizes))
    columns = min(across, len(groups))
    inner = columns * (group_width + sizes.block_gap) - sizes.block_gap
    bottom = max(grid.bottom for grid in grids[-across:])
    layout = enclose([], [group.pictures for group in groups], (caption, signed_caption), inner, bottom, sizes)
    canvas = Canvas.blank(layout.width, layout.height)
    for grid in grids:
        grid.paint(canvas, sizes)
    for legend in layout.legends:
        legend.paint(canvas)
    return canvas.pixels


def _place(group: Group, cells: np.ndarray, corner: tuple[int, int], per_line: int, width: int, sizes: Sizes) -> _Grid:
    left, top = corner
    label = group.pictures.heading or None
    inner = per_line * (width + sizes.gutter) - sizes.gutter
    header = replace(measure_header(Section([group.pictures], label), [], inner, top, sizes), left=left)
    notes = fit_notes(group.captions, width, sizes)
    pitch = cells.shape[1] + note_room(notes, sizes) + sizes.row_gap
    corners = [
        (left + row % per_line * (width + sizes.gutter), header.bottom + row // per_line * pitch)
        for row in range(len(group))
    ]
    return _Grid(group, header, cells, notes, corners, width, corners[-1][1] + pitch - sizes.row_gap)


def _check_groups(groups: Sequence[Group]) -> list[Group]:
    listed = isinstance(groups, (list, tuple))
    if not listed or not all(isinstance(one, Group) for one in groups):
        kinds = [type(one).__name__ for one in groups] if listed else type(groups).__name__
        raise TypeError(f"`groups` (of {kinds}) must be a list of `Group` objects: wrap the pictures, `Group(column)`.")
    if not groups:
        raise ValueError("`groups` (=[]) must hold at least one `Group`: leave the sheet out if it is empty.")
    return list(groups)

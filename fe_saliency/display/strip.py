"""Frames side by side beside their lead: measured first, so that several strips can be given the same room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.cells import paint_cells, paint_notes
from fe_saliency.display.colors import ALARM, ALARM_TINT, PAPER
from fe_saliency.display.columns import Column
from fe_saliency.display.frame import Frame
from fe_saliency.display.header import measure_header
from fe_saliency.display.layout import Span, enclose, place
from fe_saliency.display.measure import column_widths, draw_pictures, fit_notes, note_room
from fe_saliency.display.section import Section
from fe_saliency.display.sizes import Sizes, scaled
from fe_saliency.display.typeset import Lettering, fit, text_width, write

_LEAST_CELL = 60
_WIDTH, _HEIGHT = 1100, 960  # Of all cells together; many of them, at the least size, may exceed it


class _Tab(NamedTuple):
    """The red tab over a run of epochs with the same marker: its first and last, and its word."""

    first: int
    last: int
    word: Lettering


@dataclass(frozen=True)
class Strip:
    """Frames that were measured; `below` and `above` are the room that their notes and tabs need."""

    frames: Sequence[Frame]
    section: Section
    pictures: list[np.ndarray | None]
    widths: list[int]
    notes: list[list[Lettering]]
    tabs: list[_Tab]
    sizes: Sizes

    @property
    def above(self) -> int:
        """Pixels between the band and the titles."""
        return max((tab.word.height + 2 * self.sizes.note_gap for tab in self.tabs), default=0)

    @property
    def below(self) -> int:
        """Pixels under each row."""
        return max(note_room(notes, self.sizes) for notes in self.notes)

    def draw(self, above: int, below: int, captions: tuple[str, str]) -> np.ndarray:
        """The picture, with at least the room that it needs itself: (H, W, 3) uint8."""
        sizes, columns = self.sizes, self.section.columns
        inner = sum(self.widths) + sizes.gutter * (len(self.widths) - 1)
        band = measure_header(self.section, [], inner, sizes.margin, sizes)
        header = measure_header(Section(columns), self.widths, inner, band.bottom + above, sizes)
        block = place(self.section, self.pictures, self.widths, header, sizes, below)
        layout = enclose([block], columns, captions, inner, block.bottom + below, sizes)
        canvas = Canvas.blank(layout.width, layout.height)
        spans = block.spans[-len(self.frames) :]
        for tab in self.tabs:
            _paint_tab(canvas, tab, spans, (band.bottom, block.bottom + below), sizes)
        band.paint(canvas, [])
        header.paint(canvas, block.spans)
        paint_cells(canvas, block)
        for frame, notes, span in zip(self.frames, self.notes, spans, strict=True):
            tops = [top + block.row_height + sizes.note_gap for top in block.row_tops]
            paint_notes(canvas, frame.notes, notes, [(span.left, top, span.width) for top in tops])
        for legend in layout.legends:
            legend.paint(canvas)
        return canvas.pixels


def measure_strip(frames: Sequence[Frame], lead: Sequence[Column], label: str | None, scale: float) -> Strip:
    """Fit frames, their notes and their tabs.

    Args:
        frames: Those that are shown, from left to right.
        lead: The columns to their left.
        label: What stands on the band above all, or None for no band.
        scale: Pixels per nominal pixel.

    Raises:
        TypeError: If a column is none.
        ValueError: If the columns differ in their number of rows.
    """
    sizes = _sizes(len(frames[0].pictures), len(frames), scale)
    titles = [f"epoch {frame.epoch}" for frame in frames]
    if max(text_width(title, sizes.title, bold=True) for title in titles) > sizes.cell:
        titles = [str(frame.epoch) for frame in frames]
    pairs = zip(frames, titles, strict=True)
    section = Section([*lead, *(replace(frame.pictures, title=title) for frame, title in pairs)], label)
    pictures = draw_pictures(section, sizes.cell)
    widths = column_widths(section, pictures, sizes)
    widths[: len(lead)] = [width + sizes.gutter for width in widths[: len(lead)]]
    own = widths[len(lead) :]
    notes = [fit_notes(frame.notes, width, sizes) for frame, width in zip(frames, own, strict=True)]
    return Strip(frames, section, pictures, widths, notes, _tabs(frames, own, sizes), sizes)


def _sizes(rows: int, epochs: int, scale: float) -> Sizes:
    """The more there is to show, the smaller the cells."""
    sizes = scaled(scale)
    gutter = max(4, sizes.gutter // 2)
    share = int(min(_WIDTH * scale / epochs, _HEIGHT * scale / rows)) - gutter
    cell = min(sizes.cell, max(round(_LEAST_CELL * scale), share))
    return replace(sizes, cell=cell, gutter=gutter, row_gap=gutter, slimmest=cell * 3 // 4)


def _tabs(frames: Sequence[Frame], widths: Sequence[int], sizes: Sizes) -> list[_Tab]:
    tabs = []
    for marker, run in groupby(range(len(frames)), lambda number: frames[number].marker):
        numbers = list(run)
        if marker:
            first, last = numbers[0], numbers[-1]
            room = sum(widths[first : last + 1]) + sizes.gutter * (last - first) - 2 * sizes.note_gap
            lines = 3 * fit("", room, room, sizes.note, bold=True).leading
            tabs.append(_Tab(first, last, fit(marker, room, lines, sizes.note, sizes.smallest_note, bold=True)))
    return tabs


def _paint_tab(canvas: Canvas, tab: _Tab, spans: Sequence[Span], heights: tuple[int, int], sizes: Sizes) -> None:
    """The word where the run begins, a line down from there, and a tint behind the pictures."""
    top, bottom = heights
    half, line = sizes.gutter // 2, max(1, sizes.note_gap - 1)
    left, right = spans[tab.first].left - half, spans[tab.last].left + spans[tab.last].width - 1 + half
    foot = top + tab.word.height + sizes.note_gap
    canvas.fill(left, top, right, bottom + half, ALARM_TINT)
    canvas.fill(left - line + 1, top, left, bottom + half, ALARM)
    canvas.fill(left, top, right, foot, ALARM)
    corner = (spans[tab.first].left + sizes.note_gap, top + sizes.note_gap // 2)
    write(canvas, tab.word, corner, tab.word.width, PAPER, centered=False)

"""Where everything stands: sections measured and stacked before anything is drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from fe_saliency.display.columns import Column
from fe_saliency.display.header import Header, measure_header
from fe_saliency.display.legend import SIGNED_CAPTION, Legend, measure_legends
from fe_saliency.display.measure import column_widths, draw_pictures, fit_texts, row_height
from fe_saliency.display.section import Section
from fe_saliency.display.sizes import Sizes, scaled
from fe_saliency.display.typeset import Lettering

_FEW_ROWS = 8  # Of more rows than these the cells are smaller, to keep the figure in sight


class Span(NamedTuple):
    """A column's place from left to right."""

    left: int
    width: int


@dataclass(frozen=True)
class Block:
    """One section in its place. Per column: pictures (B, h, w, 3), or one lettering per row."""

    section: Section
    header: Header
    cells: list[np.ndarray | list[Lettering]]
    spans: list[Span]
    row_tops: list[int]
    row_height: int

    @property
    def bottom(self) -> int:
        return self.row_tops[-1] + self.row_height


@dataclass(frozen=True)
class Layout:
    """The whole figure."""

    width: int
    height: int
    blocks: list[Block]
    legends: list[Legend]


def arrange(sections: Sequence[Section], caption: str, scale: float, signed_caption: str = SIGNED_CAPTION) -> Layout:
    """Measure the sections and stack them.

    Args:
        sections: From top to bottom; those with equal columns align and share one header.
        caption: What the colours of masks mean.
        scale: Pixels per nominal pixel.
        signed_caption: What the colours of signed maps mean.

    Returns:
        The places of everything, and the pictures and letterings that go there.
    """
    sizes = scaled(scale)
    few = max(len(section) for section in sections) <= _FEW_ROWS
    drawn = [draw_pictures(one, sizes.cell if few else sizes.small_cell) for one in sections]
    widths = [column_widths(*pair, sizes) for pair in zip(sections, drawn, strict=True)]
    alike = len({section.signature for section in sections}) == 1
    if alike:
        widths = [[max(column) for column in zip(*widths, strict=True)]] * len(sections)
    inner = max(sum(one) + sizes.gutter * (len(one) - 1) for one in widths)
    blocks: list[Block] = []
    for section, pictures, wide in zip(sections, drawn, widths, strict=True):
        top = blocks[-1].bottom + sizes.block_gap if blocks else sizes.margin
        titled = not (alike and blocks)
        header = measure_header(section, wide if titled else [], inner, top, sizes)
        blocks.append(place(section, pictures, wide, header, sizes))
    columns = [column for section in sections for column in section.columns]
    return enclose(blocks, columns, (caption, signed_caption), inner, blocks[-1].bottom, sizes)


def place(
    section: Section,
    pictures: Sequence[np.ndarray | None],
    widths: Sequence[int],
    header: Header,
    sizes: Sizes,
    below: int = 0,
) -> Block:
    """Put the rows of a section under its header, with `below` pixels kept free under each row."""
    lefts = accumulate(widths[:-1], lambda at, one: at + one + sizes.gutter, initial=sizes.margin)
    spans = [Span(*one) for one in zip(lefts, widths, strict=True)]
    high = row_height(pictures, sizes)
    cells = fit_texts(section, pictures, widths, high, sizes)
    tops = [header.bottom + row * (high + below + sizes.row_gap) for row in range(len(section))]
    return Block(section, header, cells, spans, tops, high)


def enclose(
    blocks: list[Block],
    columns: Iterable[Column],
    captions: tuple[str, str],
    inner: int,
    bottom: int,
    sizes: Sizes,
) -> Layout:
    """Add the legends that the columns need below `bottom`, and the margins."""
    legends = measure_legends(columns, captions, inner, (sizes.margin, bottom + sizes.block_gap), sizes)
    for legend in legends:
        bottom, inner = legend.top + legend.height, max(inner, legend.width)
    return Layout(inner + 2 * sizes.margin, bottom + sizes.margin, blocks, legends)

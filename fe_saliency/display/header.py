"""What stands above the rows of a section: the band with its name, and the titles."""

from collections.abc import Sequence
from dataclasses import dataclass

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import BAND, INK
from fe_saliency.display.section import Section
from fe_saliency.display.sizes import Sizes
from fe_saliency.display.typeset import Lettering, fit, write

_LABEL_LINES, _TITLE_LINES = 3, 6


@dataclass(frozen=True)
class Header:
    """A header in its place. No titles: those of an earlier section serve this one too."""

    label: Lettering | None
    titles: list[Lettering]
    left: int
    top: int
    width: int
    gap: int

    @property
    def band_height(self) -> int:
        return 0 if self.label is None else self.label.height + self.gap

    @property
    def titles_bottom(self) -> int:
        above = self.top + (self.band_height + self.gap if self.band_height else 0)
        return above + max((title.height for title in self.titles), default=0)

    @property
    def bottom(self) -> int:
        """Where the rows begin."""
        return self.titles_bottom + (self.gap if self.titles else 0)

    def paint(self, canvas: Canvas, spans: Sequence[tuple[int, int]]) -> None:
        """Draw it; `spans`: the left and the width of each column."""
        if self.label is not None:
            right, bottom = self.left + self.width - 1, self.top + self.band_height - 1
            canvas.fill(self.left, self.top, right, bottom, BAND)
            corner = (self.left + self.gap, self.top + self.gap // 2)
            write(canvas, self.label, corner, self.width, INK, centered=False)
        # The lines stand on the rows below them.
        for title, (left, width) in zip(self.titles, spans, strict=False):
            write(canvas, title, (left, self.titles_bottom - title.height), width, INK)


def measure_header(section: Section, widths: Sequence[int], inner: int, top: int, sizes: Sizes) -> Header:
    """Fit the label into the figure and the titles into their columns.

    Args:
        section: Whose header it is.
        widths: Of the columns; empty if no titles are wanted.
        inner: The width of the figure without its margins.
        top: Where the header begins.
        sizes: The lengths of the figure.

    Returns:
        The header in its place.
    """
    size, smallest, gap = sizes.title, sizes.smallest_title, sizes.header_gap
    leading = fit("", inner, inner, size, bold=True).leading
    label = None
    if section.label is not None:
        label = fit(section.label, inner - 2 * gap, _LABEL_LINES * leading, size, smallest, bold=True)
    titles = [
        fit(column.heading, width, _TITLE_LINES * leading, size, smallest, bold=True)
        for column, width in zip(section.columns, widths, strict=False)
    ]
    return Header(label, titles, sizes.margin, top, inner, gap)

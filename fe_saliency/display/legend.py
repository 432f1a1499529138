"""The colour bar, and the sentence that makes it readable."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from fe_saliency.display.colors import FAINT, FRAME, INK, colorize
from fe_saliency.display.sizes import Sizes
from fe_saliency.display.typeset import Lettering, fit, write

CAPTION = "dark = ignored, bright = looked at (share of each map's 99th percentile)"


class Legend(NamedTuple):
    """A colour bar from "0" to "1" with its caption, in its place."""

    left: int
    top: int
    caption: Lettering
    zero: Lettering
    one: Lettering
    bar_width: int
    bar_height: int
    gap: int
    beside: bool

    @property
    def bar_right(self) -> int:
        """The end of the bar and its "1", from the left of the legend."""
        return self.zero.width + self.bar_width + self.one.width + 2 * self.gap

    @property
    def width(self) -> int:
        beside = self.bar_right + 2 * self.gap + self.caption.width
        return beside if self.beside else max(self.bar_right, self.caption.width)

    @property
    def height(self) -> int:
        heights = self.zero.height, self.caption.height
        return max(heights) if self.beside else sum(heights) + self.gap

    def paint(self, picture: Image.Image) -> None:
        """Draw it where it was measured for."""
        draw = ImageDraw.Draw(picture)
        write(draw, self.zero, (self.left, self.top), self.zero.width, INK)
        left = self.left + self.zero.width + self.gap
        top = self.top + (self.zero.height - self.bar_height) // 2
        ramp = colorize(np.linspace(0, 1, self.bar_width, dtype=np.float32))
        bar = np.repeat(ramp[None], self.bar_height, axis=0)
        picture.paste(Image.fromarray(bar), (left, top))
        right = left + self.bar_width
        draw.rectangle((left - 1, top - 1, right, top + self.bar_height), outline=FRAME)
        write(draw, self.one, (right + self.gap, self.top), self.one.width, INK)
        if self.beside:
            corner = (self.left + self.bar_right + 2 * self.gap, self.top)
        else:
            corner = (self.left, self.top + self.zero.height + self.gap)
        write(draw, self.caption, corner, self.caption.width, FAINT, centered=False)


def measure_legend(caption: str, width: int, corner: tuple[int, int], sizes: Sizes) -> Legend:
    """Fit the legend into a width.

    Args:
        caption: What the colours mean.
        width: Of the figure without its margins.
        corner: Its left and top.
        sizes: The lengths of the figure.

    Returns:
        The legend in its place, wider than `width` only if the two ends of the bar are.
    """
    size, gap = sizes.caption, sizes.bar_gap
    zero, one = (fit(end, width, width, size) for end in "01")
    bar_width = max(1, min(sizes.bar_width, width - zero.width - one.width - 2 * gap))
    rest = width - zero.width - one.width - bar_width - 4 * gap
    beside = rest >= sizes.caption_least
    room, lines = (rest, 4) if beside else (width, 12)
    lettering = fit(caption, room, lines * zero.leading, size, sizes.smallest)
    return Legend(*corner, lettering, zero, one, bar_width, sizes.bar_height, gap, beside)

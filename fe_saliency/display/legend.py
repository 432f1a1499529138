"""The colour bars, and the sentences that make them readable."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import FAINT, INK, colorize, colorize_signed
from fe_saliency.display.columns import Column, MaskColumn, SignedColumn
from fe_saliency.display.sizes import Sizes
from fe_saliency.display.typeset import Lettering, fit, spread, write

_MEANING = "dark = ignored, bright = looked at"
_SIGNED_MEANING = "red: raises the score, blue: lowers it, white: neither"
_OWN_SCALE = "share of each map's 99th percentile"
CAPTION = f"{_MEANING} ({_OWN_SCALE})"
SIGNED_CAPTION = f"{_SIGNED_MEANING} ({_OWN_SCALE})"
_LINES_BESIDE = 4  # A caption of more lines goes below its bar, where there is more room
_OWN_LARGEST = "share of each map's largest value"
BARS_CAPTION = f"long and bright = looked at ({_OWN_LARGEST})"
SIGNED_BARS_CAPTION = f"{_SIGNED_MEANING} ({_OWN_LARGEST})"

# Of each kind of map: the lowest value, and what gives its colours
_BARS: tuple[tuple[type, int, Callable[[np.ndarray], np.ndarray]], ...] = (
    (MaskColumn, 0, colorize),
    (SignedColumn, -1, colorize_signed),
)


def scale_caption(
    scales: Mapping[str, float], origin: str, signed: bool = False, own: Sequence[str] = (), bars: bool = False
) -> str:
    """The caption of maps that share one scale over all epochs.

    Args:
        scales: {title of a map: what is drawn as 1, in its units}.
        origin: Where the numbers come from.
        signed: Whether it is for signed maps.
        own: Titles of maps beside them that are drawn each on a scale of its own.
        bars: Whether it is for rows of tables, whose own scale is another.

    Returns:
        The sentence for `caption`, or for `signed_caption` if `signed`.

    >>> scale_caption({"Vanilla": 0.0123, "Smoothed": 3.4e-5}, "fixed at epoch 1")
    'dark = ignored, bright = looked at (one scale for all epochs, fixed at epoch 1: Vanilla 0.0123, Smoothed 3.4e-05)'
    """
    numbers = ", ".join(f"{title} {number:.3g}" for title, number in scales.items())
    beside = f"; {', '.join(own)}: {_OWN_LARGEST if bars else _OWN_SCALE}" if own else ""
    return f"{_SIGNED_MEANING if signed else _MEANING} (one scale for all epochs, {origin}: {numbers}{beside})"


class Legend(NamedTuple):
    """A colour bar from `low` to `high` with its caption, in its place."""

    left: int
    top: int
    caption: Lettering
    low: Lettering
    high: Lettering
    low_width: int
    bar: np.ndarray  # (h, w, 3) uint8
    gap: int
    beside: bool

    @property
    def bar_right(self) -> int:
        """The end of the bar and its `high`, from the left of the legend."""
        return self.low_width + self.bar.shape[1] + self.high.width + 2 * self.gap

    @property
    def width(self) -> int:
        beside = self.bar_right + 2 * self.gap + self.caption.width
        return beside if self.beside else max(self.bar_right, self.caption.width)

    @property
    def height(self) -> int:
        heights = self.low.height, self.caption.height
        return max(heights) if self.beside else sum(heights) + self.gap

    def paint(self, canvas: Canvas) -> None:
        """Draw it where it was measured for."""
        write(canvas, self.low, (self.left + self.low_width - self.low.width, self.top), self.low.width, INK)
        left = self.left + self.low_width + self.gap
        height, width = self.bar.shape[:2]
        top = self.top + (self.low.height - height) // 2
        canvas.paste(self.bar, left, top)
        write(canvas, self.high, (left + width + self.gap, self.top), self.high.width, INK)
        if self.beside:
            corner = (self.left + self.bar_right + 2 * self.gap, self.top)
        else:
            corner = (self.left, self.top + self.low.height + self.gap)
        write(canvas, self.caption, corner, self.caption.width, FAINT, centered=False)


def measure_legends(
    columns: Iterable[Column], captions: tuple[str, str], width: int, corner: tuple[int, int], sizes: Sizes
) -> list[Legend]:
    """Fit one legend for the masks and one for the signed maps into a width, if there are any.

    Args:
        columns: All that the figure shows.
        captions: What the colours of masks, and those of signed maps, mean.
        width: Of the figure without its margins.
        corner: The left and top of the first; the second stands below it.
        sizes: The lengths of the figure.

    Returns:
        The legends in their places, wider than `width` only if the two ends of a bar are.
    """
    kinds = {type(column) for column in columns}
    wanted = [
        (str(low).replace("-", "\u2212"), np.linspace(low, 1, 511, dtype=np.float32), color, caption)
        for (kind, low, color), caption in zip(_BARS, captions, strict=True)
        if kind in kinds
    ]
    low_width = max((fit(low, width, width, sizes.caption).width for low, *_ in wanted), default=0)
    legends: list[Legend] = []
    left, top = corner
    for low, ramp, color, caption in wanted:
        legends.append(_measure(low, color(ramp), caption, low_width, width, (left, top), sizes))
        top += legends[-1].height + sizes.bar_gap
    return legends


def _measure(
    low: str, colors: np.ndarray, caption: str, low_width: int, width: int, corner: tuple[int, int], sizes: Sizes
) -> Legend:
    size, gap = sizes.caption, sizes.bar_gap
    start, end = (fit(text, width, width, size) for text in (low, "1"))
    bar_width = max(1, min(sizes.bar_width, width - low_width - end.width - 2 * gap))
    ramp = colors[np.linspace(0, len(colors) - 1, bar_width).round().astype(int)]
    rest = width - low_width - end.width - bar_width - 4 * gap
    beside = rest >= sizes.caption_least and len(spread(caption, rest, size).lines) <= _LINES_BESIDE
    lettering = spread(caption, rest if beside else width, size)
    bar = np.repeat(ramp[None], sizes.bar_height, axis=0)
    return Legend(*corner, lettering, start, end, low_width, bar, gap, beside)

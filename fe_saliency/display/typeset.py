"""Text that fits its box: measured, wrapped, shrunk and, only then, cut."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.colors import Color

ELLIPSIS = "\u2026"
NO_BREAK = "\u00a0"  # A space at which no line ends
_SPACES = re.compile(rf"[^\S{NO_BREAK}]+")
_PIECE = re.compile(rf"(?:[^\s_\-/]|{NO_BREAK})*[_\-/]+|(?:[^\s_\-/]|{NO_BREAK})+")  # Lines may end after these marks
_LONGEST = 400  # Letters; of a whole document, more would be cut in any case


class Lettering(NamedTuple):
    """Lines of text in one font."""

    lines: tuple[str, ...]
    size: int
    bold: bool

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        return font(self.size, self.bold)

    @property
    def leading(self) -> int:
        """Pixels from one line to the next."""
        return sum(self.font.getmetrics())

    @property
    def width(self) -> int:
        return max((text_width(line, self.size, self.bold) for line in self.lines), default=0)

    @property
    def height(self) -> int:
        return self.leading * len(self.lines)


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, as it comes with Matplotlib: the same letters on every machine."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = str(Path(get_data_path(), "fonts", "ttf", name))
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=16384)
def text_width(text: str, size: int, bold: bool = False) -> int:
    """The width of one line, in whole pixels, with what overhangs its last letter."""
    face = font(size, bold)
    return max(ceil(face.getlength(text)), int(face.getbbox(text)[2]))


def longest_piece(text: str, size: int, bold: bool = False) -> int:
    """The width below which a word would have to be broken."""
    return max((text_width(piece, size, bold) for piece in _PIECE.findall(text)), default=0)


@lru_cache(maxsize=4096)
def fit(text: str, width: int, height: int, size: int, smallest: int | None = None, bold: bool = False) -> Lettering:
    """The largest lettering of `text` that stays inside a box.

    Lines break at spaces and after `_`, `-` and `/`. The letters shrink until that is enough; at
    the smallest size words are broken too, into equal parts, and what still does not fit ends in an ellipsis.

    Args:
        text: Any text; runs of white space count as one space, but for `NO_BREAK`.
        width: Of the box, in pixels.
        height: Of the box, in pixels.
        size: The largest font size.
        smallest: The smallest one; the largest, if None.
        bold: Whether the letters are bold.

    Returns:
        The lines and their font; at least one line.
    """
    text = _SPACES.sub(" ", text).strip()
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + ELLIPSIS
    last = size if smallest is None else min(smallest, size)
    for points in range(size, last - 1, -1):
        lettering = Lettering(tuple(wrap(text, width, points, bold)), points, bold)
        if lettering.height <= height and lettering.width <= width:
            return _balance(text, lettering)
    return _cut(lettering, width, height)


@lru_cache(maxsize=256)
def spread(text: str, width: int, size: int) -> Lettering:
    """All of `text` in one font, on as many lines as that takes; only a word that is wider than a line is broken."""
    lines = wrap(_SPACES.sub(" ", text), width, size)
    return Lettering(tuple(part for line in lines for part in _evenly_broken(line, width, size, False)), size, False)


def shorten(text: str, width: int, size: int) -> Lettering:
    """`text` on one line; what is too long lacks its middle, for names often differ at one of their ends."""
    line = text
    for kept in range(len(text) - 1, 1, -1):
        if text_width(line, size) <= width:
            break
        line = text[: (kept + 1) // 2] + ELLIPSIS + text[-(kept // 2) :]
    return Lettering((line,), size, False)


def wrap(text: str, width: int, size: int, bold: bool = False) -> list[str]:
    """As much as fits on each line; a word that is wider than a line stays whole."""
    lines: list[str] = []
    for word in _SPACES.split(text.strip()):
        for number, piece in enumerate(_PIECE.findall(word) or [word]):
            glue = "" if number else " "
            if lines and text_width(lines[-1] + glue + piece, size, bold) <= width:
                lines[-1] += glue + piece
            else:
                lines.append(piece)
    return lines


def _balance(text: str, lettering: Lettering) -> Lettering:
    """As many lines, but as narrow as they can be: no last line of a single short word."""
    return _narrowed(lettering, lambda width: wrap(text, width, lettering.size, lettering.bold))


def _narrowed(lettering: Lettering, lines: Callable[[int], list[str]]) -> Lettering:
    """The narrowest lettering of as many lines; `lines` gives those of a width."""
    low, high = lettering.width // max(1, len(lettering.lines)), lettering.width
    while low < high:
        middle = (low + high) // 2
        tried = lettering._replace(lines=tuple(lines(middle)))
        if len(tried.lines) == len(lettering.lines) and tried.width <= middle:
            lettering, high = tried, middle
        else:
            low = middle + 1
    return lettering


def _cut(lettering: Lettering, width: int, height: int) -> Lettering:
    """Words broken, and what exceeds the height left out."""
    size, bold = lettering.size, lettering.bold
    lines = [part for line in lettering.lines for part in _evenly_broken(line, width, size, bold)]
    room = max(1, height // lettering.leading)
    if len(lines) > room:
        last = _head(lines[room - 1], width - text_width(ELLIPSIS, size, bold), size, bold)
        lines = lines[: room - 1] + [last + ELLIPSIS]
    return Lettering(tuple(lines), size, bold)


def _evenly_broken(line: str, width: int, size: int, bold: bool) -> tuple[str, ...]:
    broken = Lettering(tuple(_broken(line, width, size, bold)), size, bold)
    return _narrowed(broken, lambda narrow: _broken(line, narrow, size, bold)).lines


def _broken(line: str, width: int, size: int, bold: bool) -> list[str]:
    """A line in parts that are not wider than `width`, unless they are single letters."""
    parts: list[str] = []
    while text_width(line, size, bold) > width and len(line) > 1:
        parts.append(_head(line, width, size, bold))
        line = line[len(parts[-1]) :]
    return [*parts, line]


def _head(line: str, width: int, size: int, bold: bool) -> str:
    """As much of a line as fits, one letter at the least."""
    keep = len(line)
    while keep > 1 and text_width(line[:keep], size, bold) > width:
        keep -= 1
    return line[:keep]


def write(
    canvas: Canvas,
    lettering: Lettering,
    corner: tuple[int, int],
    width: int,
    color: Color,
    centered: bool = True,
) -> None:
    """Put lettering on the picture.

    Args:
        canvas: Where to draw.
        lettering: What to draw.
        corner: Left and top of the box, in pixels.
        width: Of the box, in pixels.
        color: Of the letters.
        centered: Whether lines are centred in the box, or start at its left.
    """
    left, top = corner
    leading = lettering.leading
    for line in lettering.lines:
        indent = (width - text_width(line, lettering.size, lettering.bold)) // 2 if centered else 0
        stencil, (right, down) = _stencil(line, lettering.size, lettering.bold)
        canvas.stamp(stencil, left + indent + right, top + down, color)
        top += leading


@lru_cache(maxsize=256)
def _stencil(line: str, size: int, bold: bool) -> tuple[np.ndarray, tuple[int, int]]:
    """One line as a mask of its ink, and how far that lies from the line's left and top: most stand in every figure."""
    face = font(size, bold)
    left, top, right, bottom = face.getbbox(line)
    corner = floor(left), floor(top)
    stencil = Image.new("L", (max(1, ceil(right) - corner[0]), max(1, ceil(bottom) - corner[1])))
    ImageDraw.Draw(stencil).text((-corner[0], -corner[1]), line, font=face, fill=255)
    return np.repeat(np.asarray(stencil)[..., None], 3, axis=2), corner

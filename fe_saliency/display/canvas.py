"""What pictures are drawn on: an array of pixels, which PIL would have to copy twice."""

from __future__ import annotations

import numpy as np

from fe_saliency.display.colors import FRAME, PAPER, Color


class Canvas:
    """A picture that is drawn on; what falls outside is left out.

    Args:
        pixels: (H, W, 3) uint8, contiguous; it is changed in place.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self._lines = pixels.view()  # Lines of numbers are filled far faster than pixels of three.
        self._lines.shape = (len(pixels), -1)

    @classmethod
    def blank(cls, width: int, height: int) -> Canvas:
        """White paper of this size."""
        return cls(np.full((height, width, 3), PAPER[0], np.uint8))

    def fill(self, left: int, top: int, right: int, bottom: int, color: Color) -> None:
        """Fill the box from `left` and `top` to `right` and `bottom`, which are part of it."""
        left, top = max(0, left), max(0, top)
        box = self._lines[top : max(0, bottom + 1), 3 * left : 3 * max(0, right + 1)]
        box[...] = np.tile(np.array(color, np.uint8), box.shape[1] // 3)

    def paste(self, picture: np.ndarray, left: int, top: int) -> None:
        """Put a picture (h, w, 3) there, with a thin frame around it."""
        height, width = picture.shape[:2]
        self.fill(left - 1, top - 1, left + width, top + height, FRAME)
        across, down = max(0, -left), max(0, -top)
        box = self.pixels[top + down : max(0, top + height), left + across : max(0, left + width)]
        box[...] = picture[down : down + box.shape[0], across : across + box.shape[1]]

    def stamp(self, stencil: np.ndarray, left: int, top: int, color: Color) -> None:
        """Put ink there, as thick as `stencil` (h, w, 3) says: uint8, 255 where nothing shines through."""
        across, down = max(0, -left), max(0, -top)
        height, width = stencil.shape[:2]
        box = self._lines[top + down : max(0, top + height), 3 * (left + across) : 3 * max(0, left + width)]
        seen = stencil[down : down + box.shape[0], across : across + box.shape[1] // 3]
        cover = seen.reshape(box.shape).astype(np.uint16)
        ink = np.tile(np.array(color, np.uint16), seen.shape[1])
        mixed = cover * ink + (255 - cover) * box + 128  # 255 ** 2 + 128 at most: it fits into 16 bits.
        box[...] = (mixed + (mixed >> 8)) >> 8

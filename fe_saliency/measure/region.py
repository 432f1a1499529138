"""What a batch holds under a region key, masks or boxes, as regions of the picture."""

from __future__ import annotations

import numpy as np

_COUNTS = 0.5  # The least value of a mask that counts


def regions(value: np.ndarray, height: int, width: int, name: str) -> np.ndarray:
    """The pixels that are meant, from masks or boxes in the formats of FastEstimator's datasets and displays.

    The shape tells which. Masks are (B, H, W), (B, H, W, N) or (B, N, H, W) with the picture's own H and W. Boxes are
    (B, 4), (B, 5), (B, N, 4) or (B, N, 5). What could be either is masks, and what could be N masks on either side has
    them last.

    Masks: of N, a pixel is in the region if it is in any. Values from 0.5 on count, of whatever type: True, 1, a class
    number, 255; of soft masks what is more likely inside than not. Where the soft edges of a mask in 0..255 should not
    count, cut it first, `mask > 127`. One-hot segmentations, as of FastEstimator's PascalVoc, have a channel for the
    background, which is to be left out first.

    Boxes: (x0, y0, width, height[, label]) in pixels, (x0, y0) being the top left corner, as in FastEstimator's
    displays and its MSCOCO and SVHN; its PascalVoc has (xmin, ymin, xmax, ymax) instead, to be converted first. Pixel i
    reaches from i to i + 1 and is in the box if its centre is, so that whole numbers give exactly width x height
    pixels; the pixel that holds the box's own centre always is, so that no box is lost for being thin. Boxes whose
    width or height is not above 0, and those of padding, are left out, and what lies beyond the picture is cut.

    Args:
        value: What the batch holds; a row without region has an empty mask, or padding for boxes.
        height: H of the picture, in pixels.
        width: W of the picture, in pixels.
        name: The batch's key, for messages.

    Returns:
        bool of shape (B, H, W).

    Raises:
        TypeError: If the value holds no real numbers.
        ValueError: If it has no such shape, or a value is not finite.
    """
    value = np.asarray(value)
    if value.dtype.kind not in "buif":
        raise TypeError(
            f"`{name}` (of {value.dtype}) must hold masks or boxes in real numbers: cast them, and give the labels of "
            "boxes as numbers, or none."
        )
    if not np.isfinite(value).all():
        raise ValueError(
            f"`{name}` (of shape {value.shape}) has NaN or infinite values, and must be finite: fill masks with 0, and "
            "pad boxes with 0 or -1."
        )
    if value.ndim == 3 and value.shape[1:] == (height, width):
        return np.asarray(value >= _COUNTS)
    if value.ndim == 4 and value.shape[1:3] == (height, width):
        return np.asarray((value >= _COUNTS).any(axis=3))
    if value.ndim == 4 and value.shape[2:] == (height, width):
        return np.asarray((value >= _COUNTS).any(axis=1))
    if value.ndim in (2, 3) and value.shape[-1] in (4, 5):
        return _boxes(value if value.ndim == 3 else value[:, None], height, width)
    raise ValueError(
        f"`{name}` (of shape {value.shape}) must hold masks of the picture's size, (B, {height}, {width}), "
        f"(B, {height}, {width}, N) or (B, N, {height}, {width}), or boxes (x0, y0, width, height[, label]), (B, 4), "
        "(B, 5), (B, N, 4) or (B, N, 5): resize masks together with the pictures, and give every row as many boxes, "
        "padded with 0."
    )


def _boxes(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """(B, N, 4 or 5) -> (B, H, W)."""
    x0, y0, wide, high = (boxes[..., each, None].astype(np.float64) for each in range(4))
    kept = (wide > 0) & (high > 0)
    across = _span(x0, wide, width) & kept
    down = _span(y0, high, height) & kept
    # A pixel is inside if any of the N boxes has both its row and its column: a product of matrices counts those boxes.
    count: np.ndarray = np.swapaxes(down, 1, 2).astype(np.float32) @ across.astype(np.float32)
    return count > 0


def _span(start: np.ndarray, length: np.ndarray, count: int) -> np.ndarray:
    """Which of `count` pixels a stretch takes: (B, N, 1) -> (B, N, count)."""
    pixel = np.arange(count)
    covered = (pixel + 0.5 >= start) & (pixel + 0.5 < start + length)
    inside: np.ndarray = covered | (pixel == np.floor(start + length / 2))
    return inside

"""The mask, or the signed map, laid over its image."""

import numpy as np

from fe_saliency.display.channels import to_gray
from fe_saliency.display.colors import colorize, colorize_signed

# The colour's share where the mask is 0, which darkens the image, and where it is 1
_LEAST, _MOST = 0.35, 0.9


def blend(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The image in grey where it was ignored, glowing where it was looked at.

    Every pixel is `(1 - w) * grey + w * colour(mask)`, with w from 0.35 to 0.9 in proportion to
    the mask: a convex blend, so it lies between the image and the colour whatever the range of the
    input was. No row depends on another.

    Args:
        images: Floats in [0, 1], channels last, as `to_unit` returns them:
            (B, H, W, C), (B, H, W), (B, F), (B, T, C), (B, D, H, W, C).
        masks: Floats in [0, 1] over the same positions, with a channel axis of length 1 or none:
            (B, H, W, 1), (B, H, W), (B, F), (B, T, 1), (B, D, H, W, 1).

    Returns:
        float32 in [0, 1], with three colours in the last axis: (B, H, W, 3), (B, D, H, W, 3),
        and (B, 1, F, 3) or (B, 1, T, 3) for the rows of a table and for signals.

    Raises:
        ValueError: If the positions differ, or a value is outside [0, 1].
    """
    gray, heat = _positions(np.asarray(images), np.asarray(masks), "masks")
    _check_range("images", gray, "to_unit", 0)
    _check_range("masks", heat, "to_mask", 0)
    return _mix(gray, colorize(heat), _LEAST + (_MOST - _LEAST) * heat.astype(np.float32))


def blend_signed(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """The image in grey, red where it raises the score and blue where it lowers it.

    Every pixel is `(1 - w) * grey + w * colour(map)`, with w from 0 to 0.9 in proportion to |map|: where the map is
    zero, the image is as it was.

    Args:
        images: Floats in [0, 1], as for `blend`.
        maps: Floats in [-1, 1], as `to_signed` returns them, over the same positions, with a channel axis of length
            1 or none.

    Returns:
        float32 in [0, 1], of the shapes that `blend` returns.

    Raises:
        ValueError: If the positions differ, or a value is out of its range.
    """
    gray, values = _positions(np.asarray(images), np.asarray(maps), "maps")
    _check_range("images", gray, "to_unit", 0)
    _check_range("maps", values, "to_signed", -1)
    return _mix(gray, colorize_signed(values), _MOST * np.abs(values.astype(np.float32)))


def _mix(gray: np.ndarray, colors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    weight = weight[..., None]
    mixed = gray[..., None].astype(np.float32) * (1 - weight) + colors / np.float32(255) * weight
    # Rounding may step over the hull by one unit in the last place.
    clipped: np.ndarray = np.clip(mixed, 0, 1)
    return clipped


def _check_range(name: str, values: np.ndarray, remedy: str, low: int) -> None:
    if values.size and not (values.min() >= low and values.max() <= 1):
        raise ValueError(f"`{name}` (from {values.min()} to {values.max()}) must be in [{low}, 1]: use `{remedy}`.")


def _positions(images: np.ndarray, masks: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Both without channels, at the same positions: (B, ..., W)."""
    if masks.ndim == images.ndim == 3 and masks.shape[-1] == 1:
        gray, heat = images.mean(axis=-1), masks[..., 0]  # Three signals are not red, green, blue
    elif masks.ndim == images.ndim > 3 and masks.shape[-1] == 1:
        gray, heat = to_gray(images), masks[..., 0]
    elif masks.ndim == images.ndim - 1 and images.ndim > 3:
        gray, heat = to_gray(images), masks
    else:
        gray, heat = images, masks
    if gray.shape != heat.shape or gray.ndim < 2:
        raise ValueError(
            f"`{name}` (of shape {masks.shape}) must cover the positions of `images` (of shape "
            f"{images.shape}) with one channel or none: bring the channels of both to the end with "
            "`channels_last`."
        )
    return (gray[:, None], heat[:, None]) if gray.ndim == 2 else (gray, heat)

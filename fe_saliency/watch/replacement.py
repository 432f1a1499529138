"""Images without the content of a region: what would the model say if it could not see it?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from fe_saliency import patterns

#: The standard deviation of the blur, as a share of the image's shorter side.
BLUR = 0.125


def replaced(images: np.ndarray, region: np.ndarray, how: str, channel_axis: int, seed: int = 0) -> np.ndarray:
    """Images whose content in the region is replaced; outside of it nothing changes.

    Any replacement may be an artefact that the model reacts to (a grey square is something, too), so several should
    agree before anything is concluded. Constants, noise and blur are those of Fong and Vedaldi, "Interpretable
    explanations of black boxes by meaningful perturbation", 2017 (1704.03296).

    Args:
        images: (B, H, W, C), or channels-first (B, C, H, W).
        region: bool (B, H, W).
        how: "blur", a Gaussian blur of what is outside of the region (a normalised convolution, so that nothing of the
            region's own content is left), with a standard deviation of an eighth of the image's shorter side, and the
            mean where that is out of reach; "mean", the mean of what is outside, for each row and channel; "noise",
            Gaussian noise of the mean and the standard deviation of what is outside, for each row and channel, clipped
            to the row's range.
        channel_axis: -1 for channels-last, 1 for channels-first.
        seed: Of the noise, 0 to 2 ** 64 - 1. It is the same on every backend, another for each row, and independent of
            the global generators.

    Returns:
        A new array of the shape of `images`, in their dtype; float32 if that is no floating one.

    Raises:
        ValueError: An unknown `how`, shapes that do not fit, or a row of which nothing is outside of the region.
        TypeError: A region that is not bool.
    """
    if how not in FILLS:
        raise ValueError(f"`how` (={how!r}) must be one of {', '.join(map(repr, FILLS))}.")
    found = np.array(images, dtype=images.dtype if images.dtype.kind == "f" else np.float32)
    if found.ndim != 4:
        raise ValueError(f"`images` (of shape {found.shape}) must be (B, H, W, C), or channels-first (B, C, H, W).")
    pixels = np.moveaxis(found, channel_axis, -1)
    _check(region, pixels.shape[:3])
    np.copyto(pixels, FILLS[how](pixels.astype(np.float64), region, seed), where=region[..., None], casting="same_kind")
    return found


def _check(region: np.ndarray, shape: tuple[int, ...]) -> None:
    if region.dtype != bool:
        raise TypeError(f"`region` (of {region.dtype}) must be bool: say which values count, `region > 0`.")
    if region.shape != shape:
        raise ValueError(f"`region` (of shape {region.shape}) must be (B, H, W) of the images, {shape}.")
    full = np.flatnonzero(region.all(axis=(1, 2)))
    if full.size:
        raise ValueError(
            f"`region` covers all of row(s) {full[:10].tolist()}: nothing is outside of it that could replace it."
        )


def _blur(pixels: np.ndarray, region: np.ndarray, seed: int) -> np.ndarray:
    sigma = BLUR * min(pixels.shape[1:3])
    outside = (~region[..., None]).astype(np.float64)

    def blurred(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, (0, sigma, sigma, 0), mode="constant", truncate=3)

    mean = _mean(pixels, region, seed)
    # Where nothing is in reach both are 0.
    return mean + blurred((pixels - mean) * outside) / (blurred(outside) + 1e-12)


def _mean(pixels: np.ndarray, region: np.ndarray, seed: int) -> np.ndarray:
    return pixels.mean(axis=(1, 2), keepdims=True, where=~region[..., None])


def _noise(pixels: np.ndarray, region: np.ndarray, seed: int) -> np.ndarray:
    spread = pixels.std(axis=(1, 2), keepdims=True, where=~region[..., None])
    noise = patterns.normal(seed, 0, range(len(pixels)), pixels.shape[1:], -1)
    low, high = (end(axis=(1, 2, 3), keepdims=True) for end in (pixels.min, pixels.max))
    return np.clip(_mean(pixels, region, seed) + spread * noise, low, high)


#: Of pixels (B, H, W, C) in float64, a region and a seed: what takes the region's place, broadcast to the pixels.
FILLS: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {"blur": _blur, "mean": _mean, "noise": _noise}

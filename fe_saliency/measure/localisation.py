"""Whether attention lies where it should, or where it should not: heat against a region.

Pixels that are equally hot have no order. Where one is needed they count at the share that a random order would give
them on average, so that no measure depends on where in the picture a pixel stands.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from fe_saliency.measure.rows import as_rows, heat_rows, known, ratio, varied


def mass_share(heat: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The share of the heat that lies in the region.

    The "relevance mass accuracy" of Arras, Osman and Samek, "CLEVR-XAI: A benchmark dataset for the ground truth
    evaluation of neural network explanations", 2022 (2003.07258). To be read against `area_share`: heat that knows
    nothing of the region has as much of it as the region has of the picture.

    Args:
        heat: (B, ...), at least 0.
        region: Booleans of the same shape.

    Returns:
        (B,) in [0, 1]; NaN where the region is empty, or the heat is zero everywhere or not finite.

    Raises:
        TypeError: If the heat holds no real numbers, or the region no booleans.
        ValueError: If the shapes differ, or a value is negative.
    """
    rows, inside = _rows(heat, region)
    return known(ratio((rows * inside).sum(axis=1), rows.sum(axis=1)), inside.any(axis=1))


def area_share(region: np.ndarray) -> np.ndarray:
    """The share of the pixels that lie in the region.

    Args:
        region: Booleans, (B, ...).

    Returns:
        (B,) in (0, 1]; NaN where the region is empty, so that means of this and of `mass_share` are over the same rows.

    Raises:
        TypeError: If the region holds no booleans.
        ValueError: If it is not (B, ...) with at least one value per row.
    """
    inside = _region_rows(region)
    return known(inside.mean(axis=1), inside.any(axis=1))


def rank_accuracy(heat: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Of the k hottest pixels, the share in the region, where k is the number of pixels that the region has.

    The "relevance rank accuracy" of Arras, Osman and Samek, 2022 (2003.07258). Of pixels that tie for the last places,
    as many count as would on average.

    Args:
        heat: (B, ...), at least 0.
        region: Booleans of the same shape.

    Returns:
        (B,) in [0, 1]; NaN where the region is empty, or the heat is constant or not finite.

    Raises:
        TypeError: If the heat holds no real numbers, or the region no booleans.
        ValueError: If the shapes differ, or a value is negative.
    """
    rows, inside = _rows(heat, region)
    size = inside.sum(axis=1)
    last = np.take_along_axis(np.sort(rows, axis=1), np.minimum(-size, -1)[:, None], axis=1)
    above, tied = rows > last, rows == last
    places = size - above.sum(axis=1)
    hits = (above & inside).sum(axis=1) + places * (tied & inside).sum(axis=1) / tied.sum(axis=1)
    return known(ratio(hits, size), varied(rows))


def pointing_game(heat: np.ndarray, region: np.ndarray, tolerance: float = 0) -> np.ndarray:
    """Whether the hottest pixel lies in the region: 1 for a hit, 0 for a miss.

    Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2018 (1608.00507), for whom a point within 15
    pixels of the object still hits. That suits photographs; on 28 x 28 pixels it would hit almost anything, so that
    here nothing is allowed unless asked for. If several pixels are hottest, their share of hits counts.

    Args:
        heat: (B, ...), at least 0.
        region: Booleans of the same shape.
        tolerance: How far from the region's nearest pixel a point may lie, in pixels from centre to centre.

    Returns:
        (B,) in [0, 1], 0 or 1 but for ties; NaN where the region is empty, or the heat is constant or not finite.

    Raises:
        TypeError: If the heat holds no real numbers, the region no booleans, or the tolerance is no number.
        ValueError: If the shapes differ, a value is negative, or the tolerance is.
    """
    _check_tolerance(tolerance)
    rows, inside = _rows(heat, region)
    hottest = rows == rows.max(axis=1, keepdims=True)
    hit = inside
    if tolerance > 0:
        distances = [distance_transform_edt(~one) for one in np.asarray(region)]
        hit = np.reshape(distances, rows.shape) <= tolerance
    share = (hottest & hit).sum(axis=1) / hottest.sum(axis=1)
    return known(share, varied(rows) & inside.any(axis=1))


def _rows(heat: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heat and region, both (B, n)."""
    if np.shape(heat) != np.shape(region):
        raise ValueError(
            f"`region` (of shape {np.shape(region)}) must have the shape of `heat`, {np.shape(heat)}: "
            "make it with `fe_saliency.measure.regions` for the height and width of the heat."
        )
    return heat_rows(heat), _region_rows(region)


def _region_rows(region: np.ndarray) -> np.ndarray:
    region = np.asarray(region)
    if region.dtype != bool:
        raise TypeError(
            f"`region` (of {region.dtype}) must hold booleans: make it with `fe_saliency.measure.regions`, "
            "or say which values count, `region > 0`."
        )
    return as_rows(region, "region").astype(bool)


def _check_tolerance(tolerance: float) -> None:
    if isinstance(tolerance, bool) or not hasattr(tolerance, "__float__"):
        raise TypeError(f"`tolerance` (={tolerance!r}) must be a number, not {type(tolerance).__name__}.")
    if not 0 <= float(tolerance) < float("inf"):
        raise ValueError(f"`tolerance` (={tolerance}) must be a finite number of at least 0: a distance in pixels.")

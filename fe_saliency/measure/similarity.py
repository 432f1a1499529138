"""How alike two maps of the same sample are: what drifts from one epoch to another."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from fe_saliency.measure.rows import finite_rows, heat_rows, known, ratio, varied

_SIGMA, _RADIUS = 1.5, 5  # Of Wang's window, in pixels
_C1, _C2 = 0.01**2, 0.03**2  # Wang's constants for a data range of 1


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of two heats: whether they order the pixels alike.

    Ties share their average rank. Only the order counts, so one bright pixel decides nothing, as it may in a plain
    correlation. Proposed for saliency maps by Adebayo et al., "Sanity Checks for Saliency Maps", 2018 (1810.03292).

    Args:
        a: A heat, (B, ...).
        b: Another of the same shape. Heats of several model inputs: `rank_correlation(flat(heats), flat(others))`.

    Returns:
        (B,) in [-1, 1]; NaN where either heat is constant or not finite.

    Raises:
        TypeError: If the values are no real numbers.
        ValueError: If the shapes differ, or a value is negative.
    """
    _check_same_shape(a, b)
    ranks = [rankdata(heat_rows(heat, name), axis=1) for heat, name in ((a, "a"), (b, "b"))]
    # The mean of n ranks is (n + 1) / 2, exactly: a constant row becomes zeros.
    return _cosine(*(rank - (rank.shape[1] + 1) / 2 for rank in ranks))


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cosine of the angle between two raw maps, signs included.

    A raw map is a direction in the input's space, and its sign says whether a pixel speaks for the class or against it.
    Taken of raw maps, the cosine sees a change of side, to which heats are blind; and the heats' own cosine is never
    below 0 and seldom far from 1.

    Args:
        a: A raw, signed map, (B, ...).
        b: Another of the same shape. Maps of several model inputs: `cosine(flat(maps), flat(others))`.

    Returns:
        (B,) in [-1, 1]; NaN where either map is zero everywhere or not finite.

    Raises:
        TypeError: If the values are no real numbers.
        ValueError: If the shapes differ.
    """
    _check_same_shape(a, b)
    return _cosine(finite_rows(a, "a"), finite_rows(b, "b"))


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The structural similarity of two heats, each on its own scale: whether they look alike.

    The mean of Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004, with
    their Gaussian window (11 pixels, standard deviation 1.5) and constants (K1 = 0.01, K2 = 0.03). What they leave
    open, or what maps need otherwise:

    - Data range: each heat is divided by its own maximum, and L = 1. The size of gradients changes all through a
      training; what is asked here is where they are.
    - Border: every pixel has a window, mirrored at the border, where Wang leaves out the windows that reach beyond.
      Small maps then need no rule of their own, and what stands in a corner, as shortcuts like to, counts as much as
      the rest.
    - (B, F), signals and tables: one window, the whole row with equal weights, since the order of columns may mean
      nothing.

    Args:
        a: A heat, (B, F), (B, H, W) or (B, D, H, W).
        b: Another of the same shape. Of several model inputs, each has its own.

    Returns:
        (B,), at most 1; NaN where either heat is constant or not finite.

    Raises:
        TypeError: If the values are no real numbers.
        ValueError: If the shapes differ, or a value is negative.
    """
    _check_same_shape(a, b)
    shape = np.shape(a)
    rows = [heat_rows(heat, name) for heat, name in ((a, "a"), (b, "b"))]
    defined = varied(rows[0]) & varied(rows[1])
    x, y = (np.where(defined[:, None], ratio(one, one.max(axis=1, keepdims=True)), 0).reshape(shape) for one in rows)
    mean_x, mean_y = _windows(x), _windows(y)
    var_x, var_y = _windows(x * x) - mean_x * mean_x, _windows(y * y) - mean_y * mean_y
    covariance = _windows(x * y) - mean_x * mean_y
    brightness = (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
    structure = (2 * covariance + _C2) / (var_x + var_y + _C2)
    return known((brightness * structure).mean(axis=tuple(range(1, len(shape)))), defined)


def _windows(values: np.ndarray) -> np.ndarray:
    """The weighted mean around each pixel; of (B, F), that of the row, (B, 1)."""
    if values.ndim == 2:
        mean: np.ndarray = values.mean(axis=1, keepdims=True)
        return mean
    sigmas = (0, *[_SIGMA] * (values.ndim - 1))
    around: np.ndarray = gaussian_filter(values, sigmas, mode="reflect", truncate=_RADIUS / _SIGMA)
    return around


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of rows, (B, n): (B,), NaN where either is zero."""
    norms = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.clip(ratio((a * b).sum(axis=1), norms), -1, 1)


def _check_same_shape(a: np.ndarray, b: np.ndarray) -> None:
    if np.shape(a) != np.shape(b):
        raise ValueError(
            f"`a` (of shape {np.shape(a)}) and `b` (of shape {np.shape(b)}) must have the same shape: "
            "give maps of the same samples and the same model input."
        )

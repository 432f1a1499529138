"""Maps that say nothing, and the mean of what is known."""

from __future__ import annotations

import numpy as np

from fe_saliency.measure.rows import heat_rows, varied


def unusable(heat: np.ndarray) -> np.ndarray:
    """Which maps say nothing about where the network looks: those that are flat or hold a non-finite value.

    Their mean is the share of such maps, a number to watch: dead or saturated units give flat maps, an overflow
    non-finite ones.

    Args:
        heat: (B, ...), at least 0. A raw map may be flat only in its heat, such as one of +1 and -1.

    Returns:
        bool of shape (B,): True where the heat is the same everywhere (zero or not), or NaN or infinite anywhere.

    Raises:
        TypeError: If the heat holds no real numbers.
        ValueError: If a value is negative, or a row has none.
    """
    return ~varied(heat_rows(heat))


def mean_known(values: np.ndarray) -> float:
    """The mean of all values but NaN, which stands for what is not defined; NaN if nothing is left.

    Args:
        values: Of any shape.
    """
    values = np.asarray(values, dtype=np.float64)
    left = values[~np.isnan(values)]
    return float(left.mean()) if left.size else float("nan")

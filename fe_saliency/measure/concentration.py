"""Whether attention lies on few pixels or on all."""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from fe_saliency.measure.rows import heat_rows, ratio


def gini(heat: np.ndarray) -> np.ndarray:
    """The Gini index: 0 if all pixels are equally hot, 1 - 1/n if one of n has all the heat.

    As Hurley and Rickard, "Comparing Measures of Sparsity", 2009 (0811.4706) define it, and Chalasani et al., "Concise
    Explanations of Neural Networks using Adversarial Training", 2020 (1810.06583) use it for attributions: with the
    heats in ascending order, h_1 <= ... <= h_n,

        1 - 2 * sum_k h_k / sum(h) * (n - k + 1/2) / n  =  sum_k (2k - n - 1) * h_k / (n * sum(h)).

    Args:
        heat: (B, ...), at least 0.

    Returns:
        (B,) in [0, 1); NaN where the heat is zero everywhere or not finite.

    Raises:
        TypeError: If the heat holds no real numbers.
        ValueError: If a value is negative, or a row has none.
    """
    rows = np.sort(heat_rows(heat), axis=1)
    count = rows.shape[1]
    weights = 2 * np.arange(1, count + 1) - count - 1
    return np.maximum(ratio((rows * weights).sum(axis=1), count * rows.sum(axis=1)), 0)  # Rounding may fall below 0


def entropy(heat: np.ndarray) -> np.ndarray:
    """Shannon's entropy of the heat, taken as a distribution over the pixels, in nats.

    -sum(p * log(p)) with p = h / sum(h), Shannon, "A Mathematical Theory of Communication", 1948; as a measure of the
    complexity of attributions: Bhatt et al., "Evaluating and Aggregating Feature-based Model Explanations", 2020
    (2005.00631).

    Args:
        heat: (B, ...), at least 0.

    Returns:
        (B,), 0 if one pixel has all the heat, log(n) if n pixels share it equally; NaN where the heat is zero
        everywhere or not finite.

    Raises:
        TypeError: If the heat holds no real numbers.
        ValueError: If a value is negative, or a row has none.
    """
    rows = heat_rows(heat)
    total: np.ndarray = entr(ratio(rows, rows.sum(axis=1, keepdims=True))).sum(axis=1)
    return total


def effective_pixels(heat: np.ndarray) -> np.ndarray:
    """On how many pixels attention rests: exp(entropy), the perplexity; 1 to n, in pixels.

    A heat that m pixels share equally has m. Jost, "Entropy and diversity", 2006, on why this, not the entropy, is a
    number of things.

    Args:
        heat: (B, ...), at least 0.

    Returns:
        (B,); NaN where the heat is zero everywhere or not finite.

    Raises:
        TypeError: If the heat holds no real numbers.
        ValueError: If a value is negative, or a row has none.
    """
    return np.exp(entropy(heat))

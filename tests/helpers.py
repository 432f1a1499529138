"""Measures and small calls that several tests use."""

import numpy as np

from fe_saliency import Method, methods
from fe_saliency.method import Path, find

#: The registered methods that need nothing but a batch, and whose maps are those of the inputs, whatever the model.
METHODS = tuple(
    name
    for name in methods()
    if not find(name).core.at_layer and not any(bracket.from_data for bracket in find(name).brackets)
)


def distance(actual, expected):
    """The largest difference of any row, relative to the largest expected value of that row."""
    actual, expected = (np.asarray(array, np.float64).reshape(len(array), -1) for array in (actual, expected))
    assert actual.shape == expected.shape
    scale = np.abs(expected).max(axis=1)
    error = np.abs(actual - expected).max(axis=1)
    assert np.isfinite(error).all(), "NaN or infinite values"
    return np.where(error == 0, 0.0, error / np.where(scale > 0, scale, 1)).max()


def furthest(actual, expected):
    """`distance` over all keys of two dicts of arrays."""
    assert actual.keys() == expected.keys()
    return max(distance(actual[key], expected[key]) for key in expected)


def path(rule):
    """Integrated Gradients by a quadrature of one's own choice."""
    return Method(f"path_{rule}", "Path", "Sundararajan et al. 2017", (Path(rule=rule),))


def takes_tables(method):
    """Whether a registered method takes inputs (B, F)."""
    return method not in ("blur_integrated_gradients", "xrai")


def few(method, outer=5, inner=4):
    """A small `nsamples` for a method of any depth."""
    depth = len(find(method).brackets)
    return (None, outer, (outer, inner))[depth]

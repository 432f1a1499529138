"""Runs one op on arrays, as a Network would."""

import numpy as np
from models import to_backend, to_host


def run(op, backend, *arrays, state=None):
    """What the op makes of channels-last arrays, as channels-last arrays."""
    op.build(backend)
    tensors = [to_backend(array, backend) for array in arrays]
    return [to_host(tensor) for tensor in op.forward(tensors, state or {})]


def fold(array):
    """(K, B, ...) -> (K*B, ...)."""
    return array.reshape(-1, *array.shape[2:])


def images(count=3, seed=0, shape=(4, 5, 2)):
    """Rows of different ranges, float64."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, *shape)) * rng.uniform(1, 9, size=(count, *[1] * len(shape)))

"""A model that computes in bfloat16, which NumPy does not know."""

import warnings

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch

from fe_saliency import SaliencyNet
from fe_saliency.backend import to_numpy


def made(backend):
    if backend == "tf":
        layers = tf.keras.layers
        return fe.build(
            lambda: tf.keras.Sequential(
                [layers.Input((6,), dtype="bfloat16"), layers.Dense(3, dtype="bfloat16", activation="softmax")]
            ),
            optimizer_fn=None,
        )
    return fe.build(lambda: torch.nn.Linear(6, 3).to(torch.bfloat16), optimizer_fn=None)


def rows(backend):
    x = np.random.default_rng(0).random((4, 6), dtype=np.float32)
    return tf.cast(x, tf.bfloat16) if backend == "tf" else torch.from_numpy(x).to(torch.bfloat16)


@pytest.mark.parametrize("method", ["get_masks", "get_smoothed_masks", "get_integrated_masks"])
def test_masks_are_finite_and_nothing_is_cast(method, backend):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = getattr(SaliencyNet(made(backend), "x", "y"), method)({"x": rows(backend)})
    assert "bfloat16" in str(found["saliency"].dtype)
    mask = to_numpy(found["saliency"])
    assert np.isfinite(mask).all() and mask.min() >= 0 and mask.max() <= 1

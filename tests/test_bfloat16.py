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


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared", "vargrad"])
def test_maps_of_a_half_precision_model_do_not_vanish(method):
    """Squares of gradients of a thousandth are nothing in float16."""

    def small(dtype):
        torch.manual_seed(0)
        layer = torch.nn.Linear(6, 3).to(dtype)
        with torch.no_grad():
            layer.weight.mul_(1e-3)
        return torch.nn.Sequential(layer, torch.nn.Tanh())

    x = np.random.default_rng(0).random((4, 6), dtype=np.float32).astype("float16").astype("float32")
    nets = [SaliencyNet(fe.build(lambda d=d: small(d), optimizer_fn=None), "x", "y") for d in (torch.half, torch.float)]
    half, single = (
        one.attribute({"x": torch.from_numpy(x).to(dtype)}, method, stdev_spread=5.0)
        for one, dtype in zip(nets, (torch.half, torch.float), strict=True)
    )
    assert half.maps["x"].dtype == single.maps["x"].dtype == torch.float32
    if method != "vargrad":  # The variance is rounding, as the model is all but linear.
        np.testing.assert_allclose(half.maps["x"], single.maps["x"], rtol=2e-2)
    mask = nets[0].get_smoothed_masks({"x": torch.from_numpy(x).half()})["saliency"]
    assert mask.dtype == torch.half and len(mask.unique()) > 4

"""Tables, signals, images of any number of channels, volumes and more: every method, on a model known in closed form.

The score of class n is sum(w_n * x ** 2). So the gradient is 2 * w_n * x, its mean over mirrored noise is the same, and
Integrated Gradients from zero are w_n * x ** 2, by the midpoint rule to the last digit.
"""

import warnings
from functools import cache

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import METHODS, distance, few, furthest, takes_tables
from models import maps, to_backend, to_host

from fe_saliency import SaliencyNet

#: Of one row, channels-last.
SHAPES = {
    "table": (7,),
    "signal": (12, 3),
    "grey image": (6, 5, 1),
    "hyperspectral image": (5, 4, 31),
    "volume": (4, 5, 6, 2),
    "beyond": (2, 3, 2, 3, 2),
}
CLASSES = 3


def weights(kind):
    return np.random.default_rng(len(kind)).normal(size=(*SHAPES[kind], CLASSES))


def rows(kind, count=3, dtype="float64"):
    return np.random.default_rng(1).normal(size=(count, *SHAPES[kind])).astype(dtype)


class Squares(torch.nn.Module):
    """Takes (B, C, ...), or (B, ..., C) if `moved` is False."""

    def __init__(self, kind, dtype, moved):
        super().__init__()
        self.end = torch.nn.Linear(1, 1, bias=False)
        self.end.weight = torch.nn.Parameter(torch.tensor(weights(kind).reshape(-1, CLASSES).T.copy()))
        self.moved = moved
        self.to(getattr(torch, dtype))

    def forward(self, x):
        x = torch.movedim(x, 1, -1) if self.moved and x.ndim > 2 else x
        return self.end((x**2).flatten(1))


def squares(kind, dtype, moved):
    """The same in Keras: takes (B, ..., C), or (B, C, ...) if `moved`."""
    shape, layers = SHAPES[kind], tf.keras.layers
    places = range(1, len(shape) + 1)
    given = tf.keras.Input((shape[-1], *shape[:-1]) if moved else shape, dtype=dtype)
    x = layers.Permute([*places[1:], 1], dtype=dtype)(given) if moved else given
    x = layers.Flatten(dtype=dtype)(layers.Activation(tf.square, dtype=dtype)(x))
    end = layers.Dense(CLASSES, use_bias=False, dtype=dtype)
    made = tf.keras.Model(given, end(x))
    end.set_weights([weights(kind).reshape(-1, CLASSES)])
    return made


@cache
def net(kind, backend, dtype="float64", own_layout=True):
    """Explains the model; it takes the framework's own layout, or the other one."""
    if backend == "tf":
        made = fe.build(lambda: squares(kind, dtype, not own_layout), None)
    else:
        made = fe.build(lambda: Squares(kind, dtype, own_layout), None)
    return SaliencyNet(made, "x", "y")


def batch(kind, backend, **options):
    return {"x": to_backend(rows(kind, **options), backend)}


def closed_form(kind, classes):
    """The gradient of the score, channels-last."""
    return 2 * np.moveaxis(weights(kind), -1, 0)[classes] * rows(kind)


@pytest.mark.parametrize("kind", SHAPES)
def test_in_closed_form(kind, backend):
    one, fed, target = net(kind, backend), batch(kind, backend), np.array([2, 0, 1])
    gradient = closed_form(kind, target)
    expected = {
        "gradient": gradient,
        "absolute_gradient": np.abs(gradient),
        "squared_gradient": gradient**2,
        "gradient_x_input": gradient * rows(kind),
        "smoothgrad": gradient,
        "integrated_gradients": gradient * rows(kind) / 2,
    }
    for method, wanted in expected.items():
        options = {"baseline": "zero"} if method == "integrated_gradients" else {}
        found = one.attribute(fed, method, nsamples=few(method, outer=4), target=target, **options)
        assert found.maps["x"].shape == fed["x"].shape
        assert distance(maps(found)["x"], wanted) < 1e-6, method


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["table", "signal", "hyperspectral image", "volume"])
@pytest.mark.parametrize("method", [name for name in METHODS if name != "xrai"])  # whose segments are of images
def test_every_method_agrees_between_the_backends(method, kind):
    if kind == "table" and not takes_tables(method):
        return
    found = [net(kind, each).attribute(batch(kind, each), method, nsamples=few(method)) for each in ("tf", "torch")]
    one, other = map(maps, found)
    assert np.isfinite(one["x"]).all() and np.abs(one["x"]).max() > 0
    assert furthest(one, other) < 1e-4


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("getter", ["get_masks", "get_smoothed_masks", "get_integrated_masks"])
def test_masks_have_one_channel_and_tables_all_features(getter, kind, backend):
    options = {} if getter == "get_masks" else {"nsamples": 3}
    mask = to_host(getattr(net(kind, backend), getter)(batch(kind, backend), **options)["saliency"])
    shape = SHAPES[kind]
    assert mask.shape == (3, *(shape if len(shape) == 1 else (*shape[:-1], 1)))
    assert mask.min() >= 0 and mask.max() == 1


@pytest.mark.slow
@pytest.mark.parametrize("dtype, tolerance", [("float16", 5e-3), ("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("kind", ["table", "signal", "hyperspectral image"])
def test_models_of_every_precision(kind, dtype, tolerance, backend):
    """Nothing is cast, and maps come back as they went in, but in single precision if that was half."""
    one, target = net(kind, backend, dtype), np.array([2, 0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = one.attribute(batch(kind, backend, dtype=dtype), target=target)
        mask = one.get_smoothed_masks(batch(kind, backend, dtype=dtype), nsamples=3)["saliency"]
    assert to_host(mask).dtype == dtype
    assert maps(found)["x"].dtype == ("float32" if dtype == "float16" else dtype)
    assert np.isfinite(to_host(mask)).all()
    assert distance(maps(found)["x"], closed_form(kind, target)) < tolerance


@pytest.mark.parametrize("kind", ["signal", "grey image", "hyperspectral image", "volume"])
def test_raw_maps_of_the_other_layout(kind, backend):
    """Channels-first in TensorFlow and channels-last in torch: what asks for no channel is right, whatever is said."""
    x = rows(kind) if backend == "torch" else np.moveaxis(rows(kind), -1, 1).copy()
    target = np.array([2, 0, 1])
    gradient = closed_form(kind, target)
    for method, wanted in (
        ("gradient", gradient),
        ("gradient_x_input", gradient * rows(kind)),
        ("smoothgrad", gradient),
        ("integrated_gradients", gradient * rows(kind) / 2),
    ):
        options = {"baseline": "zero"} if method == "integrated_gradients" else {}
        one = net(kind, backend, own_layout=False)
        found = np.asarray(
            one.attribute({"x": x}, method, nsamples=few(method, outer=4), target=target, **options).maps["x"]
        )
        found = found if backend == "torch" else np.moveaxis(found, 1, -1)
        assert distance(found, wanted) < 1e-6, method


@pytest.mark.parametrize("kind", ["signal", "hyperspectral image", "volume"])
def test_what_asks_for_channels_is_told_where_they_are(kind, backend):
    """Transposed maps, of the same noise."""
    here, there = (-1, 1) if backend == "tf" else (-1, -1)
    other = SaliencyNet(net(kind, backend, own_layout=False).model, "x", "y", channel_axis=there)
    x = np.moveaxis(rows(kind), here, there).copy()
    for method in ("vargrad", "integrated_gradients", "blur_integrated_gradients"):
        expected = maps(net(kind, backend).attribute(batch(kind, backend), method, nsamples=3))["x"]
        found = np.asarray(other.attribute({"x": x}, method, nsamples=3).maps["x"])
        assert np.abs(expected).max() > 0
        assert distance(np.moveaxis(found, there, here), expected) < 1e-9, method

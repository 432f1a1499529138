"""Taking and replacing what a layer gives leaves a model as it was, whatever happens."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from fastestimator.op.tensorop.model import ModelOp
from helpers import distance
from models import to_host
from test_untouched_calls import Broken, KerasTrap, TorchTrap, batch, used
from untouched import state

from fe_saliency import SaliencyNet, smooth
from fe_saliency.op import LayerOp, Resize
from fe_saliency.op.cam import interpolation

CALLS = [
    ("gradcam", {}),
    ("gradcam", {"layer": 2}),
    (smooth("gradcam"), {"nsamples": 3}),
    ("gradient", {"layer": 2}),
    ("integrated_gradients", {"layer": 2, "nsamples": 2, "baseline": "zero"}),
]


def everything(model):
    """`untouched.state`, hooks and replaced methods too."""
    layers = list(model.modules() if isinstance(model, torch.nn.Module) else model.submodules)
    inside = [
        (sorted(vars(each)), vars(each).get("call"), len(vars(each).get("_forward_hooks", ()))) for each in layers
    ]
    return state(model), inside


@pytest.mark.parametrize("method, options", CALLS)
def test_everything_is_as_before(method, options, backend):
    model = used(backend)
    one = SaliencyNet(model, "x", "y", max_rows=2)
    for _ in range(2):
        before = everything(model)
        one.attribute(batch(backend), method, **options)
        assert everything(model) == before


@pytest.mark.parametrize("method, options", CALLS)
def test_after_an_error_too(method, options, backend):
    trap = {"tf": KerasTrap, "torch": TorchTrap}[backend]()
    model = used(backend, trap)
    if backend == "tf":
        trap.closed.assign(0.0)
    one = SaliencyNet(model, "x", "y", max_rows=2)
    trap.arm("forward", 1)
    before = everything(model)
    with pytest.raises((Broken, tf.errors.InvalidArgumentError)):
        one.attribute(batch(backend), method, **options)
    assert everything(model) == before


def test_what_is_compared_would_show_it(backend):
    """FastEstimator's own op leaves its marks."""
    model = used(backend)
    before = everything(model)
    ModelOp(model, inputs="x", outputs=["y", "h"], intermediate_layers=2)
    assert everything(model) != before


def test_it_takes_what_fastestimator_takes(backend):
    """Also where FastEstimator's op has changed the model already, and stays in its place."""
    model = used(backend)
    theirs = ModelOp(model, inputs="x", outputs=["y", "h"], intermediate_layers=2, trainable=False)
    before = everything(model)
    op = LayerOp(model, 2, "x", ["y", "h"])
    ours, expected = (fe.Network(ops=[each]).transform(batch(backend), mode="infer") for each in (op, theirs))
    for key in ("y", "h"):
        assert distance(to_host(ours[key]), to_host(expected[key])) < 1e-6
    assert everything(model)[1] == before[1]


def test_what_was_taken_may_be_put_back(backend):
    model = used(backend)
    taken = fe.Network(ops=[LayerOp(model, 2, "x", ["y", "h"])]).transform(batch(backend), mode="infer")
    put = LayerOp(model, 2, ["x", "h"], "y", replace=True)
    wrong = {"x": batch(backend)["x"] * 0 + 7, "h": np.asarray(taken["h"].numpy())}
    again = fe.Network(ops=[put]).transform(wrong, mode="infer")
    assert distance(to_host(again["y"]), to_host(taken["y"])) < 1e-6


def test_a_parallel_torch_model_gives_the_same_maps():
    """FastEstimator wraps torch models so where there are several GPUs; layers keep their names."""
    torch.manual_seed(0)
    inner = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3))
    x = np.random.default_rng(0).normal(size=(5, 2, 8, 8)).astype("float32")
    found = [
        SaliencyNet(fe.build(lambda made=made: made, optimizer_fn=None), "x", "y", max_rows=16)
        .attribute({"x": x}, "gradcam", layer="0")
        .maps["x"]
        for made in (inner, torch.nn.DataParallel(inner))
    ]
    assert distance(found[1], found[0]) < 1e-6


def test_a_keras_layer_with_control_flow():
    """TensorFlow must still rewrite the `call` of a user's own layer."""

    class Branching(tf.keras.layers.Layer):
        def call(self, x):
            if tf.reduce_sum(x) > 0:
                return x * 2
            return x * 3

    def make():
        return tf.keras.Sequential([Branching(name="own", input_shape=(4,)), tf.keras.layers.Dense(2)])

    one = SaliencyNet(fe.build(make, optimizer_fn=None), "x", "y")
    x = np.ones((2, 4), "float32")
    kernel = one.model.layers[1].kernel.numpy()
    for sign, factor in ((1, 2), (-1, 3)):
        found = one.attribute({"x": sign * x}, "gradient_x_input", layer="own", target=1).maps["own"]
        assert distance(found, sign * factor * x * kernel[:, 1]) < 1e-6


def test_layers_of_the_same_name():
    inner = tf.keras.Sequential([tf.keras.layers.Dense(4, name="same", input_shape=(4,))], name="inner")

    def make():
        return tf.keras.Sequential([inner, tf.keras.layers.Dense(2, name="same")])

    one = SaliencyNet(fe.build(make, optimizer_fn=None), "x", "y")
    with pytest.raises(ValueError, match=r"`layer` \(='same'\) is the name of several layers: give the index of one"):
        one.attribute({"x": np.ones((2, 4), "float32")}, layer="same")
    names = [layer.name for layer in one.model._flatten_layers(include_self=False)]
    found = one.attribute({"x": np.ones((2, 4), "float32")}, layer=names.index("same"), target=1).maps["same"]
    assert distance(found, np.stack([one.model.layers[-1].kernel.numpy()[:, 1]] * 2)) < 1e-6, "the one inside"


@pytest.mark.parametrize("size, wanted", [((3, 4), (7, 9)), ((7, 9), (3, 4)), ((1, 1), (2, 3)), ((4, 5), (4, 5))])
def test_resizing_is_that_of_both_frameworks(size, wanted, backend):
    """Neither of them smooths before it makes smaller."""
    maps = np.random.default_rng(0).normal(size=(2, *size, 1))
    in_tf = tf.image.resize(maps, wanted).numpy()
    in_torch = torch.nn.functional.interpolate(
        torch.from_numpy(np.moveaxis(maps, -1, 1)), wanted, mode="bilinear", align_corners=False
    )
    op = Resize(["cam", "like"], "y")
    op.build(backend)
    like = np.zeros((2, *wanted, 3))
    given = [maps, like] if backend == "tf" else [np.moveaxis(each, -1, 1).copy() for each in (maps, like)]
    tensors = [tf.constant(each) if backend == "tf" else torch.from_numpy(each) for each in given]
    (found,) = op.forward(tensors, {})
    assert distance(to_host(found), to_host(in_torch)) < 1e-12
    assert distance(to_host(found), in_tf) < 1e-5


def test_interpolation_is_a_mean():
    matrix = interpolation(3, 8)
    assert matrix.shape == (8, 3) and matrix.min() >= 0
    np.testing.assert_allclose(matrix.sum(axis=1), 1)

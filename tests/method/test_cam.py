"""Class activation maps: in closed form, re-derived in NumPy, against captum, and smoothed."""

import fastestimator as fe
import numpy as np
import pytest
import reference
import tensorflow as tf
import torch
from captum.attr import LayerGradCam
from helpers import distance
from models import batch, layer_of, maps, model, net, rows, spec, to_host

from fe_saliency import SaliencyNet, patterns, smooth
from fe_saliency.display.scaling import to_mask
from fe_saliency.statistic import Variance

TARGET = np.array([1, 2, 0])
NAMES = ["gradcam", "gradcam_plus_plus", "layercam"]
PLACES = [("squeeze", 3), ("squeeze", 0), ("smooth_conv", 1), ("relu_conv", 0)]


def relu(x):
    return np.maximum(x, 0)


#: A map (H', W') of an activation and its gradient, (H', W', C), as the papers write it.
DEFINED = {
    "gradcam": lambda a, g: relu((g.mean(axis=(0, 1)) * a).sum(axis=-1)),
    "gradcam_plus_plus": lambda a, g: relu(
        ((g**2 / (2 * g**2 + a.sum(axis=(0, 1)) * g**3 + 1e-300) * relu(g)).sum(axis=(0, 1)) * a).sum(axis=-1)
    ),
    "layercam": lambda a, g: relu((relu(g) * a).sum(axis=-1)),
}


def larger(cam, height, width):
    """Linear between the middles of pixels, and flat beyond the outermost: one axis after the other."""

    def along(line, size):
        return np.interp((np.arange(size) + 0.5) * len(line) / size - 0.5, np.arange(len(line)), line)

    tall = np.stack([along(column, height) for column in cam.T], axis=1)
    return np.stack([along(row, width) for row in tall])[..., None]


def derived(name, kind, place):
    found = []
    for x, index in zip(rows(kind)["x"], TARGET, strict=True):
        (a,) = reference.activation(kind, x[None], place)
        (g,) = reference.gradient(reference.scorer_from(kind, place, index), [a])
        found.append(larger(DEFINED[name](a, g), *x.shape[:2]))
    return np.stack(found)


def cam(kind, backend, name, place, dtype="float64", **options):
    given = batch(kind, backend, dtype=dtype)
    layer = None if place is None else layer_of(kind, backend, place, dtype)
    return net(kind, backend, dtype).attribute(given, name, layer=layer, target=TARGET, **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind, place", PLACES)
def test_after_the_definition(name, kind, place, backend):
    said = cam(kind, backend, name, place)
    found = maps(said)["x"]
    expected = derived(name, kind, place)
    assert found.shape == (3, *rows(kind)["x"].shape[1:3], 1) and found.min() >= 0
    assert distance(found, expected) < 1e-5 and expected.max() > 0
    assert (said.gradient_evaluations == 1).all() and said.completeness_gap is None


def test_before_a_global_average_it_is_the_class_activation_map(backend):
    """Selvaraju 2017, section 3.1: the weights are then those of the class (CAM, Zhou 2016), over the pixels."""
    a = reference.activation("squeeze", rows("squeeze")["x"], 3)
    kernel = spec("squeeze").branches[0][4].kernel[0, 0]
    expected = [
        larger(relu(one @ kernel[:, index]) / one[..., 0].size, 8, 10) for one, index in zip(a, TARGET, strict=True)
    ]
    assert distance(maps(cam("squeeze", backend, "gradcam", 3))["x"], np.stack(expected)) < 1e-12


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind, place", PLACES)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-4)])
def test_both_backends_agree(name, kind, place, dtype, tolerance):
    said = [cam(kind, backend, name, place, dtype) for backend in ("tf", "torch")]
    assert [str(maps(each)["x"].dtype) for each in said] == [dtype] * 2
    assert distance(*(maps(each)["x"] for each in said)) < tolerance


@pytest.mark.parametrize("kind, place", PLACES)
def test_it_is_that_of_captum(kind, place, backend):
    """captum resizes by the nearest neighbour; torch's own bilinear interpolation of its map is compared."""
    made = model(kind, "torch")
    x = batch(kind, "torch")["x"]
    small = LayerGradCam(made, made.branches[0][place]).attribute(x, target=TARGET.tolist(), relu_attributions=True)
    expected = torch.nn.functional.interpolate(small, size=x.shape[2:], mode="bilinear", align_corners=False)
    assert distance(maps(cam(kind, backend, "gradcam", place))["x"], to_host(expected)) < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_smoothing_without_noise_changes_nothing(name, backend):
    plain = maps(cam("squeeze", backend, name, 1))["x"]
    found = maps(cam("squeeze", backend, smooth(name), 1, nsamples=4, stdev_spread=0))["x"]
    assert distance(found, plain) < 1e-12


@pytest.mark.parametrize("statistic", [None, Variance])
def test_smoothing_is_over_noisy_inputs(statistic, backend):
    """Noise at the input, the map at the layer."""
    method = smooth("gradcam") if statistic is None else smooth("gradcam", statistic)
    found = maps(cam("squeeze", backend, method, 1, nsamples=5, stdev_spread=0.2))["x"]
    x = rows("squeeze")["x"]
    sigma = 0.2 * np.ptp(x, axis=(1, 2, 3), keepdims=True)
    noise = patterns.noise(0, 0, range(5), 5, x.shape[1:], -1, statistic is None, 1.0)
    each = []
    for one in noise:
        fed = (x + sigma * one).astype(np.float64)
        given = {"x": fed if backend == "tf" else np.moveaxis(fed, -1, 1)}
        layer = layer_of("squeeze", backend, 1)
        each.append(maps(net("squeeze", backend).attribute(given, "gradcam", layer=layer, target=TARGET))["x"])
    expected = np.mean(each, axis=0) if statistic is None else np.var(each, axis=0, ddof=1)
    assert distance(found, expected) < 1e-5
    assert distance(found, maps(cam("squeeze", backend, "gradcam", 1))["x"]) > 1e-3


@pytest.mark.parametrize("method, nsamples", [("gradcam", None), (smooth("layercam"), 5)])
def test_chunks_change_nothing(method, nsamples, backend):
    options = {"nsamples": nsamples, "diagnose": False}
    whole = maps(cam("squeeze", backend, method, 2, max_rows=100, **options))["x"]
    for max_rows in (1, 2, 4):
        assert distance(maps(cam("squeeze", backend, method, 2, max_rows=max_rows, **options))["x"], whole) < 1e-12


def test_a_tolerance_is_met(backend):
    said = cam("squeeze", backend, smooth("gradcam"), 1, tolerance=0.2, nsamples=200)
    assert said.met_tolerance.all() and (said.relative_error <= 0.2).all()


@pytest.mark.parametrize("kind, last", [("squeeze", 4), ("smooth_conv", 2)])
def test_the_last_picture_is_taken_where_no_layer_is_named(kind, last, backend):
    """The map of each class in the one, in the other what the pooling gives; not what has no axes of space."""
    found, expected = (maps(cam(kind, backend, "gradcam", place))["x"] for place in (None, last))
    assert np.array_equal(found, expected)


def test_one_pixel_is_no_picture_and_what_runs_twice_is_no_layer(backend):
    keras, nn = tf.keras.layers, torch.nn

    def in_tf():
        relu, x = keras.ReLU(name="relu"), tf.keras.Input((8, 8, 2))
        picture = keras.Conv2D(4, 3, name="last")(relu(keras.Conv2D(4, 3)(x)))
        pooled = keras.GlobalAveragePooling2D(keepdims=True)(relu(picture))
        return tf.keras.Model(x, keras.Dense(3)(keras.Flatten()(pooled)))

    class Torch(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.relu = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3), nn.ReLU()
            self.pool, self.end = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 3)

        def forward(self, x):
            return self.end(self.pool(self.relu(self.last(self.relu(self.first(x))))).flatten(1))

    one = SaliencyNet(fe.build({"tf": in_tf, "torch": Torch}[backend], optimizer_fn=None), "x", "y")
    x = np.random.default_rng(0).normal(size=(2, 2, 8, 8)).astype("float32")
    given = {"x": x if backend == "torch" else np.moveaxis(x, 1, -1)}
    found, expected = (maps(one.attribute(given, "gradcam", layer=layer))["x"] for layer in (None, "last"))
    assert np.array_equal(found, expected)


def test_another_layer_another_map(backend):
    one, given = net("squeeze", backend), batch("squeeze", backend)
    layers = [layer_of("squeeze", backend, place) for place in (1, 3, 1)]
    for method in ("gradcam", "gradient"):
        first, second, again = (
            next(iter(maps(one.attribute(given, method, layer=layer, target=TARGET)).values())) for layer in layers
        )
        assert np.array_equal(first, again)
        assert first.shape != second.shape or distance(first, second) > 1e-3


def test_the_map_lies_over_the_first_image(backend):
    one, layer = net("two_inputs", backend), "branches.0.1"
    if backend == "tf":
        layer = next(each.name for each in one.model.layers if each.output_shape == (None, 4, 4, 3))
    said = one.attribute(batch("two_inputs", backend), "gradcam", layer=layer)
    assert {key: array.shape for key, array in maps(said).items()} == {"x0": (3, 6, 6, 1)}


def test_it_can_be_displayed(backend):
    raw = cam("squeeze", backend, "gradcam", 3).maps["x"]
    mask = to_mask(np.asarray(raw), 1 if backend == "torch" else -1)
    assert mask.shape == tuple(raw.shape) and mask.min() == 0 and mask.max() == 1


def test_a_layer_that_works_in_place_spoils_nothing():
    """A ReLU in place overwrites what the layer before it gave."""

    def make(inplace):
        torch.manual_seed(0)
        nn = torch.nn
        return nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(inplace), nn.Flatten(), nn.Linear(4 * 36, 3))

    x = np.random.default_rng(0).normal(size=(2, 2, 8, 8)).astype("float32")
    found = []
    for inplace in (False, True):
        one = SaliencyNet(fe.build(lambda inplace=inplace: make(inplace), optimizer_fn=None), "x", "y")
        said = [one.attribute({"x": x}, name, layer="0") for name in ("gradcam", "gradient")]
        found.append([to_host(next(iter(each.maps.values()))) for each in said])
    assert all(np.array_equal(*pair) for pair in zip(*found, strict=True))


def test_signals_and_volumes(backend):
    """One axis of space, or three."""
    for axes in (1, 3):
        size = (6,) * axes

        def in_tf(axes=axes, size=size):
            keras = tf.keras.layers
            conv = {1: keras.Conv1D, 3: keras.Conv3D}[axes](3, 3, strides=2, input_shape=(*size, 2))
            return tf.keras.Sequential([conv, keras.Flatten(), keras.Dense(3)])

        def in_torch(axes=axes):
            nn = torch.nn
            conv = {1: nn.Conv1d, 3: nn.Conv3d}[axes](2, 3, 3, stride=2)
            return nn.Sequential(conv, nn.Flatten(), nn.Linear(3 * 2**axes, 3))

        one = SaliencyNet(fe.build({"tf": in_tf, "torch": in_torch}[backend], optimizer_fn=None), "x", "y")
        x = np.random.default_rng(0).normal(size=(2, *size, 2)).astype("float32")
        raw = maps(one.attribute({"x": x if backend == "tf" else np.moveaxis(x, -1, 1)}, "gradcam"))["x"]
        assert raw.shape == (2, *size, 1)
        corner = raw[(slice(None), *[0] * axes)], raw[(slice(None), *[1] * axes)]
        assert np.allclose(*corner), "both lie before the middle of the first of two pixels"


@pytest.mark.parametrize(
    "kind, options, message",
    [
        ("smooth_mlp", {}, r"`method` \(='gradcam'\) needs an input with axes of space"),
        ("smooth_conv", {"layer": 5}, r"a `layer` that gives as many axes as the input has"),
        ("smooth_conv", {"baseline": 0}, "`baseline` must be None for the method 'gradcam', which has no path"),
    ],
)
def test_what_cannot_be_laid_over_the_input(kind, options, message, backend):
    options = dict(options)
    if "layer" in options:
        options["layer"] = layer_of(kind, backend, options["layer"])
    with pytest.raises(ValueError, match=message):
        net(kind, backend).attribute(batch(kind, backend), "gradcam", **options)

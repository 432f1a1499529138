"""A model that turns its inputs and then is the usual one: all that is said of it is that of the usual one, turned.

Layers and dense outputs are no inputs: they are in the framework's own layout in both.
"""

from functools import cache

import numpy as np
import pytest
from helpers import distance, few
from models import batch, layer_of, model, net
from turned import AXIS, other_layout, own_layout, turned

from fe_saliency import SaliencyNet, methods, noisy_weights, smooth
from fe_saliency.control import emprt, mprt
from fe_saliency.method import (
    Blur,
    FromData,
    Gaussian,
    MaximumDistance,
    MeanOf,
    OfInputs,
    Pixel,
    Several,
    black,
    find,
    white,
)
from fe_saliency.op import Blur as BlurOp
from fe_saliency.op import Resize
from fe_saliency.target import Class, Contrast, Key, Mask, Top
from fe_saliency.target import Pixel as PixelTarget
from fe_saliency.trace import Saliency, VarianceOfGradients
from fe_saliency.watch import Box, Corner, Watch

COMPOSED = (smooth("gradcam"), smooth("blur_integrated_gradients"), noisy_weights("integrated_gradients", 0.1))


@cache
def turned_net(kind, backend):
    usual = net(kind, backend)
    made = turned(backend, usual.model)
    return SaliencyNet(made, usual.model_inputs, usual.model_outputs, usual.outputs, channel_axis=AXIS[backend])


def turned_batch(kind, backend, **options):
    return {key: other_layout(backend, each) for key, each in batch(kind, backend, **options).items()}


def same(backend, found, expected, tolerance=1e-10):
    """Whether the maps of a turned model are those of the usual one, and what is told of them."""
    assert found.maps.keys() == expected.maps.keys()
    for key, usual in expected.maps.items():
        assert np.asarray(usual).any() or np.ndim(usual) == 2  # along a blur a table stays as it is
        assert found.maps[key].shape == other_layout(backend, usual).shape
        assert distance(own_layout(backend, found.maps[key]), usual) < tolerance, key
    for key, score in expected.scores.items():
        np.testing.assert_allclose(np.asarray(found.scores[key]), np.asarray(score), rtol=1e-12)
        assert np.array_equal(np.asarray(found.targets[key]), np.asarray(expected.targets[key]))
    for name in ("completeness_gap", "relative_error", "gradient_evaluations"):
        said, wanted = getattr(found, name), getattr(expected, name)
        assert (said is None) == (wanted is None)
        if wanted is not None:
            np.testing.assert_allclose(said, wanted, rtol=1e-6, atol=1e-9)


def compare(kind, backend, method, turn=lambda each: each, **options):
    """`turn` gives an option in the other layout."""
    if any(bracket.from_data for bracket in find(method).brackets):
        data = next(iter(batch(kind, backend, count=8, seed=5).values()))
        options["baseline"], turn = FromData(np.asarray(data)), lambda _: FromData(other_layout(backend, data))
    expected = net(kind, backend).attribute(batch(kind, backend), method, **options)
    if "baseline" in options:
        options["baseline"] = turn(options["baseline"])
    same(backend, turned_net(kind, backend).attribute(turned_batch(kind, backend), method, **options), expected)


@pytest.mark.slow
@pytest.mark.parametrize("method", [*methods(), *COMPOSED], ids=lambda method: find(method).name)
def test_every_method(method, backend):
    compare("squeeze", backend, method, nsamples=few(method, outer=4, inner=3))


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients", "blur_integrated_gradients", "layercam"])
def test_an_image_beside_a_table(method, backend):
    compare("two_inputs", backend, method, nsamples=few(method, outer=4))


BASELINES = {
    "blur": Blur((2.0, 1.0)),
    "gaussian": Gaussian(),
    "a colour": Pixel((0.3, -0.4)),
    "black": black((0.5, 0.2), (1.0, 2.0)),
    "white": white((0.5, 0.2), (1.0, 2.0)),
    "distance": MaximumDistance((-9.0, -6.0), (3.0, 9.0)),
    "several": Several(["blur", Pixel((0.3, -0.4))]),
}


@pytest.mark.parametrize("baseline", BASELINES)
def test_named_baselines(baseline, backend):
    compare("squeeze", backend, "integrated_gradients", baseline=BASELINES[baseline], nsamples=4)


def test_baselines_of_data_are_laid_out_as_the_inputs(backend):
    data = np.asarray(batch("squeeze", backend, count=3, seed=5)["x"])
    for made in (np.asarray, MeanOf, FromData):
        fed = {"baseline": made(data), "turn": lambda _, made=made: made(other_layout(backend, data))}
        compare("squeeze", backend, "integrated_gradients", nsamples=4, **fed)


@pytest.mark.parametrize("target", [2, Top(2), Contrast(Class(1), Class(0)), Key("labels")], ids=repr)
def test_targets(target, backend):
    labels = {"labels": np.array([3, 0, 1])}
    found, expected = (
        one.attribute({**fed, **labels}, "smoothgrad", nsamples=4, target=target)
        for one, fed in (
            (turned_net("squeeze", backend), turned_batch("squeeze", backend)),
            (net("squeeze", backend), batch("squeeze", backend)),
        )
    )
    same(backend, found, expected)


@pytest.mark.parametrize("target", [PixelTarget(3, 1, 2), Mask(1), Mask(1, np.arange(20).reshape(5, 4) % 3 == 0)])
def test_dense_outputs_are_in_the_own_layout(target, backend):
    compare("dense", backend, "smoothgrad", nsamples=4, target=target)


@pytest.mark.parametrize("kind", ["squeeze", "two_inputs"])
def test_masks(kind, backend):
    usual, other = net(kind, backend), turned_net(kind, backend)
    target = {f"SaliencyNet_Target_Index_{key}": np.array([2, 0, 1]) for key in usual.model_outputs}
    for getter, options in {
        "get_masks": {},
        "get_smoothed_masks": {"nsamples": 4, "nintegration": 3},
        "get_integrated_masks": {"nsamples": 4},
    }.items():
        expected = getattr(usual, getter)({**batch(kind, backend), **target}, **options)
        found = getattr(other, getter)({**turned_batch(kind, backend), **target}, **options)
        for key in usual.outputs:
            assert found[key].shape == other_layout(backend, expected[key]).shape
            assert distance(own_layout(backend, found[key]), expected[key]) < 1e-10
        for key in (*usual.model_outputs, *target):
            assert np.array_equal(np.asarray(found[key]), np.asarray(expected[key]))


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "blur_integrated_gradients", "integrated_gradients"])
def test_layers_keep_the_own_layout(method, backend):
    layer = layer_of("squeeze", backend, 2)
    baseline = {"baseline": OfInputs(np.asarray(batch("squeeze", backend, seed=5)["x"]))}
    options = {"nsamples": few(method, outer=4), **(baseline if method == "integrated_gradients" else {})}
    expected = net("squeeze", backend).attribute(batch("squeeze", backend), method, layer=layer, **options)
    if "baseline" in options:
        options["baseline"] = OfInputs(other_layout(backend, options["baseline"].inputs))
    named = layer if backend == "tf" else f"usual.{layer}"
    one = turned_net("squeeze", backend)
    found = one.attribute(turned_batch("squeeze", backend), method, layer=named, **options).maps[named]
    assert np.abs(np.asarray(found)).max() > 0 and distance(found, expected.maps[layer]) < 1e-10


def test_a_map_of_a_named_layer_lies_over_the_input(backend):
    layer = layer_of("squeeze", backend, 0)
    expected = net("squeeze", backend).attribute(batch("squeeze", backend), "gradcam", layer=layer)
    named = layer if backend == "tf" else f"usual.{layer}"
    found = turned_net("squeeze", backend).attribute(turned_batch("squeeze", backend), "gradcam", layer=named)
    same(backend, found, expected)


def test_controls(backend):
    usual, other = net("squeeze", backend), turned_net("squeeze", backend)
    layers = [{}] if backend == "tf" else [{}, {"layer": "branches.0.2"}]  # TensorFlow's copies have no layers
    for options in layers:
        turned_options = {key: f"usual.{name}" for key, name in options.items()}
        for control in (emprt, mprt):
            expected = control(usual, batch("squeeze", backend), **options)
            found = control(other, turned_batch("squeeze", backend), **turned_options)
            for name in ("ratio",) if control is emprt else ("rank_correlation", "cosine"):
                np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-6, atol=1e-9)


def test_watched_regions(backend):
    watch = Watch([Corner("top left", 3), Box(1, 2, 4, 9)], score="log_probability")
    found, expected = (
        watch.examine(one, fed, one.attribute(fed).maps)
        for one, fed in (
            (turned_net("squeeze", backend), turned_batch("squeeze", backend)),
            (net("squeeze", backend), batch("squeeze", backend)),
        )
    )
    for one, other in zip(found, expected, strict=True):
        assert one.numbers == pytest.approx(other.numbers, rel=1e-9) and one.drops == pytest.approx(other.drops)


def test_none_is_the_own_layout_and_copies_keep_it(backend):
    own, made = -AXIS[backend], model("squeeze", backend)
    assert SaliencyNet(made, "x", "y").channel_axis == SaliencyNet(made, "x", "y", channel_axis=own).channel_axis == own
    one = turned_net("squeeze", backend)
    assert one.on(one.model).channel_axis == one.channel_axis == AXIS[backend]
    found, expected = (
        SaliencyNet(made, "x", "y", channel_axis=axis).attribute(batch("squeeze", backend), "smoothgrad", nsamples=4)
        for axis in (own, None)
    )
    assert np.array_equal(np.asarray(found.maps["x"]), np.asarray(expected.maps["x"]))


@pytest.mark.parametrize("wrong", [0, 2, -2, 3, True, 1.0, "first", [1], np.array([1, -1])], ids=repr)
def test_another_axis_is_refused(wrong, backend):
    made = model("squeeze", backend)
    for refuse in (
        lambda: SaliencyNet(made, "x", "y", channel_axis=wrong),
        lambda: Saliency(made, "x", "y", channel_axis=wrong),
        lambda: VarianceOfGradients(made, "x", "y", "label", channel_axis=wrong),
        lambda: BlurOp(["x", "sigma", "pace"], ["y", "change"], 3.0, channel_axis=wrong),
        lambda: Resize(["cam", "x"], ["y"], channel_axis=wrong),
    ):
        with pytest.raises(ValueError, match=r"`channel_axis` \(=.*\) must be None for the framework's own layout, 1"):
            refuse()

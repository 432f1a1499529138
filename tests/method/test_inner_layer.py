"""What a layer gives, explained as if it were the model's input: re-derived in NumPy, against captum, and refused."""

import fastestimator as fe
import numpy as np
import pytest
import reference
import tensorflow as tf
import torch
from captum.attr import LayerActivation, LayerGradientXActivation, LayerIntegratedGradients
from helpers import distance, furthest
from models import batch, layer_of, maps, model, net, rows, to_backend, to_host

from fe_saliency import SaliencyNet, smooth
from fe_saliency.method import Constant, OfInputs

TARGET = np.array([1, 2, 0])
KIND, PLACE = "smooth_conv", 1


def inner(backend, method, kind=KIND, place=PLACE, fed=None, **options):
    given = batch(kind, backend) if fed is None else fed
    layer = layer_of(kind, backend, place)
    said = net(kind, backend).attribute(given, method, layer=layer, target=TARGET, **options)
    assert list(said.maps) == [layer]
    return said


def found(*args, **options):
    (array,) = maps(inner(*args, **options)).values()
    return array


def derived(explain, kind=KIND, place=PLACE):
    """`explain(s, [h])` of every row, h being what the layer gives."""
    activation = reference.activation(kind, rows(kind)["x"], place)
    each = zip(activation, TARGET, strict=True)
    return np.stack([explain(reference.scorer_from(kind, place, index), [h])[0] for h, index in each])


CASES = {
    "gradient": (None, reference.gradient),
    "gradient_x_input": (None, lambda s, x: [x[0] * reference.gradient(s, x)[0]]),
    "smoothgrad": (5, lambda s, x: reference.smoothed(s, x, reference.gradient, "mean", 5, 0.15)),
    "vargrad": (4, lambda s, x: reference.smoothed(s, x, reference.gradient, "variance", 4, 0.15)),
    "integrated_gradients": (6, lambda s, x: reference.random_integrated(s, x, x, 6)),
}


@pytest.mark.parametrize("method", CASES)
def test_after_the_definition(method, backend):
    nsamples, explain = CASES[method]
    assert distance(found(backend, method, nsamples=nsamples), derived(explain)) < 1e-5


@pytest.mark.parametrize("baseline", [0, 0.3, "array"])
def test_a_path_in_the_space_of_the_layer(baseline, backend):
    array = np.linspace(-1, 1, 4 * 4 * 3).reshape(4, 4, 3)
    start = array if baseline == "array" else np.full((4, 4, 3), float(baseline))
    given = to_host(to_backend(array[None], backend))[0] if backend == "tf" else np.moveaxis(array, -1, 0)
    said = inner(backend, "integrated_gradients", baseline=given if baseline == "array" else baseline, nsamples=7)
    (array,) = maps(said).values()
    assert distance(array, derived(lambda s, x: reference.integrated(s, x, [start], 7))) < 1e-5
    assert np.abs(said.completeness_gap).max() < 0.02


@pytest.mark.parametrize(
    "method, options",
    [
        ("gradient", {}),
        ("smoothgrad", {"nsamples": 5}),
        ("integrated_gradients", {"nsamples": 5}),
        ("smoothed_integrated_gradients", {"nsamples": (3, 4)}),
    ],
)
def test_both_backends_agree(method, options):
    assert distance(*(found(backend, method, **options) for backend in ("tf", "torch"))) < 1e-5


@pytest.mark.parametrize("method, nsamples", [("smoothgrad", 5), ("integrated_gradients", 4), (smooth("gradient"), 4)])
@pytest.mark.parametrize("max_rows", [1, 3])
def test_chunks_change_nothing(method, nsamples, max_rows, backend):
    whole = found(backend, method, nsamples=nsamples, max_rows=100)
    assert distance(found(backend, method, nsamples=nsamples, max_rows=max_rows), whole) < 1e-12


def test_it_is_gradient_times_activation_of_captum(backend):
    made = model(KIND, "torch")
    oracle = LayerGradientXActivation(made, made.branches[0][PLACE])
    expected = to_host(oracle.attribute(batch(KIND, "torch")["x"], target=TARGET.tolist()))
    assert distance(found(backend, "gradient_x_input"), expected) < 1e-9


def test_it_is_integrated_gradients_of_captum(backend):
    """captum takes baselines of the inputs."""
    made, x = model(KIND, "torch"), batch(KIND, "torch")["x"]
    oracle = LayerIntegratedGradients(made, made.branches[0][PLACE])
    expected = oracle.attribute(x, baselines=0.4, target=torch.tensor(TARGET), n_steps=8, method="riemann_middle")
    ours = found(backend, "integrated_gradients", baseline=OfInputs(0.4), nsamples=8)
    assert distance(ours, to_host(expected)) < 1e-6
    assert distance(found(backend, "integrated_gradients", baseline=0, nsamples=8), ours) > 1e-2


def test_the_layer_is_the_one_that_fastestimator_means(backend):
    """By name and by index, also from the end."""
    made = net(KIND, backend).model
    seen = {}
    for layer in (layer_of(KIND, backend, PLACE), 4 if backend == "torch" else 2, -5 if backend == "torch" else -4):
        (name,) = net(KIND, backend).attribute(batch(KIND, backend), layer=layer, target=TARGET).maps
        seen[layer] = name
    named = [name for name, _ in made.named_modules()] if backend == "torch" else [each.name for each in made.layers]
    assert seen == {layer: layer if isinstance(layer, str) else named[layer] for layer in seen}
    if backend == "torch":
        activation = LayerActivation(made, made.branches[0][PLACE]).attribute(batch(KIND, "torch")["x"])
        ratio = found(backend, "gradient_x_input") / found(backend, "gradient")
        assert np.allclose(ratio, to_host(activation))


def test_of_several_inputs_a_layer_has_one_map(backend):
    one, layer = net("two_inputs", backend), "branches.1.0"
    if backend == "tf":
        layer = next(each.name for each in one.model.layers if each.output_shape == (None, 4))
    said = one.attribute(
        batch("two_inputs", backend), "integrated_gradients", layer=layer, baseline={layer: 0}, nsamples=40
    )
    assert {key: array.shape for key, array in maps(said).items()} == {layer: (3, 4)}
    assert np.abs(said.completeness_gap).max() < 1e-2


def small(backend, kind):
    """Models that cannot be explained everywhere."""
    keras, nn = tf.keras.layers, torch.nn

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.once, self.twice, self.never = nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6)

        def forward(self, x):
            return self.twice(self.once(self.twice(x)))

    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair = nn.LSTM(6, 4, batch_first=True)

        def forward(self, x):
            return self.pair(x[:, None])[0][:, 0]

    def in_tf():
        x = tf.keras.Input((6,))
        if kind == "pair":
            gone = keras.Lambda(lambda y: (y, y), name="pair")(x)
            return tf.keras.Model(x, keras.Dense(3)(gone[0]))
        twice = keras.Activation("tanh", name="twice")
        return tf.keras.Model(x, twice(keras.Dense(6, name="once")(twice(x))))

    return fe.build({"tf": in_tf, "torch": {"twice": Twice, "pair": Pair}[kind]}[backend], optimizer_fn=None)


@pytest.mark.parametrize(
    "kind, layer, message",
    [
        ("twice", "twice", r"`layer` \(='twice'\) must run once in a forward pass of the model, but runs 2 times"),
        ("twice", "onse", r"`layer` \(='onse'\) must be the name or index of a layer of the model, such as 'once'"),
        ("twice", 99, r"`layer` \(=99\) must be below \d, the number of layers"),
        ("pair", "pair", r"`layer` \(='pair'\) must give one tensor, but gives a (tuple|list)"),
    ],
)
@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
def test_layers_that_cannot_be_explained(kind, layer, message, method, backend):
    one = SaliencyNet(small(backend, kind), "x", "y")
    x = np.ones((2, 6), "float32")
    with pytest.raises(ValueError, match=message):
        one.attribute({"x": x}, method, layer=layer)
    assert one.attribute({"x": x}).maps["x"].shape == (2, 6)


def test_a_layer_that_never_runs():
    with pytest.raises(ValueError, match=r"`layer` \(='never'\) must run once .* but runs 0 times"):
        SaliencyNet(small("torch", "twice"), "x", "y").attribute({"x": np.ones((2, 6), "float32")}, layer="never")


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"layer": True}, TypeError, r"`layer` \(=True\) must be the name \(str\) or the index \(int\)"),
        ({"layer": 1.5}, TypeError, r"`layer` \(=1.5\) must be the name"),
        ({"baseline": OfInputs(0)}, ValueError, r"\(=OfInputs\) is for an inner layer: give `layer` too"),
        ({"layer": 2, "baseline": np.zeros(3)}, ValueError, r"`baseline` for `.+` has shape \(3,\), but must have"),
        ({"layer": 2, "baseline": {"x": 0}}, ValueError, r"`baseline` names \['x'\], but the model inputs are"),
        ({"layer": 2, "baseline": OfInputs({"z": 0})}, ValueError, r"names \['z'\], but the model inputs are \['x'\]"),
        (
            {"layer": 2, "baseline": OfInputs(np.zeros(3))},
            ValueError,
            r"for `x` has shape \(3,\), but must be a number",
        ),
    ],
)
def test_bad_calls(options, error, message, backend):
    if options.get("layer") == 2 and not isinstance(options["layer"], bool):
        options = {**options, "layer": layer_of(KIND, backend, PLACE)}
    with pytest.raises(error, match=message):
        net(KIND, backend).attribute(batch(KIND, backend), "integrated_gradients", **options)


def test_a_baseline_of_the_package_too(backend):
    one, other = (found(backend, "integrated_gradients", baseline=each, nsamples=4) for each in (Constant(0.0), 0))
    assert np.array_equal(one, other)


def test_the_inputs_have_the_maps_that_they_had(backend):
    """Layers, inputs, and layers again, on one net."""
    explainer, given = net(KIND, backend), batch(KIND, backend)
    before = maps(explainer.attribute(given, "smoothgrad", nsamples=4))
    explainer.attribute(given, "smoothgrad", nsamples=4, layer=layer_of(KIND, backend, PLACE))
    assert furthest(maps(explainer.attribute(given, "smoothgrad", nsamples=4)), before) == 0

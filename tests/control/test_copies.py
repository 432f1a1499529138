"""Copies of a model: equal, of its own weights, and nothing is left behind in or around the model."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from models import KINDS, batch, maps, model, net
from training import images
from untouched import disturbable, state

from fe_saliency import SaliencyNet
from fe_saliency.backend.weights import weights_of


def copied(made):
    return weights_of(made).copy(made)


def names(made):
    return [name for name, _ in weights_of(made).layers(made)]


def gradient(made, inputs=("x",)):
    """The map of a small table by each of the inputs."""
    x = np.random.default_rng(0).random((3, 6), np.float32)
    one = SaliencyNet(made, inputs, "y", [f"map of {key}" for key in inputs], max_rows=8)
    return [np.asarray(each) for each in one.attribute(dict.fromkeys(inputs, x), target=1).maps.values()]


def overwrite(made):
    """Give a copy weights that are all different."""
    found = weights_of(made)
    found.write(made, [(array + 1).astype(array.dtype) for array in found.read(made)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_gives_the_same_maps_until_it_is_written_to(kind, backend):
    one, fed = net(kind, backend), batch(kind, backend)
    other = one.on(copied(one.model))
    expected, found = one.attribute(fed), other.attribute(fed)
    for key, array in maps(expected).items():
        np.testing.assert_array_equal(maps(found)[key], array)
    for key, scores in expected.scores.items():
        np.testing.assert_array_equal(found.scores[key], scores)
    overwrite(other.model)
    assert any((maps(other.attribute(fed))[key] != array).any() for key, array in maps(expected).items())
    for key, array in maps(one.attribute(fed)).items():
        np.testing.assert_array_equal(array, maps(expected)[key])


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients", "vargrad"])
def test_a_copy_serves_every_method_as_the_model_does(method, backend):
    one, fed = net("relu_conv", backend), batch("relu_conv", backend)
    calls = [each.attribute(fed, method, nsamples=6, score="logit") for each in (one, one.on(copied(one.model)))]
    np.testing.assert_array_equal(maps(calls[0])["x"], maps(calls[1])["x"])


def test_copying_and_using_a_copy_leaves_everything_as_it_was(backend):
    """Dropout, BatchNorm, a frozen one, two optimizers, all global generators; and a copy has no optimizer."""
    made = disturbable(backend)
    before = state(made)
    other = copied(made)
    fed = {"x": images(backend)}
    found = SaliencyNet(other, "x", "y", max_rows=8).attribute(fed).maps["x"]
    overwrite(other)
    assert state(made) == before
    assert getattr(other, "optimizer", None) is None and other.current_optimizer is None
    np.testing.assert_array_equal(found, SaliencyNet(made, "x", "y", max_rows=8).attribute(fed).maps["x"])


def test_statistics_are_read_and_copied_but_are_no_parameters(backend):
    made = disturbable(backend)
    one, other = weights_of(made), copied(made)
    arrays = one.read(made)
    assert all(np.array_equal(a, b) for a, b in zip(one.read(other), arrays, strict=True))
    owned = {place for _, places in one.layers(made) for place in places}
    statistics = [array for place, array in enumerate(arrays) if place not in owned]
    assert len(owned) == 8, "kernel and bias, gamma and beta, those of the frozen layer, kernel and bias"
    assert sorted(array.shape for array in statistics if array.shape) == [(2,)] * 4


def test_what_is_read_does_not_follow_the_model(backend):
    other = copied(model("linear", backend))
    read = weights_of(other).read(other)
    before = [array.copy() for array in read]
    overwrite(other)
    assert all(np.array_equal(a, b) for a, b in zip(read, before, strict=True))


def test_layers_go_from_input_to_output(backend):
    assert {
        "tf": lambda found: [name.rstrip("_0123456789") for name in found] == ["conv2d", "dense", "dense"],
        "torch": lambda found: found == ["branches.0.0", "branches.0.4", "heads.0.0"],
    }[backend](names(model("smooth_conv", backend)))


def test_arrays_of_another_model_are_refused(backend):
    other = copied(model("linear", backend))
    arrays = weights_of(other).read(other)
    for wrong in (arrays[:-1], [array[..., :1] for array in arrays]):
        with pytest.raises(ValueError):
            weights_of(other).write(other, wrong)


def test_keras_names_go_on_as_if_nothing_had_been_copied():
    first, other = tf.keras.layers.Dense(1).name, copied(model("smooth_conv", "tf"))
    SaliencyNet(other, "x", "y").attribute(batch("smooth_conv", "tf"))
    assert int(tf.keras.layers.Dense(1).name.split("_")[-1]) == int(first.split("_")[-1]) + 1
    assert tf.keras.Model().name.split("_")[0] == "model"


class Summed(tf.keras.Model):
    """Subclassed, without a configuration, of two inputs, with weights of its own and a layer used twice."""

    def __init__(self):
        super().__init__()
        self.shared = tf.keras.layers.Dense(5, activation="swish", name="shared")
        self.ends = [tf.keras.layers.Dense(3, name="end")]
        self.scale = self.add_weight(name="scale", shape=(3,), initializer="ones")

    def call(self, one, two, training=None):
        return self.ends[0](self.shared(one) + 2 * self.shared(two)) * self.scale


def test_a_subclassed_keras_model():
    made = fe.build(Summed, optimizer_fn="adam", model_name="summed")
    with pytest.raises(ValueError, match=r"`model` \(a Summed\) has no weights yet: call it once on a batch"):
        copied(made)
    expected = gradient(made, ("one", "two"))
    for found, wanted in zip(gradient(copied(made), ("one", "two")), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert names(made) == ["shared", "end", made.name]


def test_a_keras_model_within_a_model_and_a_lambda():
    keras, offset = tf.keras.layers, tf.Variable([1.0, 2.0, 3.0])
    inner = tf.keras.Sequential([tf.keras.Input((6,)), keras.Dense(4, name="in"), keras.Dense(3, name="out")], "inner")
    made = fe.build(
        lambda: tf.keras.Sequential([tf.keras.Input((6,)), inner, keras.Lambda(lambda x: tf.nn.silu(x) * offset)]), None
    )
    np.testing.assert_array_equal(gradient(copied(made)), gradient(made))
    assert names(made) == ["inner/in", "inner/out"]


class Tied(torch.nn.Module):
    """One weight in two layers, a weight that a hook computes anew, and a buffer that is not saved."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 6)
        self.two.weight = self.one.weight
        self.normed = nn.utils.weight_norm(nn.Linear(6, 3))
        self.register_buffer("offset", torch.ones(6), persistent=False)

    def forward(self, x):
        return self.normed(torch.tanh(self.two(torch.tanh(self.one(x))) + self.offset))


@pytest.mark.filterwarnings("ignore:.*weight_norm")
def test_a_torch_model_with_a_shared_weight_and_a_computed_one():
    made = fe.build(Tied, optimizer_fn="adam")
    expected = gradient(made)
    other = copied(made)
    assert other.two.weight is other.one.weight is not made.one.weight
    np.testing.assert_array_equal(gradient(other), expected)
    assert names(made) == ["one", "two", "normed"]
    assert len(weights_of(made).layers(made)[1][1]) == 1, "the shared weight is the first layer's"


def test_a_parallel_torch_model():
    parallel = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Linear(4, 3)))
    made = fe.build(lambda: parallel, optimizer_fn=None)
    np.testing.assert_array_equal(gradient(copied(made)), gradient(made))
    assert names(made) == ["module.0", "module.1"]


def test_torch_models_that_cannot_be_copied():
    lazy = fe.build(lambda: torch.nn.Sequential(torch.nn.LazyLinear(3)), optimizer_fn=None)
    with pytest.raises(ValueError, match=r"`model` \(a Sequential\) has no weights yet: call it once on a batch"):
        weights_of(lazy).layers(lazy)
    stuck = fe.build(lambda: torch.nn.Linear(2, 2), optimizer_fn=None)
    stuck.rows = (row for row in range(2))
    with pytest.raises(ValueError, match=r"`model` \(a Linear\) cannot be copied by `copy.deepcopy`: .*generator"):
        copied(stuck)

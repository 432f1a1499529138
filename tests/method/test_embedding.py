"""Tokens have no gradient; what an embedding makes of them has."""

import warnings

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import distance
from models import fresh_net, maps

from fe_saliency import SaliencyNet
from fe_saliency.control import emprt, histogram_entropy
from fe_saliency.method import OfInputs

RNG = np.random.default_rng(3)
TABLE, WEIGHT = RNG.normal(size=(9, 4)), RNG.normal(size=(4, 3))
TOKENS = RNG.integers(1, 9, size=(3, 5))
TARGET = np.array([2, 0, 1])


class Torch(torch.nn.Module):
    """s = W (mean of the embeddings) ** 2: its gradient at each of them is 2 W mean / T."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(9, 4)
        self.end = torch.nn.Linear(4, 3, bias=False)
        self.double()
        with torch.no_grad():
            self.words.weight.copy_(torch.from_numpy(TABLE))
            self.end.weight.copy_(torch.from_numpy(WEIGHT.T.copy()))

    def forward(self, x):
        return self.end(self.words(x).mean(dim=1) ** 2)


def keras_model():
    layers = tf.keras.layers
    x = tf.keras.Input((5,), dtype="int64")
    words = layers.Embedding(9, 4, mask_zero=True, name="words", dtype="float64")
    end = layers.Dense(3, use_bias=False, dtype="float64")
    pooled = layers.Lambda(lambda e: tf.reduce_mean(e, axis=1) ** 2, dtype="float64")
    made = tf.keras.Model(x, end(pooled(words(x))))
    words.set_weights([TABLE])
    end.set_weights([WEIGHT])
    return made


def explainer(backend):
    return SaliencyNet(fe.build({"tf": keras_model, "torch": Torch}[backend], optimizer_fn=None), "x", "y")


def attribute(backend, method="gradient", one=None, tokens=TOKENS, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a cast, say
        warnings.filterwarnings("ignore", "non-integer arguments to randrange", DeprecationWarning)  # Keras's own
        said = (one or explainer(backend)).attribute({"x": tokens}, method, layer="words", target=TARGET, **options)
    return np.asarray(said.maps["words"])


def slope(mean):
    """The gradient at each embedding, (3, 1, 4), for the mean of the embeddings (3, 4)."""
    return (2 * WEIGHT[:, TARGET].T * mean / 5)[:, None]


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_the_gradient_in_closed_form(dtype, backend):
    expected = np.broadcast_to(slope(TABLE[TOKENS].mean(axis=1)), (3, 5, 4))
    assert distance(attribute(backend, tokens=TOKENS.astype(dtype)), expected) < 1e-12


def test_integrated_from_nothing(backend):
    """Along the line from 0 the gradient grows in proportion, so the middle of the path gives the integral."""
    embedded = TABLE[TOKENS]
    expected = embedded * slope(embedded.mean(axis=1)) / 2
    assert distance(attribute(backend, "integrated_gradients", baseline="zero", nsamples=3), expected) < 1e-12


@pytest.mark.parametrize("pad", [0, np.zeros(5, "int64"), {"x": np.zeros((3, 5), "int32")}])
def test_integrated_from_a_sentence_of_padding(pad, backend):
    embedded = TABLE[TOKENS]
    expected = (embedded - TABLE[0]) * slope((embedded.mean(axis=1) + TABLE[0]) / 2)
    assert distance(attribute(backend, "integrated_gradients", baseline=OfInputs(pad), nsamples=3), expected) < 1e-12


def test_the_noise_is_the_same_on_both_backends():
    tf_map, torch_map = (attribute(backend, "vargrad", nsamples=4) for backend in ("tf", "torch"))
    assert distance(tf_map, torch_map) < 1e-6 and tf_map.min() > 0


def test_chunks_change_nothing(backend):
    one = explainer(backend)
    whole, parts = (attribute(backend, "smoothgrad", one, nsamples=4, max_rows=size) for size in (100, 2))
    assert distance(parts, whole) < 1e-12


def test_without_a_layer_the_error_names_it(backend):
    one = explainer(backend)
    for method in ("gradient", "smoothgrad"):
        with pytest.raises(ValueError, match=r"`batch\['x'\]` \(of int64\) holds indices.*layer='words'"):
            one.attribute({"x": TOKENS}, method)
    with pytest.raises(ValueError, match="holds indices"):
        one.seconds_per_gradient({"x": TOKENS})


def test_a_decision_needs_no_gradient(backend):
    expected = (TABLE[TOKENS].mean(axis=1) ** 2 @ WEIGHT).argmax(axis=1)
    assert np.array_equal(np.asarray(explainer(backend).decide({"x": TOKENS}).predictions["y"]), expected)


def test_a_map_of_tokens_has_nothing_to_lie_over(backend):
    with pytest.raises(ValueError, match="needs an input with axes of space"):
        explainer(backend).attribute({"x": TOKENS}, "gradcam", layer="words")


def test_where_nothing_is_embedded_integers_are_cast(backend):
    """A table of counts, say, has a gradient."""
    one, counts = fresh_net("smooth_mlp", backend), np.arange(12).reshape(2, 6)
    with pytest.warns(UserWarning, match="`x` is int64 but the model computes in float64: it is cast"):
        said = maps(one.attribute({"x": counts}))
    assert np.array_equal(said["x"], maps(one.attribute({"x": counts.astype(float)}))["x"])


def test_a_blur_is_along_the_sentence_not_across_the_vector():
    """Both frameworks lay embeddings out as (B, T, E)."""
    tf_map, torch_map = (attribute(backend, "blur_integrated_gradients", nsamples=5) for backend in ("tf", "torch"))
    assert distance(torch_map, tf_map) < 1e-6 and np.abs(tf_map).min() > 0


def test_a_control_sees_one_heat_for_each_token():
    one, options = explainer("torch"), {"layer": "words", "target": TARGET}
    found = one.attribute({"x": TOKENS}, "gradient", **options)
    said, maps = emprt(one, {"x": TOKENS}, "gradient", **options), found.maps["words"]
    assert np.array_equal(said.entropy_original, histogram_entropy(maps, -1))
    assert not np.allclose(said.entropy_original, histogram_entropy(maps, 1))


class Two(torch.nn.Module):
    """An image and tokens, which are embedded twice."""

    def __init__(self):
        super().__init__()
        self.words, self.places = torch.nn.Embedding(9, 4), torch.nn.Embedding(9, 4)
        self.seen, self.end = torch.nn.Conv2d(1, 4, 3), torch.nn.Linear(4, 3)

    def forward(self, image, x):
        embedded = (self.words(x) + self.places(x)).mean(dim=1)
        return self.end(embedded**2 + self.seen(image).mean(dim=(2, 3)))


@pytest.mark.parametrize("layer, axis", [("words", -1), ("places", -1), ("seen", 1)])
def test_each_embedding_has_its_vectors_last_and_a_convolution_its_channels_first(layer, axis):
    one = SaliencyNet(fe.build(Two, optimizer_fn=None), ["image", "x"], "y", ["of_image", "of_x"])
    given = {"image": RNG.normal(size=(3, 1, 5, 5)).astype("float32"), "x": TOKENS}
    assert one.attribute(given, "gradient", layer=layer).channel_axis == axis

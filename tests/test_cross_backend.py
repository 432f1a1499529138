"""TensorFlow and torch, equal weights, one process: the same numbers, the sampled methods included."""

import numpy as np
import pytest
from helpers import METHODS, distance, few, furthest, takes_tables
from models import batch, maps, net, to_host

from fe_saliency.method import find

KINDS = [
    ("smooth_conv", "float64"),
    ("smooth_conv", "float32"),
    ("two_inputs", "float64"),
    ("two_outputs", "float64"),
    ("relu_conv", "float64"),
    ("one_unit", "float64"),
]


def both(kind, dtype, method, **options):
    return [
        net(kind, backend, dtype).attribute(batch(kind, backend, dtype=dtype), method, seed=3, **options)
        for backend in ("tf", "torch")
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind, dtype", KINDS)
def test_raw_maps_and_what_is_said_of_them(kind, dtype, method):
    if "conv" not in kind and kind != "two_inputs" and not takes_tables(method):
        return
    if kind == "two_outputs" and any(bracket.of_weights for bracket in find(method).brackets):
        return  # Keras counts the layers of such a model in another order, so their noise is another.
    tf_said, torch_said = both(kind, dtype, method, nsamples=few(method))
    assert furthest(maps(tf_said), maps(torch_said)) < 1e-4
    if method != "xrai":  # It may be below 0, but that is of the channel that says most for the class.
        assert find(method).signed or all(array.min() >= 0 for array in maps(tf_said).values())
    for name in ("completeness_gap", "completeness_error", "relative_error"):
        ours, theirs = getattr(tf_said, name), getattr(torch_said, name)
        assert (ours is None) == (theirs is None), name
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    for key in tf_said.scores:
        np.testing.assert_allclose(to_host(tf_said.scores[key]), to_host(torch_said.scores[key]), rtol=1e-5)
        np.testing.assert_array_equal(to_host(tf_said.targets[key]), to_host(torch_said.targets[key]))


@pytest.mark.parametrize("method", ["gradient", "smoothgrad_squared", "integrated_gradients"])
def test_lenet(method):
    """Some activations of ReLU lie within rounding of zero, and their gradients may switch; float32."""
    tf_said, torch_said = both("lenet", "float32", method, nsamples=few(method))
    assert distance(maps(tf_said)["x"], maps(torch_said)["x"]) < 1e-4


@pytest.mark.parametrize("score", ["logit", "log_probability", "probability"])
def test_scores(score):
    tf_said, torch_said = both("softmax_mlp", "float64", "smoothgrad", nsamples=4, score=score)
    assert furthest(maps(tf_said), maps(torch_said)) < 1e-9


def test_masks():
    found = [
        net("smooth_conv", backend).get_smoothed_masks(batch("smooth_conv", backend), nsamples=5)
        for backend in ("tf", "torch")
    ]
    assert found[0].keys() == found[1].keys()
    assert distance(*(to_host(each["saliency"]) for each in found)) < 1e-6


def test_the_comparison_notices_another_seed():
    one, other = (
        net("smooth_conv", backend).attribute(batch("smooth_conv", backend), "smoothgrad", nsamples=5, seed=seed)
        for seed, backend in enumerate(("tf", "torch"))
    )
    assert furthest(maps(one), maps(other)) > 1e-3

"""Several inputs and several outputs: one map for each input, of the sum of all scores."""

import numpy as np
import pytest
from helpers import distance, few, furthest
from models import batch, maps, model, net, rows, to_host

from fe_saliency import SaliencyNet
from fe_saliency.backend import by_name


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "integrated_gradients"])
def test_the_map_of_a_sum_is_the_sum_of_the_maps(method, backend):
    """Linear in the score, for methods that are linear in the gradient."""
    fed, options = batch("two_outputs", backend), {"nsamples": few(method)}
    together = net("two_outputs", backend).attribute(fed, method, target={"y0": 1, "y1": 2}, **options)
    others = [
        maps(net("two_outputs", backend).attribute(fed, method, target={"y0": i, "y1": j}, **options))["x"]
        for i, j in ((1, 0), (0, 2), (0, 0))
    ]
    assert distance(maps(together)["x"], others[0] + others[1] - others[2]) < 1e-10


def test_scores_of_every_output(backend):
    said = net("two_outputs", backend).attribute(batch("two_outputs", backend))
    assert said.scores.keys() == said.targets.keys() == {"y0", "y1"}
    found = net("two_outputs", backend).get_masks(batch("two_outputs", backend))
    for key in ("y0", "y1"):
        np.testing.assert_array_equal(to_host(found[key]), to_host(said.predictions[key]))
        np.testing.assert_array_equal(to_host(found[f"SaliencyNet_Target_Index_{key}"]), to_host(said.targets[key]))


def test_an_input_without_a_range_gets_neither_noise_nor_a_random_baseline(backend):
    """However large its neighbour's range is: each input has its own."""
    fed = {**batch("two_inputs", backend), "x1": np.full((3, 5), 2.0)}
    fed["x0"] = fed["x0"] * 1000
    one = net("two_inputs", backend)
    assert not maps(one.attribute(fed, "integrated_gradients", nsamples=4))["x1"].any()
    fed["x0"] = fed["x0"] * 0 + 1.5
    calm = maps(one.attribute(fed))
    assert furthest(maps(one.attribute(fed, "smoothgrad", nsamples=4, stdev_spread=1.0)), calm) < 1e-10


def test_integrated_gradients_multiply_each_input_by_its_own_difference(backend):
    """Where one input is at its baseline, its map is zero, and the other's is not touched by that."""
    fed = batch("two_inputs", backend)
    said = net("two_inputs", backend).attribute(
        fed, "integrated_gradients", baseline={"x0": 0.3, "x1": rows("two_inputs")["x1"]}, nsamples=5
    )
    assert not maps(said)["x1"].any() and np.abs(maps(said)["x0"]).max() > 0.1


def test_one_drawn_and_one_given_baseline(backend):
    said = net("two_inputs", backend).attribute(
        batch("two_inputs", backend), "integrated_gradients", baseline={"x1": 0.0}, nsamples=200
    )
    assert (np.abs(said.completeness_gap) < 5 * said.completeness_error).all() and said.completeness_error.min() > 0


def test_order_of_keys_is_the_models_order(backend):
    """Keys of any name: the first is the model's first input."""
    fed = batch("two_inputs", backend)
    one = SaliencyNet(model("two_inputs", backend), ["z", "a"], "y", ["mz", "ma"])
    found = one.get_masks({"a": fed["x1"], "z": fed["x0"]})
    expected = net("two_inputs", backend).get_masks(fed)
    for key, other in (("mz", "saliency0"), ("ma", "saliency1")):
        np.testing.assert_array_equal(to_host(found[key]), to_host(expected[other]))


def test_the_memory_of_an_array_says_nothing_of_its_layout():
    """The stride of an axis of length 1 is anything to NumPy; torch would take such an image for channels-last."""
    plain = np.arange(3 * 8 * 8, dtype="float32").reshape(3, 1, 8, 8)
    odd = np.lib.stride_tricks.as_strided(plain, strides=(256, 4, 32, 4))
    assert odd.flags.c_contiguous
    tensor = by_name("torch").tensor(odd)
    assert tensor.stride() == (64, 64, 8, 1)
    np.testing.assert_array_equal(tensor.numpy(), plain)

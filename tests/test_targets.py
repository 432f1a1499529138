"""Which class is explained: per row, from the argument or the batch, held fixed in every method."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import distance
from models import batch, maps, net, to_host

PREFIX = "SaliencyNet_Target_Index_"
CLASSES = np.array([2, 0, 1])
GETTERS = {
    "masks": lambda one, fed: one.get_masks(fed),
    "smoothed": lambda one, fed: one.get_smoothed_masks(fed, nsamples=4),
    "integrated": lambda one, fed: one.get_integrated_masks(fed, nsamples=4),
    "both": lambda one, fed: one.get_smoothed_masks(fed, nsamples=3, nintegration=4),
}
FORMS = {
    "array": lambda classes: classes,
    "int32": lambda classes: classes.astype("int32"),
    "uint8": lambda classes: classes.astype("uint8"),
    "column": lambda classes: classes[:, None],
    "list": lambda classes: classes.tolist(),
    "tf": tf.convert_to_tensor,
    "torch": torch.from_numpy,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_class_row_by_row(form, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    by_class = [maps(one.attribute(fed, target=index))["x"] for index in range(3)]
    expected = np.stack([by_class[index][row] for row, index in enumerate(CLASSES)])
    named = FORMS[form](CLASSES)
    for said in (
        one.attribute(fed, target=named),
        one.attribute(fed, target={"y": named}),
        one.attribute({**fed, PREFIX + "y": named}),
    ):
        np.testing.assert_array_equal(to_host(said.targets["y"]), CLASSES)
        assert distance(maps(said)["x"], expected) < 1e-12


@pytest.mark.parametrize("getter", GETTERS)
def test_getters_keep_the_class_of_the_batch(getter, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    predicted = to_host(one.attribute(fed).predictions["y"])
    other = (predicted + 1) % 3
    found = GETTERS[getter](one, {**fed, PREFIX + "y": other})
    np.testing.assert_array_equal(to_host(found["y"]), predicted)
    np.testing.assert_array_equal(to_host(found[PREFIX + "y"]), other)
    plain = GETTERS[getter](one, fed)
    np.testing.assert_array_equal(to_host(plain[PREFIX + "y"]), predicted)
    assert distance(to_host(found["saliency"]), to_host(plain["saliency"])) > 1e-2
    again = GETTERS[getter](one, {**fed, PREFIX + "y": predicted})
    np.testing.assert_array_equal(to_host(again["saliency"]), to_host(plain["saliency"]))


@pytest.mark.parametrize("empty", [[], np.array([]), np.zeros((0,), "int64"), None])
def test_an_empty_key_says_nothing(empty, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    found = one.get_masks({**fed, PREFIX + "y": empty})
    np.testing.assert_array_equal(to_host(found["saliency"]), to_host(one.get_masks(fed)["saliency"]))
    np.testing.assert_array_equal(to_host(found[PREFIX + "y"]), to_host(found["y"]))


def test_the_argument_goes_before_the_batch(backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    said = one.attribute({**fed, PREFIX + "y": CLASSES}, target=1)
    assert to_host(said.targets["y"]).tolist() == [1, 1, 1]


def test_some_of_several_outputs(backend):
    one, fed = net("two_outputs", backend), batch("two_outputs", backend)
    plain = one.attribute(fed)
    said = one.attribute({**fed, PREFIX + "y0": CLASSES}, target={"y1": 3})
    np.testing.assert_array_equal(to_host(said.targets["y0"]), CLASSES)
    assert to_host(said.targets["y1"]).tolist() == [3, 3, 3]
    only = one.attribute(fed, target={"y1": 3})
    np.testing.assert_array_equal(to_host(only.targets["y0"]), to_host(plain.targets["y0"]))
    for key in ("y0", "y1"):
        np.testing.assert_array_equal(to_host(said.predictions[key]), to_host(plain.predictions[key]))


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients"])
def test_the_class_is_that_of_the_clean_input(method, backend):
    """Held fixed for every sample, also where noise or the path would change the decision."""
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    predicted = one.attribute(fed).predictions["y"]
    options = {"nsamples": 6, "stdev_spread": 2.0}
    free = maps(one.attribute(fed, method, **options))["x"]
    assert distance(free, maps(one.attribute(fed, method, target=predicted, **options))["x"]) == 0

"""The keeper of rows, by itself."""

import pickle

import numpy as np
import pytest
import tensorflow as tf
import torch

from fe_saliency.trace.samples import Samples

PLACE = ("eval", "")


def batch(start, count):
    x = np.arange(start, start + count, dtype="float32").reshape(-1, 1)
    return {"x": x, "y": x[:, 0].astype("int64"), "other": None}


def kept(samples, place=PLACE):
    rows = samples.at(place)
    return None if rows is None else rows["x"][:, 0].tolist()


def test_rows_are_collected_until_there_are_enough():
    samples = Samples(["x", "y"], 3)
    assert samples.wants(PLACE) and kept(samples) is None
    assert samples.keep(PLACE, batch(0, 2)) == 0
    assert samples.wants(PLACE)
    assert samples.keep(PLACE, batch(2, 2)) == 0
    assert not samples.wants(PLACE)
    assert kept(samples) == [0, 1, 2]
    assert samples.at(PLACE)["y"].tolist() == [0, 1, 2]
    assert set(samples.at(PLACE)) == {"x", "y"}


def test_one_batch_is_enough_and_no_more_than_sixteen_rows_of_it():
    samples = Samples(["x"], None)
    assert samples.count == 16
    assert samples.keep(PLACE, batch(0, 19)) == 3
    assert not samples.wants(PLACE)
    assert kept(samples) == list(range(16))


def test_places_are_apart():
    samples = Samples(["x"], 1)
    for number, place in enumerate([("eval", "a"), ("eval", "b"), ("train", "a")]):
        assert samples.wants(place)
        samples.keep(place, batch(number, 2))
        assert kept(samples, place) == [number]


def test_a_closed_place_takes_no_more_and_an_empty_one_is_not_closed():
    samples = Samples(["x"], 5)
    samples.close(PLACE)
    assert samples.wants(PLACE), "nothing was seen: the next epoch may bring something"
    samples.keep(PLACE, batch(0, 2))
    samples.close(PLACE)
    assert not samples.wants(PLACE)
    assert kept(samples) == [0, 1]


@pytest.mark.parametrize("make", [np.array, tf.convert_to_tensor, torch.from_numpy, tf.Variable])
def test_arrays_and_tensors_become_arrays_of_their_own(make):
    array = np.ones((2, 3), "float32")
    tensor = make(array)
    samples = Samples(["x"], 2)
    samples.keep(PLACE, {"x": tensor})
    array[:] = 0
    if isinstance(tensor, (np.ndarray, torch.Tensor)):
        tensor[:] = 0
    assert type(samples.at(PLACE)["x"]) is np.ndarray
    assert (samples.at(PLACE)["x"] == 1).all()


def test_fixed_rows_are_the_same_everywhere():
    samples = Samples(["x", "y"], {"x": [[1.0], [2.0]], "y": torch.tensor([1, 2]), "more": 3})
    assert samples.count == 2
    assert not samples.wants(PLACE)
    assert kept(samples, ("test", "z")) == [1, 2]
    assert set(samples.fixed) == {"x", "y"}


def test_the_state_brings_everything_back():
    one, other = Samples(["x"], 3), Samples(["x"], 3)
    one.keep(("eval", "full"), batch(0, 4))
    one.keep(("eval", "half"), batch(4, 1))
    other.keep(("eval", "gone"), batch(9, 1))
    other.restore(pickle.loads(pickle.dumps(one.state())))
    assert kept(other, ("eval", "full")) == [0, 1, 2]
    assert not other.wants(("eval", "full"))
    assert other.wants(("eval", "half"))
    other.keep(("eval", "half"), batch(5, 9))
    assert kept(other, ("eval", "half")) == [4, 5, 6]
    assert kept(other, ("eval", "gone")) is None
    assert kept(one, ("eval", "half")) == [4], "the two share nothing"


def test_a_batch_that_cannot_be_kept_ends_the_epoch_but_not_the_next():
    samples = Samples(["x", "y"], 3)
    samples.keep(PLACE, batch(0, 1))
    with pytest.raises(IndexError):
        samples.keep(PLACE, {"x": np.zeros((2, 1)), "y": np.array(1)})
    assert not samples.wants(PLACE) and kept(samples) == [0]
    empty = Samples(["y"], 3)
    with pytest.raises(TypeError):
        empty.keep(PLACE, {"y": np.array(1)})
    assert not empty.wants(PLACE) and empty.at(PLACE) is None
    empty.close(PLACE)
    assert empty.wants(PLACE)


@pytest.mark.parametrize(
    "shapes, joined", [([(2, 1, 4), (1, 3, 4)], (3, 3, 4)), ([(1, 0, 5), (1, 2, 5)], (2, 2, 5)), ([(1, 4)] * 2, (2, 4))]
)
def test_boxes_are_filled_up_with_zeros(shapes, joined):
    samples, parts = Samples(["x", "box"], 9, padded=["box"]), [np.full(shape, 7) for shape in shapes]
    for part in parts:
        samples.keep(PLACE, {"x": np.zeros((len(part), 1)), "box": part})
    found = samples.at(PLACE)["box"]
    assert found.shape == joined and found.sum() == sum(part.sum() for part in parts)
    assert (found[0, : shapes[0][1]] == 7).all()


def test_other_rows_of_several_shapes_are_refused():
    samples = Samples(["x", "box"], 9, padded=["box"])
    for shape in ((2, 3), (2, 3, 4)):
        samples.keep(PLACE, {"x": np.zeros((2, 1)), "box": np.zeros(shape)})
    with pytest.raises(ValueError, match=r"Rows of `box` have the shapes \[\(3,\), \(3, 4\)\] in different batches"):
        samples.at(PLACE)
    assert len(samples.state()["kept"][PLACE]) == 2, "nothing is lost"

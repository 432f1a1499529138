"""Class numbers as people read them."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from fe_saliency.labels import Labels, key_part

NAMES = {"cat": 0, "dog": 1, "eel": 2}


@pytest.mark.parametrize(
    "classes",
    [
        np.array([2, 0]),
        np.array([[2], [0]]),
        np.array([2.0, 0.0]),
        np.array([[0, 0, 1], [1, 0, 0]]),
        np.array([[0.1, 0.1, 0.8], [0.7, 0.2, 0.1]]),
        np.array([2, 0], "uint8"),
    ],
)
def test_numbers_of_every_form_get_their_names(classes):
    assert Labels(NAMES).of(classes) == ["eel", "cat"]
    assert Labels(None).of(classes) == ["2", "0"]


def test_one_row():
    assert Labels(NAMES).of(np.array([1])) == ["dog"]
    assert Labels(NAMES).of(np.array([[0, 1, 0]])) == ["dog"]


def test_booleans_are_classes():
    assert Labels({"no": 0, "yes": 1}).of(np.array([True, False])) == ["yes", "no"]


@pytest.mark.parametrize("names", [np.array(["ab", "c"]), np.array(["ab", "c"], object), np.array([b"ab", b"c"])])
def test_names_in_the_data_stay(names):
    assert Labels(NAMES).of(names) == ["ab", "c"]


@pytest.mark.parametrize("number", [1, 1.0, np.int64(1), np.array(1), np.array([1])[0], True])
def test_a_mapping_may_hold_any_whole_number(number):
    assert Labels({"dog": number}).of(np.array([1])) == ["dog"]


@pytest.mark.parametrize("make", [torch.tensor, tf.constant])
def test_a_mapping_may_hold_tensors(make):
    assert Labels({"dog": make(1)}).of(np.array([1])) == ["dog"]


@pytest.mark.parametrize("value", ["1", None, 1.5, [1, 2]])
def test_a_mapping_to_something_else_is_refused(value):
    with pytest.raises(TypeError, match="`label_mapping` maps 'dog' to .* a class number"):
        Labels({"dog": value})


def test_a_class_without_a_name_is_told_once_and_shown_by_its_number(caplog):
    one, classes = Labels({"7": 0, "dog": 1}), np.array([0, 7, 1, 7, 10, -1])
    assert one.of(classes) == ["7", "#7", "dog", "#7", "#10", "#-1"], "and not taken for the class of that name"
    for _ in range(2):
        one.tell(classes)
        one.tell(np.array(["cat"]))
        one.tell(np.eye(3)[2:])
    said = [record.getMessage() for record in caplog.records]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert [said[0].count(part) for part in ("no name for class 10", "it names [0, 1]", "shown as '#10'")] == [1, 1, 1]
    assert "class 7," in said[1] and "class 2," in said[2]
    Labels(None).tell(classes)
    assert len(caplog.records) == 3


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 1, 2)])
def test_classes_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="Classes have shape"):
        Labels(None).of(np.zeros(shape, int))


def test_an_empty_mapping_names_nothing():
    assert Labels({}).of(np.array([3])) == ["3"]


def test_a_mapping_must_be_one():
    with pytest.raises(TypeError, match=r"`label_mapping` \(a list\) must be a dict"):
        Labels([1, 2])


def test_names_in_the_data_are_compared_only_with_names():
    numbers, names = np.array([0, 1]), np.array(["cat", "dog"])
    assert Labels(None).common_to(numbers)
    assert not Labels(None).common_to(names)
    assert Labels({"cat": 0, "dog": 1}).common_to(names)


@pytest.mark.parametrize(
    "name, part", [("cat", "cat"), ("a big  dog", "a_big__dog"), ("a:b;c|d\te", "a_b_c_d_e"), ("été", "été")]
)
def test_names_in_keys(name, part):
    assert key_part(name) == part


def test_of_two_names_of_one_class_the_last_is_shown():
    with pytest.warns(UserWarning, match="names class 0 twice, 'a' and 'c': the last name is shown"):
        named = Labels({"a": 0, "b": 1, "c": 0.0})
    assert named.of(np.array([0, 1])) == ["c", "b"]

"""One score per row: which unit, on which scale, for all samples."""

import numpy as np
import pytest
import reference
from running import run

from fe_saliency.op import Gather

LOGITS = np.random.default_rng(0).normal(size=(6, 4)) * 3
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
CLASSES = np.array([2, 0, 3])
SCORES = ["output", "logit", "log_probability", "probability"]


def gathered(backend, score, units, *indices):
    keys = [f"class{slot}" for slot in range(len(indices))]
    return run(Gather(inputs="y", outputs="s", indices=keys, score=score), backend, units, *indices)[0]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("probabilities", [False, True])
def test_scales(score, probabilities, backend):
    units = PROBABILITIES if probabilities else LOGITS
    expected = reference.on_scale(units, score, probabilities)[range(6), np.tile(CLASSES, 2)]
    np.testing.assert_allclose(gathered(backend, score, units, CLASSES), expected, rtol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_one_unit(score, backend):
    y = np.array([[0.2], [0.7], [0.9]])
    for index in (0, 1):
        expected = reference.chosen(y, index, score, True)
        found = gathered(backend, score, y, np.full(3, index))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(gathered(backend, score, y[:, 0], np.full(3, index)), expected, rtol=1e-12)


def test_without_indices_each_row_takes_its_highest(backend):
    np.testing.assert_array_equal(gathered(backend, "output", LOGITS), LOGITS.max(axis=1))
    one_unit = np.array([[0.2], [0.7]])
    np.testing.assert_allclose(gathered(backend, "output", one_unit), [-0.2, 0.7])


def test_one_index_serves_several_outputs(backend):
    other = LOGITS[:, ::-1].copy()
    op = Gather(inputs=["y", "z"], outputs=["s", "t"], indices="class")
    for found, units in zip(run(op, backend, LOGITS, other, CLASSES), (LOGITS, other), strict=True):
        np.testing.assert_array_equal(found, units[range(6), np.tile(CLASSES, 2)])


def test_logits_that_sum_to_one_are_not_taken_for_probabilities(backend):
    units = np.array([[2.0, -1.5, 0.5]])
    found = gathered(backend, "logit", units, np.array([0]))
    np.testing.assert_array_equal(found, [2.0])


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_indices_of_any_whole_dtype(dtype, backend):
    np.testing.assert_array_equal(
        gathered(backend, "output", LOGITS, CLASSES.astype(dtype)), LOGITS[range(6), np.tile(CLASSES, 2)]
    )


def test_dense_outputs_are_refused(backend):
    with pytest.raises(ValueError, match=r"The model output `y` has shape \(2, 3, 4, 5\), but must be \(B, N\)"):
        gathered(backend, "output", np.zeros((2, 4, 5, 3)) if backend == "torch" else np.zeros((2, 3, 4, 5)))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"score": "loss"}, r"`score` \(='loss'\) must be one of 'output', 'logit'"),
        ({"indices": ["a", "b", "c"]}, r"`indices` \(=\['a', 'b', 'c'\]\) must name no key, one for all"),
        ({"outputs": ["s", "t", "u"]}, "must name the same number of keys"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Gather(**{"inputs": ["y", "z"], "outputs": ["s", "t"], **arguments})

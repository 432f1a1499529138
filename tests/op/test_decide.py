"""Which class of each row is explained, which one the model decides for, and what the first scores."""

import numpy as np
import pytest
import reference
from running import run

from fe_saliency.op import Decide

UNITS = np.array([[1.0, 5.0, 2.0], [0.5, -1.0, 0.25], [2.0, 3.0, 3.0], [-3.0, -2.0, -1.0]])
HIGHEST = [1, 0, 1, 2]  # of two equal units the first
ONE = np.array([[0.2], [0.5], [0.7]])


def decided(backend, units, wanted, score="output"):
    """(classes to explain, classes decided for, scores)."""
    op = Decide(inputs=["y", "wanted"], outputs=["class", "prediction", "score"], score=score)
    return run(op, backend, units, np.asarray(wanted, np.int64))


def test_what_is_given_is_explained(backend):
    classes, predictions, scores = decided(backend, UNITS, [2, 1, 0, 0])
    np.testing.assert_array_equal(classes, [2, 1, 0, 0])
    np.testing.assert_array_equal(predictions, HIGHEST)
    np.testing.assert_array_equal(scores, [2.0, -1.0, 2.0, -3.0])
    assert classes.dtype == predictions.dtype == np.int64 and scores.dtype == np.float64


def test_a_negative_class_leaves_the_row_to_the_model(backend):
    classes, predictions, scores = decided(backend, UNITS, [-1, 2, -7, 0])
    np.testing.assert_array_equal(classes, [1, 2, 1, 0])
    np.testing.assert_array_equal(predictions, HIGHEST)
    np.testing.assert_array_equal(scores, [5.0, 0.25, 3.0, -3.0])


def test_a_class_that_is_too_large_is_the_last(backend):
    """A program reads it without an error; the caller is told of it after."""
    classes, _, scores = decided(backend, UNITS, [3, 99, 2, -1])
    np.testing.assert_array_equal(classes, [2, 2, 2, 2])
    np.testing.assert_array_equal(scores, UNITS[:, 2])
    np.testing.assert_array_equal(decided(backend, ONE, [0, 1, 2])[0], [0, 1, 1])


@pytest.mark.parametrize("score", ["output", "log_probability", "probability"])
@pytest.mark.parametrize("flat", [False, True])
def test_one_unit_is_a_probability_of_class_1(score, flat, backend):
    units = ONE[:, 0] if flat else ONE
    for wanted, explained in (([-1] * 3, [0, 0, 1]), ([1, 0, 1], [1, 0, 1])):
        classes, predictions, scores = decided(backend, units, wanted, score)
        np.testing.assert_array_equal(predictions, [0, 0, 1])
        np.testing.assert_array_equal(classes, explained)
        expected = [reference.chosen(ONE[[row]], index, score, True)[0] for row, index in enumerate(explained)]
        np.testing.assert_allclose(scores, expected, rtol=1e-12)


def test_one_unit_is_a_logit_if_it_is_said_to_be(backend):
    _, predictions, scores = decided(backend, np.array([[-0.1], [0.0], [0.2]]), [-1] * 3, "logit")
    np.testing.assert_array_equal(predictions, [0, 0, 1])
    np.testing.assert_allclose(scores, [0.1, 0, 0.2])


@pytest.mark.parametrize("score", ["logit", "log_probability", "probability"])
def test_the_score_is_on_the_scale(score, backend):
    classes, predictions, scores = decided(backend, UNITS, [-1, 1, -1, 0], score)
    np.testing.assert_array_equal(predictions, HIGHEST)
    expected = reference.on_scale(UNITS, score, False)[range(4), classes]
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


def test_several_outputs_are_settled_each_for_itself(backend):
    keys = [f"{what}{slot}" for what in ("class", "prediction", "score") for slot in (0, 1)]
    op = Decide(inputs=["y0", "y1", "wanted0", "wanted1"], outputs=keys)
    other, wanted = -UNITS[:, :2], (np.array([0, -1, 2, -1]), np.array([-1, 1, -1, 5]))
    found = dict(zip(keys, run(op, backend, UNITS, other, *wanted), strict=True))
    for slot, units in enumerate((UNITS, other)):
        alone = decided(backend, units, wanted[slot])
        for what, expected in zip(("class", "prediction", "score"), alone, strict=True):
            np.testing.assert_array_equal(found[f"{what}{slot}"], expected)


def test_half_precision_scores_are_single(backend):
    assert decided(backend, UNITS.astype("float16"), np.full(4, -1))[2].dtype == np.float32


def test_dense_outputs_are_refused(backend):
    with pytest.raises(ValueError, match=r"The model output `y` has shape \(2, .*\), but must be \(B, N\), \(B, 1\)"):
        decided(backend, np.zeros((2, 4, 5, 3)), [0, 0])


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"score": "loss"}, r"`score` \(='loss'\) must be one of 'output', 'logit'"),
        ({"inputs": ["y"]}, "must name the same number of keys"),
        ({"inputs": ["y", "z", "wanted"]}, "must name the same number of keys"),
        ({"outputs": ["class", "prediction"]}, "must name the same number of keys"),
        ({"outputs": ["c", "d", "p", "q", "s", "t"]}, "must name the same number of keys"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Decide(**{"inputs": ["y", "wanted"], "outputs": ["class", "prediction", "score"], **arguments})

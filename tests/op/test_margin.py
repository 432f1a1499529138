"""How far a class is ahead of all others, against a loop over rows and classes."""

import numpy as np
import pytest
import reference
from running import run

from fe_saliency.op import Margin

UNITS = np.array([[1.0, 5.0, 2.0], [0.5, -1.0, 0.25], [2.0, 3.0, 3.0], [-3.0, -2.0, -1.0], [4.0, 4.0, 4.0]])
ONE = np.array([[0.2], [0.5], [0.7]])


def margins(backend, units, classes, score="output"):
    op = Margin(inputs=["y", "class"], outputs=["margin"], score=score)
    return run(op, backend, units, np.asarray(classes, np.int64))[0]


def slow(scores, classes):
    """One row and one class after the other."""
    return [
        row[index] - max(other for at, other in enumerate(row) if at != index)
        for row, index in zip(scores.tolist(), classes, strict=True)
    ]


@pytest.mark.parametrize("score", ["output", "logit", "log_probability", "probability"])
@pytest.mark.parametrize("shift", range(3))
def test_the_score_less_the_highest_other(score, shift, backend):
    """Each class of each row, ahead or behind, and ties: two of the highest, and all."""
    classes = (np.array([1, 0, 1, 2, 0]) + shift) % 3
    found = margins(backend, UNITS, classes, score)
    np.testing.assert_allclose(found, slow(reference.on_scale(UNITS, score, False), classes), rtol=1e-12, atol=1e-15)
    assert found.dtype == np.float64


def test_the_margin_of_probabilities(backend):
    probabilities = np.exp(UNITS) / np.exp(UNITS).sum(axis=1, keepdims=True)
    for score in ("output", "probability", "logit"):
        expected = slow(reference.on_scale(probabilities, score, True), [2, 0, 1, 1, 0])
        np.testing.assert_allclose(margins(backend, probabilities, [2, 0, 1, 1, 0], score), expected, atol=1e-12)


@pytest.mark.parametrize("flat", [False, True])
def test_one_unit_is_read_as_two(flat, backend):
    """Probabilities (1 - y, y), or logits (0, y)."""
    units = ONE[:, 0] if flat else ONE
    pairs = np.concatenate([1 - ONE, ONE], axis=1)
    for classes in ([0, 0, 1], [1, 1, 0]):
        for score in ("output", "probability"):
            np.testing.assert_allclose(margins(backend, units, classes, score), slow(pairs, classes), atol=1e-15)
        logs = margins(backend, units, classes, "log_probability")
        np.testing.assert_allclose(logs, slow(np.log(pairs), classes), atol=1e-12)
        logits = np.concatenate([0 * ONE, ONE], axis=1)
        np.testing.assert_allclose(margins(backend, units, classes, "logit"), slow(logits, classes), atol=1e-15)


def test_several_outputs_are_read_each_for_itself(backend):
    op = Margin(inputs=["y0", "y1", "class0", "class1"], outputs=["m0", "m1"])
    other, classes = -UNITS[:, :2], (np.array([0, 1, 2, 0, 1]), np.array([1, 0, 1, 0, 1]))
    for slot, found in enumerate(run(op, backend, UNITS, other, *classes)):
        np.testing.assert_array_equal(found, slow((UNITS, other)[slot], classes[slot]))


def test_half_precision_margins_are_single(backend):
    assert margins(backend, UNITS.astype("float16"), [0] * 5).dtype == np.float32


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"score": "loss"}, r"`score` \(='loss'\) must be one of 'output', 'logit'"),
        ({"inputs": ["y"]}, "must name the same number of keys"),
        ({"outputs": ["m", "n"]}, "must name the same number of keys"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Margin(**{"inputs": ["y", "class"], "outputs": ["margin"], **arguments})

"""Baselines: every form that a user may give, and the answers to wrong ones."""

import numpy as np
import pytest
from models import to_backend

from fe_saliency import patterns
from fe_saliency.method import Baseline, Constant, Given, Uniform
from fe_saliency.method.baseline import resolve

KEYS = ["x0", "x1"]
ROWS = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize(
    "said, expected",
    [
        (None, Uniform()),
        ("uniform", Uniform()),
        ("zero", Constant(0.0)),
        (0, Constant(0.0)),
        (2.5, Constant(2.5)),
        (np.float32(0.5), Constant(0.5)),
        (Constant(3.0), Constant(3.0)),
    ],
)
def test_forms(said, expected):
    assert resolve(said, KEYS) == (expected, expected)
    assert resolve({"x1": said}, KEYS) == (Uniform(), expected)


def test_arrays_and_tensors(backend):
    for said in (ROWS, to_backend(ROWS, backend), ROWS.tolist()):
        (found,) = resolve(said, ["x"])
        assert isinstance(found, Given)
        np.testing.assert_array_equal(found.feed(ROWS, 0, range(1), 0, -1), ROWS)


@pytest.mark.parametrize("array", [ROWS, ROWS[0], ROWS[:1]])
def test_given_rows_or_one_row(array):
    given = Given(array)
    given.check("x", ROWS)
    np.testing.assert_array_equal(given.feed(ROWS, 0, range(1), 0, -1), np.broadcast_to(array, ROWS.shape))


def test_feeds():
    np.testing.assert_array_equal(Constant(2.0).feed(ROWS, 0, range(1), 0, -1), np.full((3, 4), 2.0))
    np.testing.assert_array_equal(
        Uniform().feed(ROWS, 1, range(2, 5), 7, -1), patterns.uniform(7, 1, range(2, 5), (4,), -1)
    )
    assert Uniform.drawn and not Constant.drawn and not Given.drawn and not Baseline.drawn


@pytest.mark.parametrize(
    "said, error, message",
    [
        ("black", ValueError, r"`baseline` \(='black'\) must be one of \['blur', .*\], .* `black\(mean, std\)`"),
        (float("nan"), ValueError, r"`baseline` \(=nan\) must be finite"),
        (object(), TypeError, r"`baseline` \(a object\) must be a name, a number, an array or a Baseline"),
        ({"z": 0}, ValueError, r"`baseline` names \['z'\], but the model inputs are \['x0', 'x1'\]"),
    ],
)
def test_wrong_forms(said, error, message):
    with pytest.raises(error, match=message):
        resolve(said, KEYS)


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((2, 4)), r"`baseline` for `x` has shape \(2, 4\), but must have the shape of the input, \(3, 4\)"),
        (np.full(4, np.inf), "`baseline` for `x` holds NaN or infinite numbers; all must be finite"),
    ],
)
def test_given_that_do_not_fit(array, message):
    with pytest.raises(ValueError, match=message):
        Given(array).check("x", ROWS)

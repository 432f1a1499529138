"""Against FastEstimator's own `get_masks`, with one output: the same masks where its are finite."""

import inspect

import numpy as np
import pytest
from fastestimator.xai import SaliencyNet as Theirs
from models import batch, model, net, to_host

from fe_saliency import SaliencyNet

CASES = [("smooth_conv", "float64"), ("smooth_conv", "float32"), ("relu_conv", "float32"), ("lenet", "float32")]
TARGET = "SaliencyNet_Target_Index_y"


def masks(kind, dtype, backend, **extra):
    """(ours, theirs)"""
    fed = {**batch(kind, backend, 4, dtype), **extra}
    theirs = Theirs(model(kind, backend, dtype), model_inputs="x", model_outputs="y").get_masks(dict(fed))
    return net(kind, backend, dtype).get_masks(fed), theirs


def finite_difference(ours, theirs):
    """The largest difference where theirs is finite, which must be nearly everywhere."""
    ours, theirs = to_host(ours), to_host(theirs)
    finite = np.isfinite(theirs)
    assert ours.shape == theirs.shape and finite.mean() > 0.7 and np.isfinite(ours).all()
    return np.abs(ours - theirs)[finite].max()


@pytest.mark.parametrize("kind, dtype", CASES)
def test_masks(kind, dtype, backend):
    ours, theirs = masks(kind, dtype, backend)
    assert finite_difference(ours["saliency"], theirs["saliency"]) < 1e-5
    np.testing.assert_array_equal(to_host(ours["y"]), to_host(theirs["y"]))


def test_masks_of_a_given_class(backend):
    ours, theirs = masks("smooth_conv", "float64", backend, **{TARGET: np.array([3, 0, 1, 2])})
    assert finite_difference(ours["saliency"], theirs["saliency"]) < 1e-5


def test_keys(backend):
    """Theirs less what they used in between; a plain Python value passes through both."""
    ours, theirs = masks("smooth_conv", "float64", backend, label=np.arange(4))
    dropped = {key for key in theirs if key.startswith("SaliencyNet_Intermediate_")}
    assert dropped and set(ours) == set(theirs) - dropped
    for key in set(ours) - {TARGET}:
        assert type(ours[key]) is type(theirs[key]) and ours[key].shape == theirs[key].shape, key


def test_signatures():
    """A call that is right for theirs is right for ours, and means the same."""
    for name in ("__init__", "get_masks", "get_smoothed_masks", "get_integrated_masks"):
        mine, old = (inspect.signature(getattr(owner, name)).parameters for owner in (SaliencyNet, Theirs))
        assert list(mine)[: len(old)] == list(old)
        for key, parameter in old.items():
            assert mine[key].default == parameter.default and mine[key].kind == parameter.kind
        assert all(mine[key].kind is inspect.Parameter.KEYWORD_ONLY for key in list(mine)[len(old) :])


def test_the_comparison_notices_another_class(backend):
    ours, theirs = masks("smooth_conv", "float64", backend)
    other = (to_host(theirs["y"]) + 1) % 4
    wrong, _ = masks("smooth_conv", "float64", backend, **{TARGET: other})
    assert finite_difference(wrong["saliency"], theirs["saliency"]) > 1e-2

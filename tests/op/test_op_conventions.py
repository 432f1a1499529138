"""The ops keep FastEstimator's conventions, and never change what the caller passed."""

import inspect
from copy import deepcopy

import pytest
from fastestimator.op.tensorop import TensorOp
from models import model

from fe_saliency import op, statistic
from fe_saliency.backend import by_name

INPUTS = {
    op.Absolute: (["g"], ["y"]),
    op.Accumulate: (["x"], None),
    op.AddNoise: (["x", "p"], ["y"]),
    op.Blur: (["x", "sigma", "pace"], ["y", "change"]),
    op.ClippedNoise: (["x", "p"], ["y"]),
    op.DataBaseline: (["x", "p"], ["b"]),
    op.Decide: (["y", "wanted"], ["class", "prediction", "score"]),
    op.ElementSum: (["x", "z"], ["sum"]),
    op.Gather: (["y"], ["s"]),
    op.GradCam: (["a", "g"], ["cam"]),
    op.GradCamPlusPlus: (["a", "g"], ["cam"]),
    op.GradientOp: (["x"], ["g"]),
    op.LastSample: (["x", "like"], ["y"]),
    op.LayerCam: (["a", "g"], ["cam"]),
    op.LayerOp: (["x"], ["y", "h"]),
    op.Margin: (["y", "class"], ["margin"]),
    op.Mean: (["x"], ["y"]),
    op.MeanOfSquares: (["x"], ["y"]),
    op.NormalPattern: (["x"], ["p"]),
    op.ObserveOp: (["x"], ["y"]),
    op.PathAt: (["x", "b", "p"], ["point", "difference"]),
    op.PathPoints: (["x"], ["a", "w"]),
    op.Reduce: (["x"], [["map", "norm", "error"]]),
    op.RepeatLike: (["x", "like"], ["y"]),
    op.Resize: (["cam", "x"], ["y"]),
    op.Squared: (["g"], ["y"]),
    op.SquaredShare: (["g"], ["y"]),
    op.StraightPath: (["x", "b", "a"], ["point", "difference"]),
    op.TimesDifference: (["g", "d"], ["y"]),
    op.UniformBaseline: (["x", "p"], ["b"]),
    op.UniformPattern: (["x"], ["p"]),
    op.Variance: (["x"], ["y"]),
    op.WeightedSum: (["x", "w"], ["y"]),
}
EXTRA = {
    op.Accumulate: {"weights": "w", "states": [["count", "total"]]},
    op.Blur: {"max_sigma": 3.0},
    op.Gather: {"indices": ["class"]},
    op.GradientOp: {"finals": ["s"]},
    op.Reduce: {"weights": "w", "like": ["z"]},
}


def make(kind, **more):
    inputs, outputs = INPUTS[kind]
    extra = dict(EXTRA.get(kind, {}))
    if outputs is not None:
        extra["outputs"] = outputs
    if "nsamples" in inspect.signature(kind).parameters:
        extra["nsamples"] = 4
    if "model" in inspect.signature(kind).parameters:
        extra["model"] = model("linear", "torch")
    if "layer" in inspect.signature(kind).parameters:
        extra["layer"] = "heads.0"
    if "statistic" in inspect.signature(kind).parameters:
        extra["statistic"] = statistic.WeightedSum(by_name("torch"))
    return kind(inputs=inputs, **extra, **more)


def test_every_public_op_is_here():
    assert {getattr(op, name) for name in op.__all__} - {op.Watch} == set(INPUTS)


@pytest.mark.parametrize("kind", INPUTS)
def test_conventions(kind):
    made = make(kind, mode="!train", ds_id="one")
    assert isinstance(made, TensorOp) and made.in_list and made.out_list
    assert made.mode == {"eval", "test", "infer"} and made.ds_id == {"one"}
    assert list(inspect.signature(kind).parameters)[-2:] == ["mode", "ds_id"]
    assert hasattr(made, "_fe_traceability_summary"), "not traceable"


@pytest.mark.parametrize("kind", INPUTS)
def test_lists_of_the_caller_stay_as_they_are(kind):
    lists = [*INPUTS[kind], *EXTRA.get(kind, {}).values()]
    before = deepcopy(lists)
    made = make(kind)
    for keys in (made.inputs, made.outputs):
        keys.append("changed")
    assert lists == before

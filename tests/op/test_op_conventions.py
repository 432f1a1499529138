"""The ops keep FastEstimator's conventions, and never change what the caller passed."""

import inspect

import pytest
from fastestimator.op.tensorop import TensorOp

from fe_saliency import op

INPUTS = {
    op.AddNoise: (["x", "p"], ["y"]),
    op.Gather: (["y"], ["s"]),
    op.GradientOp: (["x"], ["g"]),
    op.Mean: (["x"], ["y"]),
    op.MeanOfSquares: (["x"], ["y"]),
    op.NormalPattern: (["x"], ["p"]),
    op.PathPoints: (["x"], ["a", "w"]),
    op.StraightPath: (["x", "b", "a"], ["point", "difference"]),
    op.TimesDifference: (["g", "d"], ["y"]),
    op.UniformBaseline: (["x", "p"], ["b"]),
    op.UniformPattern: (["x"], ["p"]),
    op.Variance: (["x"], ["y"]),
    op.WeightedSum: (["x", "w"], ["y"]),
}
EXTRA = {op.GradientOp: {"finals": ["s"]}, op.Gather: {"indices": ["class"]}}


def make(kind, **more):
    inputs, outputs = INPUTS[kind]
    extra = dict(EXTRA.get(kind, {}))
    if "nsamples" in inspect.signature(kind).parameters:
        extra["nsamples"] = 4
    return kind(inputs=inputs, outputs=outputs, **extra, **more)


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
    lists = [INPUTS[kind][0], INPUTS[kind][1], *EXTRA.get(kind, {}).values()]
    before = [list(each) for each in lists]
    make(kind).inputs.append("changed")
    assert [list(each) for each in lists] == before

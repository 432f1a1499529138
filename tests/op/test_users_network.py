"""SmoothGrad in a user's own Network, in graph mode, with a ragged last batch: the same as SaliencyNet's."""

import fastestimator as fe
import numpy as np
import pytest
from fastestimator.op.tensorop.model import ModelOp
from helpers import distance, path
from models import batch, maps, model, net, to_backend, to_host

from fe_saliency.op import (
    AddNoise,
    Gather,
    GradientOp,
    Mean,
    NormalPattern,
    PathPoints,
    StraightPath,
    TimesDifference,
    Watch,
    WeightedSum,
)

KIND, SAMPLES, SPREAD, SEED = "smooth_conv", 5, 0.2, 3
SIZES = [4, 4, 1]  # the last batch of a data set is seldom full


def smoothgrad(backend, indices):
    """An example of a Network of one's own: B rows in, B maps out, SAMPLES * B rows through the model."""
    return fe.Network(
        ops=[
            NormalPattern(inputs="x", outputs="pattern", nsamples=SAMPLES, stdev_spread=SPREAD, seed=SEED),
            AddNoise(inputs=["x", "pattern"], outputs="noisy"),
            Watch(inputs="noisy"),
            ModelOp(model=model(KIND, backend), inputs="noisy", outputs="y", trainable=False),
            Gather(inputs="y", outputs="score", indices=indices),
            GradientOp(inputs="noisy", finals="score", outputs="gradient"),
            Mean(inputs="gradient", outputs="map", nsamples=SAMPLES),
        ]
    )


def integrated(backend, rule):
    """Integrated Gradients from the baseline under the key "b"."""
    return fe.Network(
        ops=[
            PathPoints(inputs="x", outputs=["position", "weight"], nsamples=SAMPLES, rule=rule),
            StraightPath(inputs=["x", "b", "position"], outputs=["point", "difference"]),
            Watch(inputs="point"),
            ModelOp(model=model(KIND, backend), inputs="point", outputs="y", trainable=False),
            Gather(inputs="y", outputs="score", indices="class"),
            GradientOp(inputs="point", finals="score", outputs="gradient"),
            TimesDifference(inputs=["gradient", "difference"], outputs="product"),
            WeightedSum(inputs=["product", "weight"], outputs="map", nsamples=SAMPLES),
        ]
    )


def walked(network, batches):
    """The maps of all batches, from one entry in graph mode."""
    network(mode="infer", epoch=1, ds_id="", desired_output_keys={"map"}, eager=False)
    with network:
        return [to_host(network.run_step(dict(each))["map"]) for each in batches]


def batches(backend):
    """Ragged, with the class that the model decides for on the clean input."""
    fed = batch(KIND, backend, sum(SIZES))
    classes = to_host(net(KIND, backend).attribute(fed).targets["y"])
    for start, size in zip(np.cumsum([0, *SIZES[:-1]]), SIZES, strict=True):
        part = slice(start, start + size)
        yield {"x": fed["x"][part], "class": to_backend(classes[part], backend)}


def test_smoothgrad(backend):
    fed = list(batches(backend))
    found = walked(smoothgrad(backend, "class"), fed)
    assert [len(each) for each in found] == SIZES
    for each, one in zip(found, fed, strict=True):
        said = net(KIND, backend, seed=SEED).attribute(
            {"x": one["x"]}, "smoothgrad", nsamples=SAMPLES, stdev_spread=SPREAD
        )
        assert distance(each, maps(said)["x"]) < 1e-10


@pytest.mark.parametrize(
    "rule, method", [("midpoint", "integrated_gradients"), ("gauss_legendre", path("gauss_legendre"))]
)
def test_integrated_gradients(rule, method, backend):
    fed = [{**each, "b": each["x"] * 0 + 0.5} for each in batches(backend)]
    found = walked(integrated(backend, rule), fed)
    for each, one in zip(found, fed, strict=True):
        said = net(KIND, backend).attribute({"x": one["x"]}, method, nsamples=SAMPLES, baseline=0.5)
        assert distance(each, maps(said)["x"]) < 1e-10


def test_without_indices_in_graph_mode(backend):
    found = walked(smoothgrad(backend, None), ({"x": each["x"]} for each in batches(backend)))
    assert [len(each) for each in found] == SIZES and all(np.isfinite(each).all() for each in found)


@pytest.mark.parametrize("wrong", [SEED + 1, None])
def test_another_seed_or_spread_differs(wrong, backend):
    fed = list(batches(backend))[:1]
    seed, spread = (wrong, SPREAD) if wrong else (SEED, SPREAD + 0.1)
    said = net(KIND, backend, seed=seed).attribute(
        {"x": fed[0]["x"]}, "smoothgrad", nsamples=SAMPLES, stdev_spread=spread
    )
    assert distance(walked(smoothgrad(backend, "class"), fed)[0], maps(said)["x"]) > 1e-3

"""Which score is explained: the four scales, on models that end in softmax, in logits, or in one unit."""

import numpy as np
import pytest
import reference
from helpers import distance, path
from models import Dense, batch, maps, net, rows, spec, to_host

SCORES = ["output", "logit", "log_probability", "probability"]
MANY = ["softmax_mlp", "smooth_mlp"]


def explained(kind, backend, score, target=None):
    return net(kind, backend).attribute(batch(kind, backend), score=score, target=target)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("kind", [*MANY, "one_unit"])
def test_score_and_gradient(kind, score, backend):
    x = rows(kind)
    classes = np.array([1, 0, 1])
    said = explained(kind, backend, score, classes)
    scores = [
        reference.scorer(kind, [index], score)([row[None]])[0] for index, row in zip(classes, x["x"], strict=True)
    ]
    np.testing.assert_allclose(to_host(said.scores["y"]), scores, rtol=1e-10)
    expected = reference.over_rows(kind, x, [classes], reference.gradient, score)
    assert distance(maps(said)["x"], expected["x"]) < 1e-6


def test_the_scales_differ(backend):
    for kind in MANY:
        found = {score: maps(explained(kind, backend, score, 1))["x"] for score in SCORES}
        same = {"softmax_mlp": {("output", "probability")}, "smooth_mlp": {("output", "logit")}}[kind]
        for i, one in enumerate(SCORES):
            for other in SCORES[i + 1 :]:
                assert (distance(found[one], found[other]) < 1e-9) == ((one, other) in same), (kind, one, other)


@pytest.mark.parametrize("score", SCORES[1:])
def test_softmax_at_the_end_makes_no_difference_to_a_named_scale(score, backend):
    """The logits of a softmax are known up to a constant per row: they come centred."""
    softmax, logits = (maps(explained(kind, backend, score, 1))["x"] for kind in MANY)
    if score == "logit":
        mean = np.mean([maps(explained("smooth_mlp", backend, score, index))["x"] for index in range(3)], axis=0)
        logits = logits - mean
    assert distance(softmax, logits) < 1e-8


def test_centred_logit_is_the_logit_less_its_row_mean(backend):
    units = reference.outputs("smooth_mlp", [rows("smooth_mlp")["x"]])[0]
    said = explained("softmax_mlp", backend, "logit", 2)
    np.testing.assert_allclose(to_host(said.scores["y"]), units[:, 2] - units.mean(axis=1), rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_logit_of_a_saturated_softmax_still_has_a_gradient(dtype, backend):
    one, fed = net("saturated", backend, dtype), batch("saturated", backend, dtype=dtype)
    weight = next(layer for layer in spec("saturated").heads[0] if isinstance(layer, Dense)).weight
    vanished = maps(one.attribute(fed))["x"]
    assert np.abs(vanished).max() < 1e-10, "the model is not saturated"
    centred = np.broadcast_to(weight[:, 0] - weight.mean(axis=1), (3, 6))
    assert distance(maps(one.attribute(fed, score="logit"))["x"], centred) < 1e-5
    assert to_host(one.attribute(fed, score="logit").targets["y"]).tolist() == [0, 0, 0]


@pytest.mark.parametrize("score", SCORES)
def test_class_of_one_unit(score, backend):
    """y > 0.5 where y is a probability, y > 0 where it is a logit."""
    x = {"x": rows("one_unit", 20)["x"]}
    probability, logit = (reference.outputs(kind, [x["x"]])[0][:, 0] for kind in ("one_unit", "one_logit"))
    assert 3 < (probability > 0.5).sum() < 17
    if score == "logit":
        said = net("one_logit", backend).attribute(x, score=score)
        decided, y = logit > 0, logit
    else:
        said = net("one_unit", backend).attribute(x, score=score)
        decided, y = probability > 0.5, probability
    np.testing.assert_array_equal(to_host(said.predictions["y"]), decided.astype(int))
    yes, no = (np.log(y), np.log(1 - y)) if score == "log_probability" else (y, -y)
    np.testing.assert_allclose(to_host(said.scores["y"]), np.where(decided, yes, no), rtol=1e-9)


def test_one_unit_class_0_explains_the_opposite(backend):
    for kind, score in [("one_unit", "output"), ("one_unit", "probability"), ("one_logit", "logit")]:
        yes, no = (maps(explained(kind, backend, score, index))["x"] for index in (1, 0))
        assert distance(no, -yes) < 1e-12 and np.abs(yes).min() > 0


def test_the_argument_of_the_call_goes_before_that_of_the_net(backend):
    fed = batch("softmax_mlp", backend)
    by_net = maps(net("softmax_mlp", backend, score="logit").attribute(fed))["x"]
    np.testing.assert_array_equal(by_net, maps(net("softmax_mlp", backend).attribute(fed, score="logit"))["x"])
    by_call = maps(net("softmax_mlp", backend, score="logit").attribute(fed, score="output"))["x"]
    assert distance(by_call, by_net) > 1e-3


def test_integrated_logit_is_complete(backend):
    """The score at the baseline is on the same scale, and of the same class."""
    said = net("softmax_mlp", backend, score="logit").attribute(
        batch("softmax_mlp", backend), path("gauss_legendre"), baseline=0, nsamples=64
    )
    assert np.abs(said.completeness_gap).max() < 1e-6

"""`SaliencyNet.decide`: classes, scores and margins from a forward pass alone, against plain NumPy."""

import numpy as np
import pytest
import reference
from fastestimator.network import BaseNetwork
from models import batch, fresh_net, input_keys, net, output_keys, rows, to_host
from training import calls_of

from fe_saliency import pace
from fe_saliency.chunks import Chunks
from fe_saliency.op import GradientOp

SCORES = ["output", "logit", "log_probability", "probability"]
COUNT = 7


def pairs(kind, units, score):
    """One-unit outputs as the two classes that they stand for; others as they are."""
    if units.shape[1] > 1:
        return reference.on_scale(units, score, kind == "softmax_mlp")
    both = np.concatenate([0 * units if score == "logit" else 1 - units, units], axis=1)
    return np.log(both) if score == "log_probability" else both


def expected(kind, score, target):
    """What a plain forward pass says of each output: classes, predictions, scores, margins."""
    x = rows(kind, COUNT)
    found = {}
    outputs = reference.outputs(kind, [x[each] for each in input_keys(kind)])
    for key, units in zip(output_keys(kind), outputs, strict=True):
        scores = pairs(kind, units, score)
        predictions = scores.argmax(axis=1)
        classes = predictions if target is None else np.full(COUNT, target)
        one = [reference.chosen(units[[row]], classes[row], score, kind == "softmax_mlp")[0] for row in range(COUNT)]
        lead = [row[index] - np.delete(row, index).max() for row, index in zip(scores, classes, strict=True)]
        found[key] = classes, predictions, one, lead
    return found


def subjects():
    for score in SCORES:
        for kind in ("softmax_mlp", "smooth_mlp", "one_logit" if score == "logit" else "one_unit"):
            yield kind, score
    yield from [("two_outputs", "output"), ("two_inputs", "probability"), ("smooth_conv", "logit")]


@pytest.mark.parametrize("target", [None, 1])
@pytest.mark.parametrize("kind, score", subjects())
def test_a_plain_forward_pass_says_the_same(kind, score, target, backend):
    said = net(kind, backend).decide(batch(kind, backend, COUNT), target=target, score=score)
    for key, (classes, predictions, scores, margins) in expected(kind, score, target).items():
        np.testing.assert_array_equal(to_host(said.targets[key]), classes)
        np.testing.assert_array_equal(to_host(said.predictions[key]), predictions)
        np.testing.assert_allclose(to_host(said.scores[key]), scores, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(to_host(said.margins[key]), margins, rtol=1e-9, atol=1e-12)
        assert to_host(said.targets[key]).dtype == to_host(said.predictions[key]).dtype == np.int64
        assert ((to_host(said.margins[key]) > 0) == (classes == predictions)).all()


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "vargrad", "integrated_gradients"])
def test_attribute_says_the_same(method, backend):
    """Whether its clean pass is a program of its own or part of another."""
    one, fed = net("two_outputs", backend), batch("two_outputs", backend, COUNT)
    for max_rows in (2, 100):
        said = one.attribute(fed, method, nsamples=None if method == "gradient" else 4, target=2, max_rows=max_rows)
        alone = one.decide(fed, target=2)
        for what in ("targets", "predictions", "scores", "margins"):
            for key, values in getattr(alone, what).items():
                np.testing.assert_allclose(to_host(getattr(said, what)[key]), to_host(values), rtol=1e-10, err_msg=what)


def test_one_entry_and_no_gradient(backend):
    one, fed = fresh_net("smooth_mlp", backend, max_rows="auto"), batch("smooth_mlp", backend, 90)
    with (
        calls_of(BaseNetwork, "__enter__") as entries,
        calls_of(GradientOp, "forward") as gradients,
        calls_of(pace, "measure") as measured,
        calls_of(Chunks, "run") as chunks,
    ):
        one.decide(fed)
        assert (len(entries), len(gradients), len(measured), len(chunks)) == (1, 0, 0, 3)
        one.get_masks(fed)
    assert len(entries) == 2 and gradients and measured, "what is counted can be seen"


def test_chunks_change_nothing(backend):
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend, COUNT)
    whole, cut = one.decide(fed, max_rows=100), one.decide(fed, max_rows=3)
    np.testing.assert_allclose(to_host(cut.scores["y"]), to_host(whole.scores["y"]), rtol=1e-12)
    np.testing.assert_array_equal(to_host(cut.targets["y"]), to_host(whole.targets["y"]))


def test_what_the_batch_says_of_the_class_is_heeded(backend):
    fed = batch("smooth_mlp", backend, 3)
    said = net("smooth_mlp", backend).decide({**fed, "SaliencyNet_Target_Index_y": np.array([2, 0, 1])})
    np.testing.assert_array_equal(to_host(said.targets["y"]), [2, 0, 1])


@pytest.mark.parametrize(
    "change, arguments, error, message",
    [
        ({}, {"score": "loss"}, ValueError, r"`score` \(='loss'\) must be one of 'output', 'logit'"),
        ({}, {"target": 3}, ValueError, r"`target` names class\(es\) \[3\], but the output has classes 0 to 2"),
        ({}, {"max_rows": 0}, ValueError, r"`max_rows` \(=0\) must be 'auto' or a whole number"),
        ({"x": np.full((2, 6), np.nan)}, {}, ValueError, "holds NaN or infinite numbers"),
        ({"x": np.array([["a"] * 6])}, {}, TypeError, "must hold real numbers"),
    ],
)
def test_bad_input(change, arguments, error, message, backend):
    with pytest.raises(error, match=message):
        net("smooth_mlp", backend).decide({**batch("smooth_mlp", backend), **change}, **arguments)

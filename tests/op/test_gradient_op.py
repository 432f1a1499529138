"""Gradients of scores, in a Network of FastEstimator's own making."""

import fastestimator as fe
import numpy as np
import pytest
import reference
from fastestimator.op.tensorop.model import ModelOp
from models import batch, input_keys, model, output_keys, rows, to_host

from fe_saliency.op import Gather, GradientOp, Watch


def network(kind, backend, finals):
    """Explains class 1 of the outputs whose scores `finals` names."""
    inputs, outputs = input_keys(kind), output_keys(kind)
    scores = [f"score_{key}" for key in outputs]
    return fe.Network(
        ops=[
            Watch(inputs=inputs),
            ModelOp(
                model=model(kind, backend),
                inputs=inputs if len(inputs) > 1 else inputs[0],
                outputs=outputs if len(outputs) > 1 else outputs[0],
                trainable=False,
            ),
            Gather(inputs=outputs, outputs=scores, indices="class"),
            GradientOp(inputs=inputs, finals=finals, outputs=[f"gradient_{key}" for key in inputs]),
        ]
    )


def gradients(kind, backend, finals):
    keys = input_keys(kind)
    fed = {**batch(kind, backend), "class": np.full(3, 1)}
    done = network(kind, backend, finals).transform(fed, mode="infer")
    return {key: to_host(done[f"gradient_{key}"]) for key in keys}


@pytest.mark.parametrize("kind", ["smooth_conv", "two_inputs", "two_outputs"])
def test_sum_of_scores_and_every_input(kind, backend):
    finals = [f"score_{key}" for key in output_keys(kind)]
    expected = reference.over_rows(kind, rows(kind), [np.full(3, 1)] * len(finals), reference.gradient)
    for key, found in gradients(kind, backend, finals).items():
        np.testing.assert_allclose(found, expected[key], rtol=1e-6, atol=1e-8)


def test_scores_add_up(backend):
    first, second = (gradients("two_outputs", backend, [f"score_{key}"])["x"] for key in ("y0", "y1"))
    both = gradients("two_outputs", backend, ["score_y0", "score_y1"])["x"]
    np.testing.assert_allclose(both, first + second, rtol=1e-12)
    assert np.abs(first).min() > 0 and np.abs(second).min() > 0


def test_fastestimator_keeps_gradients_on():
    """FE turns gradients off in a Network none of whose ops answers `fe_retain_graph`."""
    op = GradientOp(inputs="x", finals="s", outputs="g")
    assert op.fe_retain_graph() is not None
    assert op.fe_retain_graph(False) is False and op.fe_retain_graph() is False


@pytest.mark.parametrize("finals, outputs", [([], ["g"]), (["s"], ["g", "h"])])
def test_wrong_arguments(finals, outputs):
    with pytest.raises(ValueError, match="`finals`|same number of keys"):
        GradientOp(inputs="x", finals=finals, outputs=outputs)

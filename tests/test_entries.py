"""What a call costs beside the gradients: one Network entry, no cleared session, no graph traced twice."""

import numpy as np
import pytest
import tensorflow as tf
from fastestimator.network import BaseNetwork
from fastestimator.op.tensorop.model import ModelOp
from helpers import METHODS, few
from models import to_host
from training import calls_of, classifier, dataset, drawn, estimator, images, saliency

from fe_saliency import SaliencyNet, pace
from fe_saliency.backend import tensorflow
from fe_saliency.chunks import Chunks


def batch(backend, count=5):
    return {"x": images(backend, count)}


@pytest.fixture
def graphs():
    """Tells how many TensorFlow graphs the package has traced since the test began."""
    with calls_of(tensorflow.Graphs, "__init__") as made:
        yield lambda: sum(graph.function.experimental_get_tracing_count() for graph, *_ in made)


@pytest.mark.slow
@pytest.mark.parametrize("max_rows, rows", [(1, 3), ("auto", 3), ("auto", 40)])
def test_one_entry_a_call_whatever_the_method_and_the_chunks(max_rows, rows, backend):
    net = SaliencyNet(classifier(backend), "x", "y", max_rows=max_rows)
    for method in METHODS:
        with (
            calls_of(BaseNetwork, "__enter__") as entries,
            calls_of(Chunks, "run") as chunks,
            calls_of(pace, "measure") as measured,
        ):
            # Segments are found row by row, beside the Network.
            net.attribute(batch(backend, 3 if method == "xrai" else rows), method, nsamples=few(method, 3, 3))
        assert len(entries) == (2 if method == "xrai" else 1), f"{method}: black and white are two calls"
        assert max_rows == "auto" or len(chunks) > 1, "the chunks are inside of it"
        assert len(measured) == (rows == 40 and method == METHODS[0]), "so is the measuring, once"


def test_the_trace_enters_once_for_each_of_its_four_maps(backend):
    trained = classifier(backend)
    trace = saliency(trained, smoothing=3, integrating=(3, 2), max_rows=4, strict=True)
    with calls_of(BaseNetwork, "__enter__") as entries:
        assert drawn(trained, trace, dataset(backend))
    assert len([network for (network,) in entries if network in own_networks(trace.net)]) == 4


def own_networks(net):
    return [composition.session.network for composition in net._engine._compositions.values()]


@pytest.mark.parametrize("getter", ["get_masks", "get_smoothed_masks", "get_integrated_masks"])
def test_the_keras_session_is_not_cleared(getter):
    net = SaliencyNet(classifier("tf"), "x", "y")
    with calls_of(tf.keras.backend, "clear_session") as cleared:
        getattr(net, getter)(batch("tf"))
    assert not cleared


def every_getter(net, given):
    net.get_masks(given)
    net.get_smoothed_masks(given, nsamples=3)
    net.get_integrated_masks(given, nsamples=3)
    return net.get_smoothed_masks(given, nsamples=2, nintegration=3)


def test_tensorflow_runs_graphs_and_traces_each_once(graphs):
    net = SaliencyNet(classifier("tf"), "x", "y")
    with calls_of(ModelOp, "forward") as built_in:
        first = every_getter(net, batch("tf"))
    assert len(built_in) == 1 + 1 + 2 + 2, "the model, once in a graph, but twice where the clean rows go apart"
    traced = graphs()
    assert traced >= 5, "one for each method, and one more for the nested one"
    again = every_getter(net, batch("tf"))
    net.seed = 5
    every_getter(net, batch("tf"))
    net.get_smoothed_masks({"x": 3 * images("tf", 5)}, stdev_spread=0.3, nsamples=3)
    assert graphs() == traced
    assert np.array_equal(to_host(first["saliency"]), to_host(again["saliency"]))


def test_no_graph_is_traced_again_in_a_later_epoch_of_a_training(graphs):
    trained = classifier("tf")
    net = SaliencyNet(trained, "x", "y")
    before = to_host(every_getter(net, batch("tf"))["saliency"])
    traced = graphs()
    estimator("tf", trained, [], epochs=2).fit(warmup=False)  # new weights, a cleared session
    trained.layers[-1].trainable = False
    trained.current_optimizer = tf.keras.optimizers.legacy.SGD(0.5)
    after = to_host(every_getter(net, batch("tf"))["saliency"])
    assert graphs() == traced > 0
    assert not np.array_equal(before, after), "the graphs see the new weights"


def test_a_loop_over_batches_of_many_sizes_traces_for_the_first_alone(graphs):
    net = SaliencyNet(classifier("tf"), "x", "y")
    every_getter(net, batch("tf", 5))
    traced = graphs()
    for count in (7, 3, 4, 1):
        every_getter(net, batch("tf", count))
    assert graphs() == traced
    every_getter(SaliencyNet(classifier("tf"), "x", "y"), batch("tf"))
    assert graphs() == 2 * traced, "the counter does not count"

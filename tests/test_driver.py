"""What a call asks of the model: chunks within the limit, as many gradients as it says, and graphs that are kept."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import METHODS, few, takes_tables

from fe_saliency import SaliencyNet, feeder, pace, smooth
from fe_saliency.method import find
from fe_saliency.method.baseline.given import Constant

ROWS = 5
X = np.random.default_rng(0).normal(size=(ROWS, 6)).astype("float32")


class Recorder(torch.nn.Module):
    """Remembers how many rows went through it, with and without a gradient."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(6, 3)
        self.predicted, self.differentiated = [], []

    def forward(self, x):
        (self.differentiated if x.requires_grad else self.predicted).append(len(x))
        return torch.tanh(self.inner(x))


class TraceCounter(tf.keras.layers.Layer):
    """Counts how often a graph is made of it."""

    traced = 0

    def call(self, x):
        type(self).traced += 1
        return tf.tanh(x)


def recorded():
    made = fe.build(model_fn=Recorder, optimizer_fn=None)
    made.predicted.clear()
    made.differentiated.clear()
    return made, SaliencyNet(made, "x", "y")


def refined(one, baseline, **options):
    """A path of 64 draws, or of 65 points, that is refined in several rounds."""
    return one.attribute(
        {"x": X}, "integrated_gradients", tolerance=1e-9, nsamples=65, baseline=baseline, max_rows=100, **options
    )


@pytest.mark.parametrize("method", filter(takes_tables, METHODS))
@pytest.mark.parametrize("max_rows", [1, 7, 1000])
def test_chunks_and_gradient_evaluations(method, max_rows):
    made, one = recorded()
    said = one.attribute({"x": X}, method, nsamples=few(method), max_rows=max_rows)
    assert max(made.predicted + made.differentiated) <= max_rows
    assert sum(made.differentiated) == said.gradient_evaluations.sum() == ROWS * said.gradient_evaluations[0]
    if max_rows == 1000:
        alone = find(method).adaptive or any(bracket.of_weights for bracket in find(method).brackets)
        assert len(made.differentiated) == (5 if alone else 1), "each step, and each noisy model, runs alone"


@pytest.mark.parametrize(
    "call, predicted",
    [
        (lambda one: one.attribute({"x": X}), 0),
        (lambda one: one.get_smoothed_masks({"x": X}, nsamples=5), 0),
        (lambda one: one.get_smoothed_masks({"x": X}, nsamples=4), ROWS),
        (lambda one: one.attribute({"x": X}, "smoothgrad", nsamples=5, max_rows=7), ROWS),
        (lambda one: one.get_integrated_masks({"x": X}, nsamples=4), ROWS),
        (lambda one: one.attribute({"x": X}, "integrated_gradients", nsamples=4, baseline=0), 2 * ROWS),
        (lambda one: one.attribute({"x": X}, "integrated_gradients", nsamples=4), 5 * ROWS),
        (lambda one: one.attribute({"x": X}, "integrated_gradients", nsamples=4, diagnose=False), ROWS),
        (lambda one: refined(one, "uniform"), 65 * ROWS),
        (lambda one: refined(one, "uniform", diagnose=False), ROWS),
        (lambda one: refined(one, 0), 2 * ROWS),
        (lambda one: refined(one, 0, diagnose=False), 2 * ROWS),
    ],
)
def test_forward_passes(call, predicted):
    """One on the clean input, unless it is differentiated anyway; the completeness gap alone needs the baselines."""
    made, one = recorded()
    call(one)
    assert sum(made.predicted) == predicted


def test_noisy_copies_of_a_guided_path_go_together():
    """Its steps come one after the other, so a chunk holds as many copies as if there were one step."""
    made, one = recorded()
    one.attribute({"x": X}, smooth("guided_integrated_gradients"), nsamples=(4, 10), max_rows=2 * ROWS)
    assert made.differentiated == 20 * [2 * ROWS]


def test_no_pace_is_measured_for_steps_that_run_alone():
    made, one = recorded()
    steps = pace.least([(6,)])
    one.attribute({"x": X}, "guided_integrated_gradients", nsamples=steps)
    assert made.differentiated == steps * [ROWS]


@pytest.mark.parametrize("samples", [25, 26])
def test_what_the_next_chunk_reads_is_made_once(samples, monkeypatch):
    """Ahead of it, and of its very samples, also where chunks differ in size."""
    monkeypatch.setattr(feeder, "_MANY", 1)
    made, inner = [], feeder.Feeder._made
    monkeypatch.setattr(feeder.Feeder, "_made", lambda self, *told: made.append(told[1]) or inner(self, *told))
    model, one = recorded()
    one.attribute({"x": X}, "smoothgrad", nsamples=samples, max_rows=8 * ROWS)
    assert [len(each) * ROWS for each in made] == model.differentiated
    assert [sample for each in made for sample in each] == list(range(samples))


def test_auto_bounds_the_chunk():
    made, one = recorded()
    most = pace.most([(6,)], on_host=True)
    one.attribute({"x": X}, "smoothgrad", nsamples=400)
    assert max(made.differentiated) <= most
    made.differentiated.clear()
    said = one.attribute({"x": X}, "smoothgrad", nsamples=400)
    assert max(made.differentiated) <= most and len(made.differentiated) >= ROWS * 400 / most
    assert sum(made.differentiated) == said.gradient_evaluations.sum(), "it is measured once"


@pytest.mark.parametrize("method", ["integrated_gradients", "idgi", "guided_integrated_gradients"])
def test_a_given_baseline_is_made_once_for_all_chunks(method, monkeypatch):
    made = []
    feed = Constant.feed
    monkeypatch.setattr(Constant, "feed", lambda self, *told: made.append(self) or feed(self, *told))
    model, one = recorded()
    one.attribute({"x": X}, method, nsamples=12, max_rows=ROWS, baseline=0, diagnose=False)
    assert len(model.differentiated) >= 12, "one chunk for each sample"
    assert len(made) == 1


def test_graphs_are_kept_between_calls():
    """Numbers that change from call to call are fed, not built in."""

    def model_fn():
        return tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(6,)), TraceCounter()])

    one = SaliencyNet(fe.build(model_fn=model_fn, optimizer_fn=None), "x", "y")

    def everything(seed, number, x=X):
        one.get_masks({"x": x + number})
        one.attribute({"x": x}, target=seed % 3)
        one.attribute({"x": x}, "smoothgrad", nsamples=4, seed=seed, stdev_spread=number)
        one.attribute({"x": x}, "smoothgrad", tolerance=0.01, nsamples=40, seed=seed, stdev_spread=number, max_rows=64)
        one.attribute({"x": x}, "integrated_gradients", nsamples=4, baseline=number)
        one.attribute({"x": x}, "integrated_gradients", nsamples=4, baseline=x * number)
        one.attribute({"x": x}, "integrated_gradients", nsamples=4, seed=seed)

    everything(0, 0.1)
    before = TraceCounter.traced
    everything(1, 0.2)
    with pytest.raises(ValueError):
        one.get_masks({"x": X * np.nan})
    everything(2, 0.3)
    for rows in (3, 1):
        everything(3, 0.4, X[:rows])
    assert TraceCounter.traced == before
    SaliencyNet(one._engine.model, "x", "y").get_masks({"x": X})
    assert TraceCounter.traced > before, "the counter does not count"

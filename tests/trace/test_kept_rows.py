"""Which rows are drawn, and that they are the same rows every epoch."""

import fastestimator as fe
import numpy as np
import pytest
import torch
from fastestimator.op.numpyop import LambdaOp
from fastestimator.trace.trace import Trace
from training import Figures, classifier, column, contents, dataset, drawn, estimator, images, labels, saliency

from fe_saliency.trace import Saliency


class Batches(Trace):
    """Copies of all inputs that pass."""

    def __init__(self):
        super().__init__(inputs="x")
        self.seen = []

    def on_batch_end(self, data):
        self.seen.append(np.array(data["x"]))


@pytest.mark.parametrize("samples", [None, 2, 6])
def test_shuffled_and_augmented_data_show_the_first_rows_seen_in_every_epoch(backend, samples):
    trained, figures, batches = classifier(backend), Figures(), Batches()
    noise = np.random.default_rng(0)
    augment = LambdaOp(lambda x: x * noise.uniform(0.2, 1), inputs="x", outputs="x", mode="train")
    traces = [saliency(trained, mode="train", samples=samples), figures, batches]
    estimator(backend, trained, traces, ops=[augment], epochs=3).fit()
    first = np.concatenate(batches.seen[:2])[: samples or 4]
    later = np.concatenate(batches.seen[2:4])[: samples or 4]
    assert not np.array_equal(first, later), "the data are shuffled and augmented"
    first = np.moveaxis(first, 1, -1) if backend == "torch" else first
    displays = figures.displays()
    assert len(displays) == 3
    for display in displays:
        assert np.array_equal(contents(column(display, "Input")), first)
        assert column(display, "True").texts == column(displays[0], "True").texts


def test_rows_are_copied(backend):
    """A trace that writes into its batch in place does not reach them."""
    trained, figures = classifier("torch"), Figures()

    class Spoil(Trace):
        def on_batch_end(self, data):
            data["x"].zero_()

    data = dataset("torch", 4)
    traces = [saliency(trained, mode="eval"), Spoil(inputs="x", mode="eval"), figures]
    estimator("torch", trained, traces, evaluation=data, epochs=1).fit()
    assert contents(column(figures.displays()[0], "Input")).max() > 0


@pytest.mark.parametrize("rows, shown", [(4, 4), (16, 16), (20, 16)])
def test_of_one_batch_sixteen_rows_are_drawn_and_it_is_said(rows, shown, capsys):
    trained = classifier("torch")
    figure = drawn(trained, saliency(trained), dataset("torch", rows), batch_size=rows)["saliency"]
    assert len(figure.sections[0]) == shown
    said = "drawing the first 16 rows of the batch; `samples=20` would draw all"
    assert (said in capsys.readouterr().out) is (rows > shown)


def test_more_rows_than_sixteen_are_drawn_if_asked_for(capsys):
    trained = classifier("torch")
    figure = drawn(trained, saliency(trained, samples=18), dataset("torch", 18), batch_size=4)["saliency"]
    assert len(figure.sections[0]) == 18
    assert "first 16" not in capsys.readouterr().out


@pytest.mark.parametrize("samples, shown", [(1, 1), (3, 3), (5, 5), (9, 6)])
def test_a_number_of_rows_is_collected_over_batches(samples, shown):
    trained, data = classifier("torch"), dataset("torch")
    figure = drawn(trained, saliency(trained, samples=samples), data, batch_size=2)["saliency"]
    assert np.array_equal(contents(column(figure, "Input")), np.moveaxis(data["x"][:shown], 1, -1))
    assert column(figure, "True").texts == [str(each) for each in labels()[:shown]]


def test_fewer_rows_than_asked_for_are_not_filled_up_in_the_next_epoch():
    trained, figures = classifier("torch"), Figures()
    estimator("torch", trained, [saliency(trained, samples=9), figures], evaluation=dataset("torch"), epochs=2).fit()
    assert [len(display.sections[0]) for display in figures.displays()] == [6, 6]


def test_every_mode_and_dataset_keeps_rows_of_its_own():
    trained, figures = classifier("torch"), Figures()
    data = {
        "evaluation": {"a": dataset("torch", seed=1), "b": dataset("torch", seed=2)},
        "test": dataset("torch", seed=3),
    }
    run = estimator("torch", trained, [saliency(trained, samples=2), figures], epochs=1, **data)
    run.fit()
    run.test()
    shown = [
        contents(column(display, "Input", index))
        for display in figures.displays()
        for index in range(len(display.sections))
    ]
    expected = [np.moveaxis(images("torch", seed=seed)[:2], 1, -1) for seed in (1, 2, 3)]
    assert len(shown) == 3
    assert all(np.array_equal(a, b) for a, b in zip(shown, expected, strict=True))


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_fixed_rows_are_copied_and_drawn(backend, kind):
    trained = classifier(backend)
    x = images(backend, 3, seed=7)
    fixed = {"x": fe.backend.to_tensor(x.copy(), backend) if kind == "tensor" else x.copy(), "y": np.array([2, 0, 1])}
    trace = saliency(trained, samples=fixed)
    if kind == "array" or backend == "torch":
        fixed["x"][:] = 0
    fixed["y"][:] = 0
    figure = drawn(trained, trace, dataset(backend))["saliency"]
    assert np.array_equal(contents(column(figure, "Input")), np.moveaxis(x, 1, -1) if backend == "torch" else x)
    assert column(figure, "True").texts == ["2", "0", "1"]


@pytest.mark.parametrize(
    "samples, error, message",
    [
        ({"y": labels()}, ValueError, r"lacks the key\(s\) \['x'\]"),
        ({"x": images("torch")}, ValueError, r"lacks the key\(s\) \['y'\]"),
        ({"x": images("torch", 3), "y": labels(2)}, ValueError, "same number of rows"),
        ({"x": images("torch", 0), "y": labels(0)}, ValueError, "at least one"),
        ({"x": 3, "y": 1}, ValueError, "at least one"),
        (0, ValueError, r"`samples` \(=0\) must be at least 1"),
        (-2, ValueError, "at least 1"),
        (True, TypeError, "whole number"),
        (2.5, TypeError, "whole number"),
        ([images("torch")], TypeError, "whole number"),
    ],
)
def test_samples_that_make_no_sense_are_refused_at_construction(samples, error, message):
    with pytest.raises(error, match=message):
        Saliency(classifier("torch"), "x", "y_pred", "y", samples=samples)


@pytest.mark.parametrize("every, epochs", [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), (3, [3]), (9, [])])
def test_every(every, epochs):
    trained, figures = classifier("torch"), Figures()
    traces = [saliency(trained, every=every, samples=1), figures]
    run = estimator("torch", trained, traces, evaluation=dataset("torch", 2), test=dataset("torch", 2), epochs=5)
    run.fit(warmup=False)
    assert figures.places == [("eval", epoch) for epoch in epochs]
    run.test()
    assert figures.places[-1] == ("test", 5), "always in test mode"


@pytest.mark.parametrize("every, error", [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_every_that_makes_no_sense_is_refused(every, error):
    with pytest.raises(error, match="`every`"):
        saliency(classifier("torch"), every=every)


def test_the_rows_are_those_of_the_first_epoch_also_if_drawn_later():
    trained, figures, batches = classifier("torch"), Figures(), Batches()
    traces = [saliency(trained, mode="train", every=2), figures, batches]
    estimator("torch", trained, traces, epochs=2).fit()
    shown = contents(column(figures.displays()[0], "Input"))
    assert np.array_equal(shown, np.moveaxis(batches.seen[0], 1, -1))
    assert isinstance(shown, np.ndarray) and not isinstance(shown, torch.Tensor)

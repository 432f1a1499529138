"""Beyond one training: `fit` twice, `test`, two runs alike, two traces on one model, a restored training."""

import numpy as np
import pytest
from fastestimator.schedule import EpochScheduler
from fastestimator.trace.io import RestoreWizard
from models import to_host
from training import (
    Die,
    Figures,
    Stop,
    classifier,
    column,
    contents,
    dataset,
    estimator,
    images,
    saliency,
    seed_everything,
    weights,
)

from fe_saliency import SaliencyNet


def test_fit_twice_and_then_test(backend):
    trained, figures = classifier(backend), Figures()
    data = {"evaluation": dataset(backend, seed=1), "test": dataset(backend, seed=2)}
    run = estimator(backend, trained, [saliency(trained, smoothing=2), figures], epochs=2, **data)
    run.fit()
    first = figures.found
    figures.found = {}
    run.fit()
    run.test()
    assert list(first) == [("eval", 1), ("eval", 2)]
    assert figures.places == [("eval", 1), ("eval", 2), ("test", 2)]
    shown = [contents(column(found["saliency"], "Input")) for found in (*first.values(), *figures.found.values())]
    assert all(np.array_equal(each, shown[0]) for each in shown[:4])
    assert not np.array_equal(shown[4], shown[0])


def test_the_cost_is_said_once(capsys):
    trained = classifier("torch")
    trace = saliency(trained, samples=2, smoothing=3, integrating=(4, 5))
    run = estimator("torch", trained, [trace], evaluation=dataset("torch"), test=dataset("torch"), epochs=1)
    run.fit()
    run.fit()
    run.test()
    said = [line for line in capsys.readouterr().out.splitlines() if "gradient evaluations" in line]
    assert said == [
        "FastEstimator-Saliency: 56 gradient evaluations per epoch and dataset (2 samples x 28), every epoch."
    ]


def test_what_it_says_is_what_it_costs():
    trained = classifier("torch")
    trace = saliency(trained, samples=2, smoothing=3, integrating=(4, 5))
    rows = {"x": images("torch", 2)}
    calls = [
        trace.net.attribute(rows),
        trace.net.attribute(rows, "smoothgrad_squared", nsamples=3),
        trace.net.attribute(rows, "integrated_gradients", nsamples=4),
        trace.net.attribute(rows, "smoothed_integrated_gradients_squared", nsamples=(5, 4)),
    ]
    assert sum(call.gradient_evaluations.sum() for call in calls) == 2 * trace.recipe.cost


def trained_figures(backend, seed):
    """A whole run, the generators being at `seed` when it begins."""
    made, figures = classifier(backend), Figures()
    trace = saliency(made, mode="eval", smoothing=3, integrating=(3, 0))
    run = estimator(backend, made, [trace, figures], train=dataset(backend), evaluation=dataset(backend, seed=1))
    seed_everything(seed)
    run.fit(warmup=False)  # which draws rows ahead of time, in a thread of TF's own
    return [display.image for display in figures.displays()], weights(made)


def test_two_runs_leave_the_same_pictures(backend):
    one, two = (trained_figures(backend, 3) for _ in range(2))
    assert len(one[0]) == 2
    assert all(np.array_equal(a, b) for a, b in zip(one[0], two[0], strict=True))
    other = trained_figures(backend, 4)
    assert any(not np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True)), "another order of the rows"


def test_two_traces_and_two_nets_on_one_model(backend):
    """They do not disturb each other: each finds what it would find alone."""
    made = classifier(backend)
    rows = {"x": images(backend, 3)}
    alone = [
        to_host(SaliencyNet(made, "x", "y", seed=seed).get_smoothed_masks(rows, nsamples=3)["saliency"])
        for seed in (0, 1)
    ]
    nets = [SaliencyNet(made, "x", "y", "a"), SaliencyNet(made, "x", "y", "b", seed=1)]
    together = [to_host(net.get_smoothed_masks(rows, nsamples=3)[net.outputs[0]]) for _ in range(2) for net in nets]
    for index, found in enumerate(together):
        assert np.array_equal(found, alone[index % 2])
    figures = Figures("one", "two")
    traces = [
        saliency(made, smoothing=2, outputs="one", samples=2),
        saliency(made, smoothing=4, outputs="two", samples=3),
    ]
    estimator(backend, made, [*traces, figures], evaluation=dataset(backend), epochs=1).fit()
    (found,) = figures.found.values()
    assert [len(found[key].sections[0]) for key in ("one", "two")] == [2, 3]
    vanilla = [contents(column(found[key], "Vanilla")) for key in ("one", "two")]
    assert np.abs(vanilla[0] - vanilla[1][:2]).max() < 1e-5


def test_a_scheduled_trace():
    trained, figures = classifier("torch"), Figures()
    figures.inputs = ["*"]  # FastEstimator demands the key also where no trace gives it
    traces = [EpochScheduler({1: None, 2: saliency(trained, mode="eval")}), figures]
    estimator("torch", trained, traces, evaluation=dataset("torch"), epochs=3).fit()
    assert figures.places == [("eval", 2), ("eval", 3)]


def restorable(backend, folder, die, seed, trace_seed, **options):
    """A new estimator of new objects, with data of its own, in which rows would be others."""
    made, figures, dies = classifier(backend, seed=seed, name="restored"), Figures(), Die(die)
    trace = saliency(made, mode=None, samples=3, smoothing=2, seed=trace_seed, **options)
    data = {"train": dataset(backend, seed=seed), "evaluation": dataset(backend, seed=seed + 1)}
    run = estimator(backend, made, [trace, figures, dies, RestoreWizard(str(folder))], epochs=4, **data)
    return run, figures, trace, dies


def test_restore_wizard_goes_on_with_the_same_rows_and_seed(backend, tmp_path):
    first, before, _, _ = restorable(backend, tmp_path / "wizard", die=3, seed=0, trace_seed=7)
    with pytest.raises(Stop):
        first.fit()
    assert before.places == [("train", 1), ("eval", 1), ("train", 2), ("eval", 2)]
    second, after, trace, dies = restorable(backend, tmp_path / "wizard", die=None, seed=10, trace_seed=0)
    second.fit()
    assert dies.epochs == [3, 4]
    assert after.places == [("eval", 2), ("train", 3), ("eval", 3), ("train", 4), ("eval", 4)]
    assert trace.net.seed == 7
    for mode in ("train", "eval"):
        shown = contents(column(before.found[mode, 2]["saliency"], "Input"))
        for epoch in (3, 4):
            assert np.array_equal(contents(column(after.found[mode, epoch]["saliency"], "Input")), shown)
    again = [found["eval", 2]["saliency"] for found in (before.found, after.found)]
    for title in ("Vanilla", "Smoothed"):
        assert np.array_equal(*(contents(column(display, title)) for display in again)), (
            "the same map of the same model"
        )


def test_a_restored_trace_with_fixed_rows_keeps_them(tmp_path):
    fixed = {"x": images("torch", 2, seed=9), "y": [0, 1]}

    def run(die):
        made, figures = classifier("torch", name="restored"), Figures()
        traces = [saliency(made, samples=fixed), figures, Die(die), RestoreWizard(str(tmp_path))]
        return estimator("torch", made, traces, evaluation=dataset("torch"), epochs=3), figures

    with pytest.raises(Stop):
        run(2)[0].fit()
    second, figures = run(None)
    second.fit()
    assert figures.places == [("eval", 1), ("eval", 2), ("eval", 3)]
    assert len(figures.displays()[-1].sections[0]) == 2

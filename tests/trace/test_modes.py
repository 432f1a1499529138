"""Where the Trace computes: every form of `mode` and `ds_id`, beside traces that demand its key everywhere."""

import numpy as np
import pytest
from fastestimator.trace.io import TensorBoard
from training import Figures, classifier, column, contents, dataset, estimator, labels, saliency, weights

FORMS = [
    (None, ["train", "eval", "test"]),
    ("eval", ["eval"]),
    (("eval", "test"), ["eval", "test"]),
    ("!train", ["eval", "test"]),
    ("train", ["train"]),
    (["train", "eval"], ["train", "eval"]),
    ("test", ["test"]),
]


@pytest.mark.parametrize("mode, places", FORMS)
def test_every_form_of_mode_beside_the_stock_tensorboard(mode, places, tmp_path):
    trained, figures = classifier("torch"), Figures()
    board = TensorBoard(str(tmp_path), write_images="saliency", write_graph=False)
    data = {"evaluation": dataset("torch", seed=1), "test": dataset("torch", seed=2)}
    run = estimator("torch", trained, [saliency(trained, mode=mode), board, figures], epochs=1, **data)
    run.fit()
    run.test()
    assert [mode for mode, _ in figures.places] == places


def test_every_form_of_mode_in_tensorflow(tmp_path):
    trained = classifier("tf")
    keys = [f"figure{index}" for index in range(len(FORMS))]
    traces = [saliency(trained, mode=mode, outputs=key) for key, (mode, _) in zip(keys, FORMS, strict=True)]
    figures, board = Figures(*keys), TensorBoard(str(tmp_path), write_images=keys, write_graph=False)
    data = {"evaluation": dataset("tf", seed=1), "test": dataset("tf", seed=2)}
    run = estimator("tf", trained, [*traces, board, figures], epochs=1, **data)
    run.fit()
    run.test()
    for key, (_, places) in zip(keys, FORMS, strict=True):
        assert [mode for mode, _ in figures.places if key in figures.found[mode, 1]] == places


@pytest.mark.parametrize(
    "ds_id, names",
    [(None, ["a", "b"]), ("a", ["a"]), (["b"], ["b"]), (["a", "b"], ["a", "b"]), ("!a", ["b"]), (["!a", "!b"], [])],
)
def test_every_form_of_ds_id_beside_the_stock_tensorboard(ds_id, names, tmp_path):
    trained, figures = classifier("torch"), Figures()
    board = TensorBoard(str(tmp_path), write_images="saliency", write_graph=False)
    evaluation = {"a": dataset("torch", seed=1), "b": dataset("torch", 4, seed=2)}
    trace = saliency(trained, mode="eval", ds_id=ds_id)
    estimator("torch", trained, [trace, board, figures], evaluation=evaluation, epochs=1).fit()
    if not names:
        assert not figures.places
        return
    (display,) = figures.displays()
    assert [section.label for section in display.sections] == (
        [f"dataset {name}" for name in names] if len(names) > 1 else [None]
    )
    firsts = {"a": evaluation["a"]["x"], "b": evaluation["b"]["x"]}
    for index, name in enumerate(names):
        shown = contents(column(display, "Input", index))
        assert (shown == np.moveaxis(firsts[name][:4], 1, -1)).all()


def test_several_dataset_ids_are_stacked_in_tensorflow():
    trained, figures = classifier("tf"), Figures()
    evaluation = {"a": dataset("tf", seed=1), "b": dataset("tf", 4, seed=2)}
    traces = [saliency(trained), figures]
    estimator("tf", trained, traces, evaluation=evaluation, epochs=2).fit()
    assert figures.places == [("eval", 1), ("eval", 2)]
    for display in figures.displays():
        assert [section.label for section in display.sections] == ["dataset a", "dataset b"]


@pytest.mark.parametrize("ds_id, computed", [("a", False), ("!a", True)])
def test_a_dataset_without_an_id_is_on_no_whitelist_and_no_blacklist(ds_id, computed):
    trained, figures = classifier("torch"), Figures()
    traces = [saliency(trained, mode="eval", ds_id=ds_id), figures]
    estimator("torch", trained, traces, evaluation=dataset("torch"), epochs=1).fit()
    assert bool(figures.places) is computed


def test_train_data_may_lack_the_class_key(backend):
    trained, figures = classifier(backend), Figures()
    evaluation = dataset(backend, seed=1, label=labels())
    traces = [saliency(trained, class_key="label", mode="eval"), figures]
    estimator(backend, trained, traces, evaluation=evaluation, epochs=1).fit()
    assert column(figures.displays()[0], "True label").texts == ["0", "1", "2", "0"]


def test_a_dataset_that_is_not_computed_may_lack_the_class_key():
    trained, figures = classifier("torch"), Figures()
    evaluation = {"a": dataset("torch", label=labels()), "b": dataset("torch")}
    traces = [saliency(trained, class_key="label", mode="eval", ds_id="a"), figures]
    estimator("torch", trained, traces, evaluation=evaluation, epochs=1).fit()
    assert figures.places == [("eval", 1)]


@pytest.mark.parametrize("mode, data", [("eval", "evaluation"), (None, "train"), ("train", "train")])
def test_a_class_key_that_is_missing_where_it_is_needed_is_refused_before_training(mode, data, capsys):
    trained = classifier("torch")
    before = weights(trained)
    has = dataset("torch", label=labels())
    data = {"train": has, "evaluation": has, data: dataset("torch")}
    run = estimator("torch", trained, [saliency(trained, class_key="label", mode=mode)], epochs=1, **data)
    with pytest.raises(AssertionError, match="missing key.*label"):
        run.fit()
    assert "FastEstimator-Start" not in capsys.readouterr().out
    assert all((a == b).all() for a, b in zip(before, weights(trained), strict=True))


def test_a_class_key_that_is_missing_in_test_mode_is_named():
    trained = classifier("torch")
    data = {"evaluation": dataset("torch", label=labels()), "test": dataset("torch")}
    run = estimator("torch", trained, [saliency(trained, class_key="label")], epochs=1, **data)
    run.fit()
    with pytest.raises(Exception, match="label"):
        run.test()


def test_fixed_samples_demand_nothing_of_the_data():
    trained, figures = classifier("torch"), Figures()
    fixed = {"x": dataset("torch", 3, seed=5)["x"], "label": [2, 1, 0]}
    traces = [saliency(trained, class_key="label", samples=fixed), figures]
    data = {"evaluation": dataset("torch"), "test": dataset("torch")}
    run = estimator("torch", trained, traces, epochs=1, **data)
    run.fit()
    run.test()
    assert figures.places == [("eval", 1), ("test", 1)]
    assert all(column(display, "True").texts == ["2", "1", "0"] for display in figures.displays())

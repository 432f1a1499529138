"""What stops a training and what does not."""

import logging
import warnings
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from training import CLASSES, Figures, classifier, column, dataset, estimator, saliency, weights

from fe_saliency.display import SaliencyDisplay
from fe_saliency.trace import Saliency
from fe_saliency.trace.guard import Guard

BROKEN = RuntimeError("the net is broken")


def run(trace, trained, epochs=2, backend="torch", **data):
    figures = Figures()
    data = {"evaluation": dataset(backend, seed=1), **data}
    estimator(backend, trained, [trace, figures], epochs=epochs, **data).fit()
    return figures


@pytest.mark.parametrize("target", ["computing", "drawing"])
def test_an_error_is_logged_with_its_traceback_and_the_training_goes_on(backend, target, caplog):
    trained = classifier(backend)
    trace, before = saliency(trained), weights(trained)
    broken = {
        "computing": patch.object(trace.net, "attribute", side_effect=BROKEN),
        "drawing": patch("fe_saliency.display.saliency_display.compose", side_effect=BROKEN),
    }[target]
    with broken, caplog.at_level(logging.ERROR):
        assert not run(trace, trained, epochs=3, backend=backend).places
    records = [record for record in caplog.records if record.name == "fe_saliency"]
    assert [record.levelname for record in records] == ["ERROR"] * 3
    assert "could not draw epoch 1 (eval); the training goes on" in records[0].getMessage()
    assert records[0].exc_info[1] is BROKEN
    for record, epoch in zip(records[1:], (2, 3), strict=True):  # One line each.
        (line,) = record.getMessage().splitlines()
        assert record.exc_info is None and f"could not draw epoch {epoch} (eval); it is the same error" in line
        assert "(RuntimeError: the net is broken)" in line and 'at "The Saliency trace could not draw epoch 1' in line
    assert any((a != b).any() for a, b in zip(before, weights(trained), strict=True))


@pytest.mark.parametrize("target", ["computing", "drawing"])
def test_strict_raises_it(target):
    trained = classifier("torch")
    trace = saliency(trained, strict=True)
    broken = {
        "computing": patch.object(trace.net, "attribute", side_effect=BROKEN),
        "drawing": patch.object(SaliencyDisplay, "prepare", side_effect=BROKEN),
    }[target]
    with broken, pytest.raises(RuntimeError, match="the net is broken"):
        run(trace, trained)


def test_another_error_is_logged_whole(caplog):
    guard = Guard(strict=False)
    with caplog.at_level(logging.ERROR):
        for epoch, words in enumerate(("a", "b", "a", "b")):
            with guard(f"epoch {epoch}"):
                raise ValueError(words)
        with guard("epoch 4"):
            raise ValueError("a")  # At another place.
        guard.begin()
        with guard("epoch 1 of another training"):
            raise ValueError("a")
    whole = [True, True, False, False, True, True]
    assert [record.exc_info is not None for record in told(caplog)] == whole
    assert ["the training goes on" in record.getMessage() for record in told(caplog)] == whole


def test_one_bad_epoch_is_only_one_epoch():
    trained = classifier("torch")
    trace = saliency(trained)
    good = trace.net.attribute({"x": dataset("torch")["x"][:4]})
    with patch.object(trace.net, "attribute", side_effect=[BROKEN, good, good]):
        assert run(trace, trained, epochs=3).places == [("eval", 2), ("eval", 3)]


NAMES = {"zero": 0}  # the model and the data have three classes


def told(caplog):
    return [record for record in caplog.records if record.name == "fe_saliency"]


def test_a_class_without_a_name_costs_no_figure_and_is_told_once(backend, caplog):
    trained = classifier(backend)
    figures = run(saliency(trained, label_mapping=NAMES, strict=True), trained, backend=backend)
    assert figures.places == [("eval", 1), ("eval", 2)]
    assert column(figures.displays()[0], "True").texts == ["zero", "#1", "#2", "zero"]
    assert ["no name for class" in record.getMessage() for record in told(caplog)] == [True, True]


def test_a_predicted_class_without_a_name_is_told_too(caplog):
    trained = classifier("torch")
    only_zero = dataset("torch", y=np.zeros(6, "int64"))
    trace = saliency(trained, label_mapping=NAMES, strict=True)
    found = trace.net.attribute({"x": only_zero["x"][:4]})
    found = replace(found, predictions={"y_pred": np.full(4, CLASSES - 1)})
    with patch.object(trace.net, "attribute", return_value=found):
        (display,) = run(trace, trained, epochs=1, evaluation=only_zero).displays()
    assert column(display, "Predicted").texts == ["#2"] * 4 and column(display, "Predicted").correct == [False] * 4
    (record,) = told(caplog)
    assert "no name for class 2, which the data or the model gave" in record.getMessage()


@pytest.mark.parametrize("measures", [False, "concentration"])
def test_that_an_error_is_no_improvement_is_said_where_there_are_numbers(measures, caplog):
    trained = classifier("torch")
    trace = saliency(trained, measures=measures)
    with patch.object(trace.net, "attribute", side_effect=BROKEN):
        run(trace, trained, epochs=1)
    said = [record.getMessage() for record in told(caplog) if record.levelname == "WARNING"]
    expected = "no maps of epoch 1 (eval) to be measured, which counts as no improvement for EarlyStopping"
    assert [expected in each for each in said] == ([True] if measures else [])


def test_rows_of_nan_alone_are_logged_and_named(caplog):
    trained, x = classifier("torch"), np.array(dataset("torch")["x"])
    x[:, 0, 0, 0] = np.nan
    with caplog.at_level(logging.ERROR):
        assert not run(saliency(trained), trained, epochs=1, evaluation=dataset("torch", x=x)).places
    (record,) = [record for record in caplog.records if record.name == "fe_saliency"]
    assert "`batch['x']` holds NaN or infinite numbers in row(s) 0, 1, 2, 3" in str(record.exc_info[1])


@pytest.mark.parametrize("mode", ["eval", ("eval", "test"), "!train"])
def test_a_run_without_data_for_the_trace_is_warned_of(mode, backend):
    trained = classifier(backend)
    trace = saliency(trained, mode=mode)
    with pytest.warns(UserWarning, match="computes in mode.*eval.*no figure will be drawn.*eval_data"):
        assert not run(trace, trained, backend=backend, evaluation=None, epochs=1).places


def test_a_dataset_id_that_the_pipeline_does_not_have_is_warned_of():
    trained = classifier("torch")
    with pytest.warns(UserWarning, match=r"dataset id\(s\) \['b'\]"):
        run(saliency(trained, ds_id="b"), trained, evaluation={"a": dataset("torch")}, epochs=1)


@pytest.mark.parametrize("mode", ["eval", "test"])
def test_nothing_is_warned_of_in_a_run_that_the_trace_is_not_meant_for(mode):
    """`fit` of a Trace for test mode, `test` of one for eval mode: the figures are drawn in the other run."""
    trained = classifier("torch")
    data = {"evaluation": dataset("torch"), "test": dataset("torch")}
    both = estimator("torch", trained, [saliency(trained, mode=mode)], epochs=1, **data)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*Saliency trace")
        both.fit()
        both.test()


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"model": "model"}, ValueError, "must have been compiled by FastEstimator"),
        ({"outputs": ["a", "b"]}, ValueError, "one key per model input"),
        ({"outputs": "x"}, ValueError, "must not be keys of the model"),
        ({"mode": "validation"}, ValueError, "`mode`"),
        ({"seed": -1}, ValueError, "`seed`"),
        ({"max_rows": 0}, ValueError, "`max_rows`"),
        ({"smoothing": 2.5}, TypeError, "`smoothing`"),
        ({"label_mapping": {"a": "b"}}, TypeError, "`label_mapping`"),
        ({"class_key": 3}, TypeError, r"`class_key` \(=3\) must be the key of the true class"),
    ],
)
def test_bad_arguments_are_refused_at_construction(options, error, message):
    given = {"model": classifier("torch"), "model_inputs": "x", "model_outputs": "y_pred", **options}
    with pytest.raises(error, match=message):
        Saliency(**given)

"""The Trace as an instrument, in trainings: numbers, warnings, files, films, tags, controls; and what it never does."""

import contextlib
import errno
import importlib
import logging
import threading
from unittest.mock import patch

import fastestimator as fe
import numpy as np
import pytest
import torch
from fastestimator.trace.adapt import EarlyStopping
from fastestimator.trace.io import RestoreWizard, TensorBoard
from fastestimator.trace.trace import Trace
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training import (
    Die,
    Figures,
    Stop,
    classifier,
    column,
    contents,
    dataset,
    drawn,
    estimator,
    saliency,
    seed_everything,
    titles,
)

from fe_saliency import SaliencyNet, archive
from fe_saliency.display import SignedColumn
from fe_saliency.watch import Border, Corner, RegionKey, Watch


class Logs(Trace):
    """What each epoch leaves in FE's log, {(mode, epoch): {key: number}}, and what can be read beside."""

    def __init__(self, *keys):
        super().__init__(inputs=["*", *keys])
        self.found, self.read, self.keys = {}, {}, keys

    def on_epoch_end(self, data):
        place = self.system.mode, self.system.epoch_idx
        self.found[place] = {key: value for key, value in data.read_logs().items() if key.startswith("saliency")}
        self.read[place] = {key: data[key] for key in self.keys if key in data}

    def __getstate__(self):
        return {}  # nothing for RestoreWizard


def run(backend, epochs=3, more=(), evaluation=None, **options):
    """A training with one Trace: the Trace, and what it left."""
    trained, logs, figures = classifier(backend), Logs(), Figures()
    trace = saliency(trained, mode="eval", **options)
    evaluation = dataset(backend, seed=1) if evaluation is None else evaluation
    traces = [trace, logs, figures, *more]
    estimator(backend, trained, traces, evaluation=evaluation, epochs=epochs).fit()
    return trace, logs, figures


def test_numbers_are_in_the_log_each_epoch(backend):
    options = {"smoothing": 4, "integrating": (4, 2), "measured": "smoothed"}
    _, logs, _ = run(backend, measures=True, watch=Corner("top left", 2), **options)
    first, second = logs.found["eval", 1], logs.found["eval", 2]
    assert not any("_to_" in key for key in first), "nothing to compare with yet"
    assert {"saliency_gini", "saliency_relative_error", "saliency_completeness_gap", "saliency_margin"} <= set(first)
    assert {"saliency_rank_correlation_to_previous", "saliency_ssim_to_reference"} <= set(second)
    assert {"saliency_top_left_corner_mass_ratio", "saliency_top_left_corner_score_drop"} <= set(second)
    assert all(np.isfinite(value) for value in second.values())
    assert not logs.found["train", 1]


def test_without_being_asked_there_are_none(backend):
    trace, logs, _ = run(backend, epochs=1)
    assert trace.outputs == ["saliency"] and not logs.found["eval", 1]


def test_early_stopping_takes_a_number_also_in_epochs_that_are_not_drawn(backend):
    stopping = EarlyStopping("saliency_gini", patience=100)
    _, logs, _ = run(backend, epochs=4, more=[stopping], every=2, measures="concentration")
    assert [bool(logs.found["eval", epoch]) for epoch in (1, 2, 3, 4)] == [False, True, False, True]


def test_a_number_that_is_monitored_is_there_before_it_is_defined(backend):
    """EarlyStopping reads it in the first epoch too; NaN is never better."""
    stopping = EarlyStopping("saliency_cosine_to_previous", patience=2, compare="max")
    _, logs, _ = run(backend, more=[stopping], measures="drift")
    assert len(logs.found) >= 4


def test_a_number_that_is_monitored_is_there_after_an_error(backend):
    stopping = EarlyStopping("saliency_gini", patience=100)
    with patch("fe_saliency.trace.saliency.explain", side_effect=OSError("broken")):
        _, logs, figures = run(backend, more=[stopping], measures="concentration")
    assert len(logs.found) >= 4 and not figures.places


def test_several_datasets_are_told_apart(backend):
    both = {"a": dataset(backend, seed=1), "b": dataset(backend, seed=2)}
    _, logs, _ = run(backend, epochs=1, evaluation=both, measures="concentration")
    found = logs.found["eval", 1]
    assert {"saliency_gini|a", "saliency_gini|b"} <= set(found) and "saliency_gini" not in found


def test_region_keys_come_out_of_the_batch(backend):
    boxes = np.tile([[1, 1, 4, 4]], (6, 1))
    data = dataset(backend, seed=1, box=boxes)
    watch = Watch([RegionKey("box")], mass_ratio=1e-6, score_drop=1e-9)
    _, logs, _ = run(backend, epochs=1, evaluation=data, measures="region", region_key="box", watch=watch)
    assert logs.found["eval", 1]["saliency_area_share"] == pytest.approx(16 / 64)
    assert "saliency_box_mass_ratio" in logs.found["eval", 1]


def test_a_watched_region_that_the_model_reads_is_warned_of(backend, caplog):
    everywhere_but_the_rim = Watch([Border(1, name="the rim")], mass_ratio=1e-3, score_drop=1e-12)
    with caplog.at_level(logging.WARNING, "fe_saliency"):
        trace, logs, _ = run(backend, watch=everywhere_but_the_rim, samples=4)
    drops = {epoch: logs.found["eval", epoch]["saliency_the_rim_score_drop"] for epoch in (1, 2, 3)}
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    told = [f"Epoch {epoch} (eval)" in " ".join(warned) for epoch in drops]
    assert told == [drop >= 1e-12 for drop in drops.values()]
    assert all("the rim" in line and "times its share" in line for line in warned)


def test_maps_are_kept_and_films_written(backend, tmp_path):
    trace, _, figures = run(backend, smoothing=4, save_dir=tmp_path / "kept", samples=3, scale=2)
    kept = archive.load(tmp_path / "kept")
    assert kept.epochs() == [1, 2, 3]
    last = kept.record(3)
    assert list(last.maps) == ["vanilla", "smoothed"] and last.rows == 3
    assert last.settings["scale_origin"] == "fixed at epoch 2" and kept.record(1).settings["scales"] is None
    raw = trace.net.attribute({"x": last.inputs["x"]}, "gradient").maps["x"]
    np.testing.assert_allclose(last.maps["vanilla"]["x"], np.asarray(raw), rtol=1e-4, atol=1e-7)
    for name in ("vanilla", "smoothed"):
        assert np.array(Image.open(kept.folder / f"film_eval_{name}.png")).shape[2] == 3
        assert Image.open(kept.folder / f"film_eval_{name}.gif").n_frames == 3


def test_tags_play_the_history_of_one_sample(backend, tmp_path):
    board = TensorBoard(str(tmp_path), write_images="saliency", write_graph=False)
    run(backend, more=[board], samples=3, drawn=2, smoothing=2)
    (folder,) = tmp_path.glob("*/eval")
    events = EventAccumulator(str(folder), size_guidance={"images": 0})
    events.Reload()
    expected = {
        f"saliency/sample {row}/{title}/image/0"
        for row in (0, 1)
        for title in ("Overlay", "Vanilla gradient", "Smoothed (squared)")
    }
    found = {tag if tag.endswith("/image/0") else f"{tag}/image/0" for tag in events.Tags()["images"]}
    assert found - {"saliency/image/0"} == expected
    (tag, *_) = [tag for tag in events.Tags()["images"] if "sample" in tag]
    assert [each.step for each in events.Images(tag)] == [2, 4, 6]


def test_tags_can_be_left_out(tmp_path):
    board = TensorBoard(str(tmp_path), write_images="saliency", write_graph=False)
    run("torch", more=[board], samples=3, tags=False)
    (folder,) = tmp_path.glob("*/eval")
    events = EventAccumulator(str(folder)).Reload()
    assert all("sample" not in tag for tag in events.Tags()["images"])


def test_signed_maps_and_drawn_rows(backend):
    _, _, figures = run(backend, epochs=1, signed=True, smoothing=4, drawn=2)
    (display,) = figures.displays()
    assert titles(display)[-2:] == ["Vanilla gradient", "Smoothed"]
    assert isinstance(column(display, "Smoothed"), SignedColumn)
    assert len(column(display, "Smoothed")) == 2


def test_one_scale_for_all_epochs(backend):
    """What is drawn is the raw map over the number, whatever the epoch."""
    _, _, figures = run(backend, scale={"vanilla": 0.05}, samples=2)
    for display in figures.displays():
        assert "one scale for all epochs, given: Vanilla gradient 0.05" in display.caption


def test_controls_stand_beside(backend):
    trace, logs, figures = run(backend, controls=("untrained", "randomised"), measures="control", samples=2)
    shown = [contents(column(each, "Vanilla gradient of the untrained")) for each in figures.displays()]
    learned = [contents(column(each, "Vanilla gradient")) for each in figures.displays()]
    assert titles(figures.displays()[0])[-1] == "Vanilla gradient of shuffled weights"
    assert not np.array_equal(learned[0], learned[-1])
    # Other classes may be explained later, but the untrained model itself does not change.
    untouched = classifier(backend)
    expected = saliency(untouched).net.get_masks({"x": contents_of(trace)})["saliency"]
    first = figures.found["eval", 1]["saliency"]
    predicted = column(first, "Predicted").texts
    now = untouched_targets(untouched, contents_of(trace))
    same = [a == str(b) for a, b in zip(predicted, now, strict=True)]
    assert any(same), "a row whose class the first epoch did not change"
    masks = np.asarray(expected).reshape(2, -1)
    for row in np.flatnonzero(same):
        np.testing.assert_allclose(shown[0].reshape(2, -1)[row], masks[row], atol=1e-5)
    assert "saliency_emprt" in logs.found["eval", 1]
    assert trace.recipe.cost == 3


def contents_of(trace):
    """The rows that a trace kept."""
    return trace.samples.at(("eval", ""))["x"]


def untouched_targets(model, rows):
    return np.asarray(saliency(model).net.get_masks({"x": rows})["y_pred"])


FAILING = [
    ("fe_saliency.trace.measures.Measures.see", "measure epoch 2 (eval), which counts as no improvement for Early"),
    ("fe_saliency.watch.Watch.examine", "could not watch epoch 2 (eval), which counts as no improvement for Early"),
    ("fe_saliency.archive.save", "could not keep epoch 2 (eval)"),
    ("fe_saliency.trace.saliency.write_tags", "could not draw epoch 2 (eval)"),
]


@pytest.mark.parametrize("target, message", FAILING)
def test_what_one_instrument_fails_at_keeps_no_other_from_its_work(target, message, tmp_path, caplog):
    path, name = target.rsplit(".", 1)
    try:
        owner = importlib.import_module(path)
    except ModuleNotFoundError:
        module, owner_name = path.rsplit(".", 1)
        owner = getattr(importlib.import_module(module), owner_name)
    original, calls = getattr(owner, name), []

    def second_time_broken(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*args, **kwargs)

    with caplog.at_level(logging.ERROR), patch.object(owner, name, second_time_broken):
        _, logs, figures = run("torch", measures=True, watch=Corner("top left", 2), save_dir=tmp_path, samples=2)
    (failed,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert message in failed.getMessage()
    assert figures.places == [("eval", 1), ("eval", 2), ("eval", 3)], "the figure is there all the same"
    expected = [1, 3] if "keep" in message else [1, 2, 3]
    assert archive.load(tmp_path).epochs() == expected
    assert "saliency_gini" in logs.found["eval", 3] and "saliency_top_left_corner_flipped" in logs.found["eval", 3]


def test_strict_raises_what_an_instrument_fails_at(tmp_path):
    with (
        patch.object(archive, "save", side_effect=OSError(errno.ENOSPC, "No space left on device")),
        pytest.raises(OSError, match="No space"),
    ):
        run("torch", epochs=1, save_dir=tmp_path, strict=True)


def test_a_resumed_training_goes_on_with_its_history(backend, tmp_path):
    """Die in the third epoch and resume: numbers, scale and untrained maps are those of an unbroken training."""

    def train(folder, die=99):
        seed_everything()
        trained, logs = classifier(backend, name=f"resumed_{backend}"), Logs()
        trace = saliency(
            trained, mode="eval", samples=2, measures="drift", scale=1, controls="untrained", save_dir=folder / "kept"
        )
        traces = [trace, logs, Die(die), RestoreWizard(str(folder / "wizard"))]
        # One batch an epoch: the order of its rows, which is drawn anew, does not matter.
        whole = estimator(backend, trained, traces, evaluation=dataset(backend, seed=1), epochs=4, batch_size=6)
        with contextlib.suppress(Stop):
            whole.fit(warmup=False)
        return logs.found

    unbroken = train(tmp_path / "a")
    train(tmp_path / "b", die=3)
    resumed = train(tmp_path / "b")
    assert ("eval", 1) not in resumed and ("eval", 3) in resumed
    for place in (("eval", 3), ("eval", 4)):
        assert resumed[place].keys() == unbroken[place].keys()
        for key, value in unbroken[place].items():
            assert resumed[place][key] == pytest.approx(value, abs=1e-4)
    one, other = archive.load(tmp_path / "a" / "kept"), archive.load(tmp_path / "b" / "kept")
    assert len(list((tmp_path / "b" / "kept").iterdir())) == 1, "it is one training"
    assert one.epochs() == other.epochs() == [1, 2, 3, 4]
    scale, same = (each.record(4).settings["scales"]["vanilla"]["x"] for each in (one, other))
    assert scale == pytest.approx(same)
    np.testing.assert_allclose(
        one.record(4).maps["untrained"]["x"], other.record(4).maps["untrained"]["x"], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"measured": "smoothed"}, ValueError, r"`measured` \(='smoothed'\) must be one of the maps that are computed"),
        ({"controls": "other"}, ValueError, r"`controls` \(='other'\) must be of 'untrained', 'randomised'"),
        ({"drawn": 0}, ValueError, r"`drawn` \(=0\) must be at least 1"),
        ({"watch": ["corner"]}, TypeError, r"must hold regions, such as Corner"),
        (
            {"samples": {"x": np.zeros((1, 1, 8, 8)), "y": [0]}, "watch": RegionKey("m")},
            ValueError,
            r"lacks the key\(s\) \['m'\]: .*, and if they are given `class_key`, `region_key` and the keys of watched",
        ),
        ({"per_class": True}, ValueError, "`per_class` .* give `measures`"),
        ({"reference": 2, "measures": "trust"}, ValueError, r"`reference` \(=2\) is for the drift"),
        ({"watch": "corner"}, TypeError, r"`watch` \(='corner'\) must be a region, such as"),
        ({"watch": 3}, TypeError, r"`watch` \(=3\) must be a region, such as"),
        ({"controls": 5}, ValueError, r"`controls` \(=5\) must be of 'untrained'"),
        ({"measures": 3}, TypeError, r"`measures` \(=3\) must be True, False or of 'drift'"),
        ({"region_key": 5}, TypeError, r"`region_key` \(=5\) must be the key of masks"),
        ({"region_key": ""}, TypeError, r"`region_key` \(=''\) must be the key of masks"),
        ({"scale": 1.5}, TypeError, r"`scale` \(=1.5\) must be 'own', the number of an epoch, or a dict"),
    ],
)
def test_bad_arguments_are_refused_at_once(options, error, message):
    with pytest.raises(error, match=message):
        saliency(classifier("torch"), **options)


def test_a_model_that_fell_apart_has_no_usable_map(backend, caplog):
    """Its outputs are NaN from the second epoch on: nothing can be explained, and the number says so."""
    asked = []

    def spoilt(net, *args, **kwargs):
        asked.append(args)
        if len(asked) > 1:
            raise ValueError("The model output is NaN")
        return attribute(net, *args, **kwargs)

    attribute = SaliencyNet.attribute
    with caplog.at_level(logging.ERROR), patch.object(SaliencyNet, "attribute", spoilt):
        _, logs, _ = run(backend, epochs=2, measures="trust")
    assert [logs.found["eval", epoch]["saliency_unusable"] for epoch in (1, 2)] == [0, 1]


def test_a_control_named_twice_is_drawn_once():
    assert saliency(classifier("torch"), controls=["untrained", "untrained"]).controls.names == ("untrained",)


def test_a_folder_that_cannot_be_written_to_is_told_before_the_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="`save_dir` .* must be a folder"):
        run("torch", epochs=1, save_dir=tmp_path / "file")


class Stubborn(torch.nn.Module):
    """Cannot be copied."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3), torch.nn.Softmax(dim=1))
        self.lock = threading.Lock()

    def forward(self, x):
        return self.inner(x)


@pytest.mark.parametrize("control", ["untrained", "randomised"])
def test_a_control_that_fails_is_left_out(control, caplog):
    trained, figures, logs = fe.build(Stubborn, optimizer_fn="sgd"), Figures(), Logs()
    trace = saliency(trained, mode="eval", controls=control, measures="concentration")
    with caplog.at_level(logging.ERROR):
        estimator("torch", trained, [trace, figures, logs], evaluation=dataset("torch"), epochs=2).fit()
    assert any(control in record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert titles(figures.displays()[-1])[-1] == "Vanilla gradient" and "saliency_gini" in logs.found["eval", 2]


def test_samples_that_do_not_fit_together_stop_nothing(tmp_path, caplog):
    """Batches with another number of boxes each: nothing is drawn, but RestoreWizard still saves."""
    trained = classifier("torch")
    trace = saliency(trained, mode="eval", samples=6, measures="region", region_key="box")
    trace.samples.keep(("eval", ""), {"x": np.zeros((3, 1, 8, 8)), "y": np.zeros(3), "box": np.zeros((3, 1, 4))})
    trace.samples.keep(("eval", ""), {"x": np.zeros((3, 1, 8, 8)), "y": np.zeros(3), "box": np.zeros((3, 2, 4))})
    state = trace.__getstate__()
    again = saliency(classifier("torch"), mode="eval", samples=6, measures="region", region_key="box")
    again.__setstate__(state)
    assert len(again.samples.state()["kept"]["eval", ""]) == 2


def test_what_cannot_be_drawn_has_numbers_all_the_same(backend):
    with patch("fe_saliency.trace.saliency.sections", side_effect=ValueError("NaN")):
        _, logs, figures = run(backend, epochs=1, measures=("trust", "decision"))
    assert "saliency_unusable" in logs.found["eval", 1] and not figures.places


def test_an_untrained_model_is_not_known_in_a_test_run(backend, caplog):
    trained = classifier(backend)
    with caplog.at_level(logging.ERROR):
        shown = drawn(trained, saliency(trained, controls="untrained"), dataset(backend))
    assert titles(shown["saliency"])[-1] == "Vanilla gradient"
    assert any("The untrained model is not known" in str(record.exc_info[1]) for record in caplog.records)


def test_the_mean_of_datasets_leaves_out_what_is_not_defined():
    stopping = EarlyStopping("saliency_mass_share", patience=100)
    both = {
        "a": dataset("torch", seed=1, box=np.tile([[1, 1, 4, 4]], (6, 1))),
        "b": dataset("torch", seed=2, box=np.zeros((6, 4), int)),
    }
    trace, _, _ = run("torch", evaluation=both, more=[stopping], measures="region", region_key="box")
    assert np.isfinite(trace.told.last["eval"]["saliency_mass_share"])

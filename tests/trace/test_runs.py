"""What belongs to one training and what outlives it: `fit` again, `test`, RestoreWizard."""

import contextlib
import logging
from unittest.mock import patch

import numpy as np
import pytest
from fastestimator.trace.adapt import EarlyStopping
from fastestimator.trace.io import RestoreWizard
from fastestimator.trace.trace import Trace
from PIL import Image
from training import CLASSES, Die, Figures, Stop, classifier, dataset, estimator, images, saliency

from fe_saliency import archive
from fe_saliency.trace import saliency as module


class Logs(Trace):
    """The numbers that each epoch tells, and those that a monitor would read: a list of {key: number}."""

    def __init__(self, *keys):
        super().__init__(inputs=["*", *keys], mode="eval")
        self.told, self.read, self.keys = [], [], keys

    def on_epoch_end(self, data):
        self.told.append({key: value for key, value in data.read_logs().items() if key.startswith("saliency")})
        self.read.append({key: data[key] for key in self.keys})

    def __getstate__(self):
        return {}  # nothing for RestoreWizard


def runs(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_second_fit_is_a_training_of_its_own(backend, tmp_path):
    trained, logs = classifier(backend, optimizer="adam"), Logs()
    trace = saliency(
        trained, mode="eval", samples=3, scale=1, measures="drift", controls="untrained", save_dir=tmp_path
    )
    run = estimator(backend, trained, [trace, logs], evaluation=dataset(backend, seed=1), epochs=2)
    run.fit(warmup=False)
    samples = trace.samples.at(("eval", ""))["x"]
    begun = np.asarray(trace.net.attribute({"x": samples}, target=0).maps["x"])
    run.fit(warmup=False)
    first, second = (archive.load(tmp_path, name) for name in runs(tmp_path))
    assert first.epochs() == second.epochs() == [1, 2]
    with pytest.warns(UserWarning, match="2 trainings"):
        assert archive.load(tmp_path).folder == second.folder
    assert not np.array_equal(*(each.record(1).maps["vanilla"]["x"] for each in (first, second)))
    assert [any("_to_" in key for key in told) for told in logs.told] == [False, True, False, True]
    scales = [each.record(2).settings["scales"]["vanilla"]["x"] for each in (first, second)]
    assert scales[0] != scales[1] and second.record(1).settings["scale_origin"] == "fixed at epoch 1"
    assert np.array_equal(second.record(1).inputs["x"], samples)
    of_class_0 = second.record(1).targets["y_pred"] == 0
    untrained = second.record(1).maps["untrained"]["x"]
    np.testing.assert_allclose(untrained[of_class_0], begun[of_class_0], rtol=1e-4, atol=1e-6)
    assert not np.allclose(first.record(1).maps["untrained"]["x"], untrained)
    assert {each.settings["run"] for each in first} == {first.folder.name} != {each.settings["run"] for each in second}


def test_a_trace_of_the_test_run_alone_remembers_the_untrained_model(backend, tmp_path):
    trained = classifier(backend, optimizer="adam")
    trace = saliency(trained, mode="test", samples=3, controls="untrained", save_dir=tmp_path)
    rows = {"x": images(backend, 6, seed=1)[:3]}
    begun = np.stack([trace.net.attribute(rows, target=one).maps["x"] for one in range(CLASSES)])
    run = estimator(backend, trained, [trace], test=dataset(backend, seed=1), epochs=2)
    run.fit(warmup=False)
    run.test()
    (record,) = archive.load(tmp_path)
    found = begun[record.targets["y_pred"], range(3)]
    np.testing.assert_allclose(record.maps["untrained"]["x"], found, rtol=1e-4, atol=1e-6)


def test_two_traces_do_not_share_their_files(tmp_path):
    trained = classifier("torch")
    traces = [saliency(trained, mode="eval", outputs=key, save_dir=tmp_path) for key in ("one", "two")]
    estimator("torch", trained, traces, evaluation=dataset("torch"), epochs=2).fit()
    kept = [archive.load(tmp_path, name) for name in runs(tmp_path)]
    assert [[*each.record(2).settings["outputs"].values()] for each in kept] == [["one"], ["two"]]


def test_a_test_adds_to_the_training_and_its_films_stay(backend, tmp_path):
    trained = classifier(backend)
    trace = saliency(trained, save_dir=tmp_path)
    data = {"evaluation": dataset(backend, seed=1), "test": dataset(backend, seed=2)}
    run = estimator(backend, trained, [trace], epochs=2, **data)
    run.fit(warmup=False)
    (name,) = runs(tmp_path)
    film = tmp_path / name / "film_eval_vanilla.png"
    film.write_bytes(b"of the training")
    run.test()
    assert runs(tmp_path) == [name] and archive.load(tmp_path).places == [("eval", ""), ("test", "")]
    assert film.read_bytes() == b"of the training" and film.with_name("film_test_vanilla.png").exists()


def test_a_run_that_keeps_nothing_writes_no_films(tmp_path):
    trained = classifier("torch")
    data = {"evaluation": dataset("torch", seed=1), "test": dataset("torch", seed=2)}
    trace = saliency(trained, mode="eval", save_dir=tmp_path)
    run = estimator("torch", trained, [trace], epochs=1, **data)
    run.fit()
    with patch("fe_saliency.review.write_films") as written:
        run.test()
    assert not written.called


def test_what_is_monitored_is_known_after_a_restore(backend, tmp_path):
    """Computed in epochs 2, 4, ...; resumed in epoch 3, before the next of them."""

    def train(die):
        trained, logs = classifier(backend, name=f"monitored_{backend}"), Logs("saliency_gini")
        trace = saliency(trained, mode="eval", every=2, measures="concentration", samples=2)
        stopping = EarlyStopping("saliency_gini", patience=100)
        traces = [trace, stopping, logs, Die(die), RestoreWizard(str(tmp_path))]
        whole = estimator(backend, trained, traces, evaluation=dataset(backend, seed=1), epochs=5, batch_size=6)
        with contextlib.suppress(Stop):
            whole.fit(warmup=False)
        return [read["saliency_gini"] for read in logs.read]

    before = train(die=4)  # RestoreWizard has saved after the training part of epoch 3
    assert np.isnan(before[0]) and np.isfinite(before[1:]).all() and len(before) == 3
    after = train(die=None)
    assert after[0] == before[2], "of epoch 3, which is evaluated again but not drawn"
    assert np.isfinite(after).all() and len(after) == 3


def test_a_state_from_before_there_were_names_is_restored(tmp_path):
    """Such a training goes on in its files, which stand in `save_dir` itself."""
    state = saliency(classifier("torch")).__getstate__()
    old = {key: value for key, value in state.items() if key not in ("run", "numbers")}
    trained = classifier("torch")
    trace = saliency(trained, mode="eval", save_dir=tmp_path)

    class Wizard(Trace):
        def on_begin(self, data):
            trace.__setstate__(old)

    restored = Wizard()
    restored.inputs = ["*"]  # comes last
    estimator("torch", trained, [trace, restored], evaluation=dataset("torch"), epochs=2).fit()
    assert archive.load(tmp_path).folder == tmp_path and (tmp_path / "film_eval_vanilla.png").exists()


@pytest.mark.parametrize("broken", ["computing", "drawing"])
def test_one_dataset_that_fails_leaves_the_other_its_figure(backend, broken, caplog):
    trained, figures, logs = classifier(backend), Figures(), Logs()
    trace = saliency(trained, mode="eval", measures="concentration", samples=3)
    both = {"a": dataset(backend, seed=1), "b": dataset(backend, seed=2)}
    name = {"computing": "explain", "drawing": "sections"}[broken]
    original = getattr(module, name)

    def failing(*args):
        place = args[5][1:] if broken == "computing" else args[0].place
        if place == ("eval", "b"):
            raise ValueError("NaN")
        return original(*args)

    with patch.object(module, name, failing), caplog.at_level(logging.ERROR):
        estimator(backend, trained, [trace, figures, logs], evaluation=both, epochs=1).fit(warmup=False)
    (error,) = [each for each in caplog.records if each.name == "fe_saliency"]
    assert "could not draw epoch 1 (eval b)" in error.getMessage()
    (display,) = figures.displays()
    assert [section.label for section in display.sections] == ["dataset a"]
    assert ("saliency_gini|a" in logs.told[0]) and ("saliency_gini|b" in logs.told[0]) == (broken == "drawing")


class Tear(Trace):
    """Damages what was kept of an epoch, as a bad disk would."""

    def __init__(self, folder, epoch):
        super().__init__(mode="train")
        self.folder, self.epoch = folder, epoch

    def on_epoch_begin(self, data):
        if self.system.epoch_idx == self.epoch + 1:
            (path,) = self.folder.rglob(f"eval_{self.epoch:04d}.npz")
            path.write_bytes(b"torn")


@pytest.mark.parametrize("strict", [False, True])
def test_a_damaged_epoch_is_told_and_the_films_are_of_the_others(backend, strict, tmp_path, caplog, capsys):
    trained = classifier(backend)
    trace = saliency(trained, mode="eval", save_dir=tmp_path, samples=2, strict=strict)
    traces = [trace, Tear(tmp_path, 2)]
    run = estimator(backend, trained, traces, evaluation=dataset(backend), epochs=3)
    if strict:
        with pytest.raises(ValueError, match=r"eval_0002.npz` is damaged"):
            run.fit(warmup=False)
        return
    with caplog.at_level(logging.ERROR):
        run.fit(warmup=False)
    (error,) = [each for each in caplog.records if each.name == "fe_saliency"]
    assert "could not read epoch 2 (eval), which the films of all its maps lack now" in error.getMessage()
    assert "eval_0002.npz` is damaged" in str(error.exc_info[1])
    (film,) = tmp_path.rglob("film_eval_vanilla.gif")
    assert Image.open(film).n_frames == 2
    assert f"wrote 1 film strip to {film.parent}" in capsys.readouterr().out

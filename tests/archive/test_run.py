"""A run is found, and read one epoch at a time."""

import doctest
import json

import numpy as np
import pytest
from records import record

import fe_saliency.archive
from fe_saliency.archive import contents, load, npz, save

#: Dataset ids that a file system, or a careless pattern, would mix up.
IDS = ["", "val", "Val", "VAL", "0007", "a_0001", "_", "a/b", "a\\b", "..", ".", "%56al", "a b", "ä", "*?<>|\"'", "CON"]


@pytest.fixture
def run(tmp_path):
    for mode, ds_id, epochs in [("eval", "b", (10, 9, 1)), ("eval", "a", (2,)), ("test", "", (9,))]:
        for epoch in epochs:
            save(record(epoch, mode=mode, ds_id=ds_id), tmp_path)
    return load(tmp_path)


def test_places_and_epochs(run):
    assert run.places == [("eval", "a"), ("eval", "b"), ("test", "")]
    assert run.epochs("eval", "b") == [1, 9, 10]
    assert run.epochs("test") == run.epochs(ds_id="") == [9]
    assert run.record(9, "eval", "b").place == ("eval", "b")
    assert run.record(9, ds_id="").place == ("test", "")
    assert len(run) == 5


def test_iteration_goes_by_epoch(run):
    assert [each.epoch for each in run.records("eval", "b")] == [1, 9, 10]
    assert [(each.epoch, *each.place) for each in run] == [
        (1, "eval", "b"),
        (2, "eval", "a"),
        (9, "eval", "b"),
        (9, "test", ""),
        (10, "eval", "b"),
    ]


def test_only_what_is_asked_for_is_read(run, monkeypatch):
    read, original = [], npz.read
    monkeypatch.setattr(npz, "read", lambda path, names=None: read.append(path.name) or original(path, names))
    records = run.records("eval", "b")
    assert load(run.folder).places and not read
    next(records)
    assert read[0] == "eval_b_0001.npz" and read[1].startswith("samples_") and len(read) == 2


@pytest.mark.parametrize("mode", ["train", "eval", "test"])
def test_every_dataset_id_has_files_of_its_own(mode, tmp_path):
    for number, ds_id in enumerate(IDS):
        save(record(number, mode=mode, ds_id=ds_id), tmp_path)
        save(record(12345, mode=mode, ds_id=ds_id), tmp_path)
    run = load(tmp_path)
    assert run.places == sorted((mode, ds_id) for ds_id in IDS)
    assert [run.epochs(mode, ds_id) for ds_id in IDS] == [[number, 12345] for number in range(len(IDS))]
    assert [run.record(12345, mode, ds_id).ds_id for ds_id in IDS] == IDS
    assert len({path.name.lower() for path in tmp_path.iterdir()}) == 2 * len(IDS) + 1


def test_file_names(tmp_path):
    names = [save(record(ds_id=ds_id, epoch=7), tmp_path).name for ds_id in ("", "val", "Val set")]
    assert names == ["eval_0007.npz", "eval_val_0007.npz", "eval_%56al%20set_0007.npz"]


def test_other_files_are_left_alone(run):
    for name in ["notes.txt", ".1a2b3c4d.tmp", "eval_3.npz", "eval_b (copy)_0003.npz", "eval_00003.npz"]:
        (run.folder / name).write_text("half a fi")
    assert load(run.folder).files == run.files


def test_a_file_that_is_gone_is_named(run):
    next(run.folder.glob("samples_*.npz")).unlink()
    with pytest.raises(FileNotFoundError, match=r"samples_[0-9a-f]{16}\.npz"):
        run.record(9, "test")
    (run.folder / "test_0009.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"test_0009\.npz"):
        run.record(9, "test")


def test_a_newer_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "FORMAT", 2)
    save(record(), tmp_path)
    monkeypatch.undo()
    for read in (lambda run: run.record(1), lambda run: run.versions(1)):
        with pytest.raises(ValueError, match=r"eval_0001.npz` is of format 2, written by .* up to format 1"):
            read(load(tmp_path))


def test_what_a_newer_format_adds_is_not_needed_to_refuse_it(tmp_path):
    np.savez(tmp_path / "eval_0001.npz", header=np.array(json.dumps({"format": 9})))
    with pytest.raises(ValueError, match=r"format 9, written by fe_saliency \(unknown\)"):
        load(tmp_path).record(1)


def test_nothing_to_load(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`folder` \(='.*none'\) must be one that `save` wrote to, but is not"):
        load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"holds no epoch, such as `eval_0001.npz`"):
        load(tmp_path)


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda run: run.record(3, "eval", "b"), r"`epoch` \(=3\) must be one of .* \('eval', 'b'\): \[1, 9, 10\]"),
        (lambda run: run.versions(3, "test"), r"`epoch` \(=3\) must be one of those saved"),
        (lambda run: run.record(1), r"`mode` \(=None\) and `ds_id` \(=None\) must name one place, not 3, of those"),
        (lambda run: run.epochs("eval"), r"`mode` \(='eval'\) and `ds_id` \(=None\) must name one place, not 2"),
        (lambda run: run.records("train"), r"not 0, .*: \[\('eval', 'a'\), \('eval', 'b'\), \('test', ''\)\]"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(ask, message, run):
    with pytest.raises(ValueError, match=message):
        ask(run)


def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, attempted = doctest.testmod(fe_saliency.archive)
    assert attempted and not failed

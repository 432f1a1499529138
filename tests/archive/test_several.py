"""Several trainings in one folder are told apart."""

import warnings

import pytest
from records import record

from fe_saliency import review
from fe_saliency.archive import load, naming, new_run, save


@pytest.fixture
def folder(tmp_path):
    """Two trainings, the second of fewer epochs, and the path of their folder."""
    for run, epochs in (("20240131-235959-999999-ffff", (1, 2, 3)), ("20240201-000000-000000-0000", (1, 2))):
        for epoch in epochs:
            save(record(epoch, settings={"run": run}), tmp_path / run)
    return tmp_path


def test_the_newest_is_taken_and_the_others_are_named(folder):
    with pytest.warns(UserWarning, match="holds 2 trainings: .* last, '20240201-0.*others are '20240131-2.*run='20240"):
        run = load(folder)
    assert run.epochs() == [1, 2] and run.folder == folder / "20240201-000000-000000-0000"
    assert {each.settings["run"] for each in run} == {run.folder.name}


def test_each_can_be_asked_for(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = load(folder, run="20240131-235959-999999-ffff")
        again = load(folder / "20240131-235959-999999-ffff")
        assert first.epochs() == again.epochs() == [1, 2, 3]
        assert load(folder, run="20240201-000000-000000-0000").epochs() == [1, 2]
    with pytest.raises(ValueError, match=r"`run` \(='x'\) must be one of those saved in .*: \['20240131-.*', '2024"):
        load(folder, run="x")


def test_one_alone_needs_no_name(tmp_path):
    run = new_run()
    save(record(), tmp_path / run)
    (tmp_path / new_run()).mkdir()  # of a training that stopped before anything was kept
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path).folder == tmp_path / run


def test_files_from_before_there_were_names_are_the_oldest(folder):
    save(record(7), folder)
    with pytest.warns(UserWarning, match="3 trainings"):
        assert load(folder).epochs() == [1, 2]
    assert load(folder, run="").epochs() == [7]


def test_other_folders_are_left_alone(folder):
    for name in ("20240301-000000", "other", ".20240301-000000-000000-0000"):
        save(record(9), folder / name)
    (folder / "20240301-000000-000000-0000").touch()
    with pytest.warns(UserWarning, match="holds 2 trainings"):
        assert load(folder).epochs() == [1, 2]


def test_names_of_later_ones_sort_after(monkeypatch):
    runs = [new_run() for _ in range(100)]
    assert all(naming.is_run(run) for run in runs)
    assert [run[:22] for run in runs] == sorted(run[:22] for run in runs)
    monkeypatch.setattr("fe_saliency.archive.naming.datetime", Stopped)
    assert len({new_run() for _ in range(50)}) > 45, "at one moment"


class Stopped(naming.datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 1, 31)


def test_the_film_is_of_one_training(folder):
    settings = {
        "measured": "smoothed", "titles": {"vanilla": "Vanilla", "smoothed": "Smoothed"}, "signed": False,
        "scales": None, "scale_origin": None, "controls": [], "names": None, "class_key": "y",
    }  # fmt: skip
    run = new_run()
    for epoch in (1, 2, 3, 4):
        save(record(epoch, settings=settings), folder / run)
    with pytest.warns(UserWarning, match="holds 3 trainings"):
        assert len(review.film_of(folder).pictures) == 4
    with pytest.warns(UserWarning, match="holds 3 trainings"):
        written = review.write_films(folder)
    assert {path.parent for path in written} == {folder / run}

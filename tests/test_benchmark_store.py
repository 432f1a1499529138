"""The results of the benchmark: which rows must be measured again."""

import pytest

from benchmarks import store
from benchmarks.options import Options


@pytest.fixture
def project(monkeypatch, tmp_path):
    """A copy of the project with one file."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    (tmp_path / "engine.py").write_text("fast", encoding="utf-8")
    return tmp_path


def _kept(project, **changes):
    """A store with the row "imports", as a worker leaves it here."""
    found = store.Store(project / "results.json")
    row = {"options": Options().state(), "result": {}, "files": ["engine.py"], "copy": store.copy()}
    found.put("imports", {**row, "digest": store.digest(row["files"]), **changes})
    return store.Store(project / "results.json")


def test_what_was_measured_here_is_not_measured_again(project):
    assert _kept(project).has("imports", Options())
    assert not _kept(project).has("memory torch lenet 32", Options())


def test_what_came_with_a_clone_is_measured_again(project):
    """Or `make bench` would show the numbers of another machine."""
    kept = _kept(project)
    (project / "build" / "bench" / "copy").unlink()
    assert not kept.has("imports", Options()) and not kept.stale("imports")
    assert not _kept(project, copy=None).has("imports", Options())


def test_so_is_what_failed_or_was_measured_otherwise(project):
    assert not _kept(project).has("imports", Options(seconds=120))
    failed = store.Store(project / "results.json")
    failed.put("imports", {"options": Options().state(), "failed": "took too long"})
    assert not failed.has("imports", Options()) and failed.stale("imports")


def test_so_is_what_other_code_was_measured_with(project):
    kept = _kept(project)
    (project / "engine.py").write_text("slow", encoding="utf-8")
    assert not kept.has("imports", Options()) and kept.stale("imports")

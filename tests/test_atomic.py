"""A file is what it was before, or the whole new one."""

import errno
import os

import pytest

from fe_saliency.atomic import replacing


def full(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*args):
    raise KeyboardInterrupt


def write(path, content=b"new", failing=lambda: None):
    with replacing(path) as file:
        file.write(content)
        failing()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    write(tmp_path / "a.bin", b"old")
    write(str(tmp_path / "a.bin"))
    assert contents(tmp_path) == {"a.bin": b"new"}


@pytest.mark.parametrize("there", [True, False], ids=["again", "new"])
@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "writing"])
@pytest.mark.parametrize("failure, error", [(full, OSError), (interrupted, KeyboardInterrupt)])
def test_a_failure_leaves_what_was_there_and_nothing_else(there, step, failure, error, tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    if there:
        write(path, b"old")
    before = contents(tmp_path)
    if step != "writing":
        monkeypatch.setattr(step, failure)
    with pytest.raises(error):
        write(path, failing=failure if step == "writing" else lambda: None)
    assert contents(tmp_path) == before


def test_until_the_block_ends_the_old_one_is_there(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    write(path, failing=lambda: path.read_bytes() == b"old" or pytest.fail("it is there too early"))
    assert path.read_bytes() == b"new"


def test_what_is_put_in_place_is_on_the_disk(tmp_path, monkeypatch):
    """A power cut right after must find all of it, not an empty file."""
    done, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr("os.fsync", lambda number: done.append(os.fstat(number).st_size) or fsync(number))
    monkeypatch.setattr("os.replace", lambda *paths: done.append("placed") or replace(*paths))
    write(tmp_path / "a.bin")
    assert done == [3, "placed"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "a.bin")

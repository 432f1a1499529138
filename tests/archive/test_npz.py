"""A file is there whole or not at all."""

import errno
import os

import numpy as np
import pytest
from records import record

from fe_saliency.archive import load, npz, save


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def full_half_way(file, **arrays):
    file.write(b"PK half a file")
    full()


def interrupted(*args, **kwargs):
    raise KeyboardInterrupt


FAILURES = [("os.replace", full), ("os.fsync", full), ("numpy.savez", full_half_way), ("numpy.savez", full)]


@pytest.mark.parametrize("name, failure", FAILURES)
@pytest.mark.parametrize("given", [record(2), record(1, scores={}), record(3, rows=4)], ids=["new", "again", "inputs"])
def test_a_full_disk_leaves_the_folder_as_it_was(name, failure, given, tmp_path, monkeypatch):
    save(record(1), tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(name, failure)
    with pytest.raises(OSError, match=r"Could not save maps: No space left on device: '.*\.npz'") as caught:
        save(given, tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert contents(tmp_path) == before
    monkeypatch.undo()
    save(given, tmp_path)
    assert np.array_equal(load(tmp_path).record(given.epoch).inputs["x"], given.inputs["x"])


def test_the_error_names_the_file_of_the_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr("numpy.savez", full)
    with pytest.raises(OSError) as caught:
        save(record(7), tmp_path / "new")
    assert caught.value.filename == str(tmp_path / "new" / "eval_0007.npz")
    assert contents(tmp_path / "new") == {}


def test_an_interruption_leaves_nothing_half_written(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(record(), tmp_path)
    assert contents(tmp_path) == {}


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/maps"):
        save(record(), tmp_path / "file" / "maps")


def test_a_name_that_is_too_long_is_named(tmp_path):
    with pytest.raises(OSError, match=r"Could not save maps: File name too long: '.*eval_x{300}_0001.npz'"):
        save(record(ds_id="x" * 300), tmp_path)
    assert contents(tmp_path) == {}


def test_a_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "other").touch()
    assert save(record(), tmp_path).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_it_is_written_before_it_is_put_in_place(tmp_path, monkeypatch):
    """What `os.replace` is handed can be read already: a power cut after it finds a whole file."""
    seen, replace = [], os.replace

    def noted(source, target):
        seen.append((source.parent == target.parent, npz.read(source).keys(), target.exists()))
        replace(source, target)

    monkeypatch.setattr("os.replace", noted)
    path = save(record(), tmp_path)
    assert seen[-1] == (True, npz.read(path).keys(), False)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("torn", ["epoch", "samples"])
def test_a_torn_file_is_named(share, torn, tmp_path):
    save(record(1), tmp_path)
    before = set(tmp_path.iterdir())
    epoch = save(record(2, rows=4), tmp_path)
    (samples,) = {*tmp_path.iterdir()} - {*before, epoch}
    path = {"epoch": epoch, "samples": samples}[torn]
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=f"`{path}` is damaged or was not written by"):
        load(tmp_path).record(2)
    assert load(tmp_path).record(1).epoch == 1


def test_a_flipped_bit_is_noticed(tmp_path):
    path = save(record(), tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(record().maps["vanilla"]["x"].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"eval_0001.npz` is damaged .* Bad CRC-32"):
        load(tmp_path).record(1)


def test_pickle_is_never_read(tmp_path):
    path = save(record(), tmp_path)
    np.savez(path, header=np.array([{}], object))
    with pytest.raises(ValueError, match=r"eval_0001.npz` is damaged .* allow_pickle=False"):
        load(tmp_path).record(1)


def text(path):
    path.write_bytes(b"text")


def npy(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def headless(path):
    np.savez(path, x=np.zeros(3))


def other_header(path):
    np.savez(path, header=np.zeros(3))


def other_json(path):
    np.savez(path, header=np.array("[1, 2]"))


@pytest.mark.parametrize("write", [text, npy, headless, other_header, other_json])
def test_a_file_of_another_kind_is_named(write, tmp_path):
    write(tmp_path / "eval_0001.npz")
    with pytest.raises(ValueError, match=r"eval_0001.npz` (is damaged or was not written by|must be a file that)"):
        load(tmp_path).record(1)

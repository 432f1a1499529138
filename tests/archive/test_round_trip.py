"""What comes back is what was kept, bit for bit."""

import importlib.metadata
import platform
from dataclasses import fields

import numpy as np
import pytest
from records import record

from fe_saliency.archive import load, save


def same(found, expected):
    """Equal to the last bit, the sign of a zero and the payload of a NaN included; dicts in order."""
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(same(found[key], each) for key, each in expected.items())
    if not isinstance(expected, np.ndarray):
        return type(found) is type(expected) and found == expected
    alike = (found.dtype, found.shape) == (expected.dtype, expected.shape)
    return alike and found.tobytes() == expected.tobytes()


def differing(found, expected):
    names = [field.name for field in fields(expected)]
    return [name for name in names if not same(getattr(found, name), getattr(expected, name))]


def kept(given, folder):
    save(given, folder)
    return load(folder).record(given.epoch, *given.place)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_every_floating_type(dtype, tmp_path):
    given = record(3, dtype=dtype)
    assert given.maps["vanilla"]["x"].dtype == dtype
    assert differing(kept(given, tmp_path), given) == []


def test_the_comparison_can_fail(tmp_path):
    given = record()
    given.scores["y"][0] = 0.0
    found = kept(given, tmp_path)
    given.maps["smoothed"]["x"][1, 2, 3, 0] += 1e-7
    given.scores["y"][0] = -0.0
    given.settings["seed"] = 1
    assert differing(found, given) == ["maps", "scores", "settings"]


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1]),
        np.array([3, 1], np.uint8),
        np.array([0.5, 1], np.float32),
        np.array([True, False]),
        np.array(["Katze", "猫 "]),
        np.array([b"cat", b"\xff\xfe"]),
        None,
    ],
)
def test_labels_of_every_kind(labels, tmp_path):
    given = record(labels=labels)
    assert differing(kept(given, tmp_path), given) == []


@pytest.mark.parametrize("texts, dtype", [(["a", "bc"], "<U2"), ([b"a", b"bc"], "|S2"), ([1, 2], "int64")])
def test_labels_as_python_objects_become_numpys_own(texts, dtype, tmp_path):
    labels = kept(record(labels=np.array(texts, object)), tmp_path).labels
    assert (labels.dtype, labels.tolist()) == (dtype, texts)


@pytest.mark.parametrize(
    "labels", [["a", 1], ["a", None], ["a", b"a"], [b"a\0", b"b"], [[1], [1, 2]], np.zeros(2, [("a", "i4")])]
)
def test_what_would_need_pickle_is_refused_and_nothing_is_written(labels, tmp_path):
    if not isinstance(labels, np.ndarray):
        labels, values = np.empty(2, object), labels
        labels[:] = values
    with pytest.raises(TypeError, match=r"`labels` \(of .*\) can't be stored without pickle: it must hold numbers"):
        save(record(labels=labels), tmp_path / "maps")
    assert not (tmp_path / "maps").exists()


def test_numbers_that_are_easily_lost(tmp_path):
    x = np.array([[np.nan, -np.nan, -0.0, np.inf], [-np.inf, 5e-324, 1 / 3, 0.0]])
    x.view("int64")[0, 0] += 1  # another NaN
    given = record(inputs={"x": x}, maps={"vanilla": {"x": -x}})
    assert differing(kept(given, tmp_path), given) == []


def test_several_inputs_outputs_and_shapes_under_odd_names(tmp_path):
    images = np.moveaxis(np.random.default_rng(0).random((2, 5, 6, 3)), -1, 1)  # not contiguous
    inputs = {
        "image/a b": images,
        "file": np.ones((2, 7), np.float16),
        "../%2F": np.zeros((2, 0)),
        "Ünï": images[::-1],
        "file.npy": images,
    }
    maps = {name: {key: array * 2 for key, array in inputs.items()} for name in ("vanilla", "maps")}
    number = {key: np.arange(2.0) for key in ("y", "y/vanilla", "header", "labels")}
    given = record(
        channel_axis=1, inputs=inputs, maps=maps, scores=number, margins={}, targets={}, labels=None, relative_error={}
    )
    assert differing(kept(given, tmp_path), given) == []


def test_no_rows_and_no_maps(tmp_path):
    given = record(rows=0, maps={})
    assert differing(kept(given, tmp_path), given) == []


def test_settings_are_json(tmp_path):
    settings = {"a": [1, 2.5, None, True, "ü"], "b": {"c": {}}, "d": float("inf")}
    assert kept(record(settings=settings), tmp_path).settings == settings
    with pytest.raises(TypeError, match=r"`settings` must hold only what JSON can .*: Object of type ndarray"):
        save(record(settings={"a": np.zeros(2)}), tmp_path)
    assert kept(record(np.int64(4), channel_axis=np.int64(1)), tmp_path).epoch == 4


def test_versions(tmp_path):
    save(record(), tmp_path)
    found = load(tmp_path).versions(1)
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["fastestimator"] == importlib.metadata.version("fastestimator")
    assert {"tensorflow", "torch"} <= set(found)


def test_numpy_alone_reads_the_files(tmp_path):
    given = record(7)
    with np.load(save(given, tmp_path), allow_pickle=False) as file:
        assert np.array_equal(file["maps/vanilla/x"], given.maps["vanilla"]["x"])
        assert '"epoch": 7' in str(file["header"])


def test_inputs_are_stored_once(tmp_path):
    for epoch in (1, 2, 3):
        save(record(epoch), tmp_path)
        save(record(epoch, mode="test"), tmp_path)
    (shared,) = tmp_path.glob("samples_*.npz")
    written = shared.stat().st_mtime_ns
    assert save(record(4), tmp_path) == tmp_path / "eval_0004.npz"
    assert shared.stat().st_mtime_ns == written
    other = record(5, labels=np.array([1, 0]))
    assert differing(kept(other, tmp_path), other) == []
    assert differing(load(tmp_path).record(4, "eval"), record(4)) == []
    assert len(list(tmp_path.glob("samples_*.npz"))) == 2


def test_the_inputs_hash_sees_names_types_and_shapes(tmp_path):
    x = np.zeros((2, 4), np.int32)
    for number, inputs in enumerate(
        [{"x": x}, {"w": x}, {"x": x.view("float32")}, {"x": x.reshape(2, 2, 2)}, {"x": x, "w": x}, {"x": x + 1}], 1
    ):
        save(record(number, inputs=inputs, maps={}), tmp_path)
        assert len(list(tmp_path.glob("samples_*.npz"))) == number


def test_a_resumed_training_replaces_the_epochs_it_repeats(tmp_path):
    for epoch in (1, 2, 3):
        save(record(epoch), tmp_path)
    again = record(2, scores={"y": np.array([8.0, 9.0])})
    assert differing(kept(again, tmp_path), again) == []
    assert load(tmp_path).epochs() == [1, 2, 3]

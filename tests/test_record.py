"""What a record refuses: whatever it holds must fit its inputs."""

import numpy as np
import pytest
from records import record

from fe_saliency.record import PER_ROW

X = np.zeros((2, 3, 4, 1), np.float32)


def test_rows_and_place():
    found = record(mode="test", ds_id="b", labels=np.array(["cat", "dog"]))
    assert (found.rows, found.place) == (2, ("test", "b"))
    assert record(0, channel_axis=1).epoch == 0
    assert record(inputs={"x": X[:0]}, maps={}, labels=None, **dict.fromkeys(PER_ROW, {})).rows == 0


@pytest.mark.parametrize("axis", [1, -1])
def test_maps_may_have_one_channel(axis):
    """Those of regions, and class activation maps."""
    inputs = {"x": np.zeros((2, 3, 3, 3), np.float32), "t": np.zeros((2, 5), np.float32)}
    single = inputs["x"][:, :1] if axis == 1 else inputs["x"][..., :1]
    assert record(channel_axis=axis, inputs=inputs, maps={"m": {"x": single}}).maps["m"]["x"] is single
    other = np.moveaxis(single, axis, -axis if axis == 1 else 1)
    for wrong in ({"x": other}, {"t": inputs["t"][:, :1]}):
        with pytest.raises(ValueError, match="must be of shape"):
            record(channel_axis=axis, inputs=inputs, maps={"m": wrong})


@pytest.mark.parametrize("field", PER_ROW)
def test_every_number_comes_by_row(field):
    with pytest.raises(ValueError, match=rf"`{field}\['k'\]` \(of shape \(3,\)\) must be of shape \(2,\), to fit"):
        record(**{field: {"k": np.zeros(3)}})
    with pytest.raises(TypeError, match=rf"`{field}\['k'\]` must be a NumPy array, not list: use `np.asarray`"):
        record(**{field: {"k": [0, 0]}})


@pytest.mark.parametrize(
    "fields, error, message",
    [
        ({"epoch": -1}, ValueError, r"`epoch` \(=-1\) must be at least 0, which is before the first"),
        ({"mode": "infer"}, ValueError, r"`mode` \(='infer'\) must be one of \('train', 'eval', 'test'\)"),
        ({"channel_axis": 3}, ValueError, r"`channel_axis` \(=3\) must be 1 for channels-first or -1"),
        ({"inputs": {}}, ValueError, r"`inputs` \(={}\) must hold at least one input"),
        ({"inputs": {"x": 3}}, TypeError, r"`inputs\['x'\]` must be a NumPy array, not int"),
        ({"inputs": {"x": np.array(3)}}, ValueError, r"`inputs\['x'\]` \(of shape \(\)\) must be of shape \(1,\)"),
        ({"inputs": {"x": X, "w": X[:1]}}, ValueError, r"`inputs\['w'\]` \(of shape \(1, 3, 4, 1\)\) must be of shape"),
        ({"maps": {"m": {"w": X}}}, ValueError, r"`maps\['m'\]` \(of 'w'\) must be of `inputs`, which are \['x'\]"),
        ({"maps": {"m": {"x": X[..., 0]}}}, ValueError, r"`maps\['m'\]\['x'\]` \(of shape \(2, 3, 4\)\) must be of"),
        ({"labels": np.zeros((2, 1))}, ValueError, r"`labels` \(of shape \(2, 1\)\) must be of shape \(2,\)"),
    ],
)
def test_what_does_not_fit_is_refused(fields, error, message):
    with pytest.raises(error, match=message):
        record(**fields)

"""The getters' contract: what comes back, under which keys, of what shape and kind, and what is left alone."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import distance
from models import batch, fresh_net, input_keys, maps, model, net, rows, to_host

import fe_saliency
from fe_saliency import Attribution, SaliencyNet
from fe_saliency.display import to_mask

GETTERS = {
    "masks": lambda one, fed: one.get_masks(fed),
    "smoothed": lambda one, fed: one.get_smoothed_masks(fed, nsamples=4),
    "mean": lambda one, fed: one.get_smoothed_masks(fed, nsamples=4, magnitude=False),
    "integrated": lambda one, fed: one.get_integrated_masks(fed, nsamples=4),
    "both": lambda one, fed: one.get_smoothed_masks(fed, nsamples=3, nintegration=4),
    "mean of both": lambda one, fed: one.get_smoothed_masks(fed, 0.2, 3, 4, False),
}
SAME = {
    "masks": {"method": "gradient"},
    "smoothed": {"method": "smoothgrad_squared", "nsamples": 4},
    "mean": {"method": "smoothgrad", "nsamples": 4},
    "integrated": {"method": "integrated_gradients", "nsamples": 4},
    "both": {"method": "smoothed_integrated_gradients_squared", "nsamples": (3, 4)},
    "mean of both": {"method": "smoothed_integrated_gradients", "nsamples": (3, 4), "stdev_spread": 0.2},
}
TENSOR = {"tf": tf.Tensor, "torch": torch.Tensor}
TARGET = "SaliencyNet_Target_Index_y"

every_getter = pytest.mark.parametrize("getter", GETTERS)


@every_getter
@pytest.mark.parametrize(
    "kind, dtype", [("smooth_conv", "float64"), ("two_inputs", "float32"), ("smooth_mlp", "float32")]
)
def test_what_comes_back(kind, dtype, getter, backend):
    one, fed = net(kind, backend, dtype), batch(kind, backend, dtype=dtype)
    found = GETTERS[getter](one, fed)
    assert set(found) == {*input_keys(kind), "y", TARGET, *one.outputs}
    for key, mask_key in zip(input_keys(kind), one.outputs, strict=True):
        mask = found[mask_key]
        shape = tuple(fed[key].shape)
        if len(shape) == 4:
            shape = (*shape[:3], 1) if backend == "tf" else (shape[0], 1, *shape[2:])
        assert isinstance(mask, TENSOR[backend]) and tuple(mask.shape) == shape
        host = to_host(mask)
        assert host.dtype == dtype and host.min() >= 0 and host.max() <= 1
        rows_ = host.reshape(len(host), -1)
        assert (rows_.min(axis=1) == 0).all() and (rows_.max(axis=1) == 1).all()
    for key in ("y", TARGET):
        assert isinstance(found[key], TENSOR[backend]) and to_host(found[key]).dtype == np.int64
        assert tuple(found[key].shape) == (3,)


@every_getter
def test_masks_are_the_raw_maps_made_displayable(getter, backend):
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)
    raw = maps(one.attribute(fed, **SAME[getter]))["x"]
    assert distance(to_host(GETTERS[getter](one, fed)["saliency"]), to_mask(raw)) < 1e-10


@every_getter
def test_batch_is_not_modified_and_passes_through(getter, backend):
    names = ["a", "b", "c"]
    fed = {**batch("smooth_conv", backend), "label": np.arange(3), "name": names, "other": None}
    before = {key: to_host(value).copy() if key == "x" else value for key, value in fed.items()}
    kept = dict(fed)
    found = GETTERS[getter](net("smooth_conv", backend), fed)
    assert fed.keys() == kept.keys() and all(fed[key] is kept[key] for key in fed)
    np.testing.assert_array_equal(to_host(fed["x"]), before["x"])
    assert found["name"] is names and found["other"] is None and found["x"] is fed["x"]
    np.testing.assert_array_equal(to_host(found["label"]), [0, 1, 2])
    assert isinstance(found["label"], TENSOR[backend])
    if backend == "torch":
        assert not fed["x"].requires_grad and fed["x"].grad is None


@pytest.mark.parametrize("form", ["array", "tf", "torch"])
def test_batches_of_any_kind(form, backend):
    tensor = batch("smooth_conv", backend)["x"]
    array = np.asarray(tensor)
    fed = {"array": array, "tf": tf.convert_to_tensor(array), "torch": torch.from_numpy(array.copy())}[form]
    one = net("smooth_conv", backend)
    expected = one.get_masks({"x": tensor})["saliency"]
    found = one.get_masks({"x": fed})
    np.testing.assert_array_equal(to_host(found["saliency"]), to_host(expected))
    assert isinstance(found["x"], TENSOR[backend])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", "float16", "bool"])
def test_inputs_are_cast_with_one_warning(dtype, backend):
    fed = {"x": (rows("smooth_mlp")["x"] * 2 + 3).astype(dtype)}
    one = fresh_net("smooth_mlp", backend, "float32")
    with pytest.warns(UserWarning, match=f"`x` is {dtype} but the model computes in float32: it is cast") as caught:
        first = one.get_masks(fed)["saliency"]
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = one.get_masks(fed)["saliency"]
        expected = one.get_masks({"x": fed["x"].astype("float32")})["saliency"]
    for mask in (first, again):
        np.testing.assert_array_equal(to_host(mask), to_host(expected))
    assert to_host(first).dtype == np.float32


def test_no_warning_where_nothing_is_cast(backend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fresh_net("smooth_mlp", backend).get_masks(batch("smooth_mlp", backend))


def test_constant_maps_are_zeros_and_finite(backend):
    """A constant row has no range to draw in: its Integrated Gradients are zero."""
    fed = {"x": np.full((2, 6), 3.0)}
    for getter in GETTERS.values():
        assert np.isfinite(to_host(getter(net("smooth_mlp", backend), fed)["saliency"])).all()
    assert not to_host(net("smooth_mlp", backend).get_integrated_masks(fed)["saliency"]).any()


def test_properties_are_read_only(backend):
    one = net("two_inputs", backend)
    assert one.model_inputs == ["x0", "x1"] and one.model_outputs == ["y"]
    for name in ("model_inputs", "model_outputs"):
        with pytest.raises(AttributeError):
            setattr(one, name, ["z"])
        getattr(one, name).append("z")
    assert one.model_inputs == ["x0", "x1"] and one.model_outputs == ["y"]


def test_fastestimators_arguments_in_its_order(backend):
    positional = SaliencyNet(model("smooth_mlp", backend), "x", "y_pred", "mask")
    assert "mask" in positional.get_masks(batch("smooth_mlp", backend))
    assert SaliencyNet(model("smooth_mlp", backend), model_inputs="x", model_outputs=["y"]).outputs == ["saliency"]
    with pytest.raises(TypeError, match="positional"):
        SaliencyNet(model("smooth_mlp", backend), "x", "y", "mask", "logit")


def test_lists_of_the_caller_stay_as_they_are(backend):
    inputs, outputs, masks = ["x0", "x1"], ["y"], ["a", "b"]
    one = SaliencyNet(model("two_inputs", backend), inputs, outputs, masks)
    one.get_masks(batch("two_inputs", backend))
    assert (inputs, outputs, masks) == (["x0", "x1"], ["y"], ["a", "b"])


def test_seed_of_the_net_and_of_the_call(backend):
    fed = batch("smooth_mlp", backend)

    def smooth(one, **options):
        return maps(one.attribute(fed, "smoothgrad", nsamples=4, **options))["x"]

    seven = smooth(net("smooth_mlp", backend, seed=7))
    np.testing.assert_array_equal(smooth(net("smooth_mlp", backend), seed=7), seven)
    np.testing.assert_array_equal(smooth(net("smooth_mlp", backend)), smooth(net("smooth_mlp", backend, seed=0)))
    assert distance(smooth(net("smooth_mlp", backend)), seven) > 1e-3


@pytest.mark.parametrize("method, spent", [("gradient", 1), ("smoothgrad", 5), ("smoothed_integrated_gradients", 12)])
def test_attribution(method, spent, backend):
    fed = batch("two_inputs", backend)
    said = net("two_inputs", backend).attribute(fed, method, nsamples={1: None, 5: 5, 12: (3, 4)}[spent])
    assert isinstance(said, Attribution) and said.maps.keys() == {"x0", "x1"}
    for key, raw in said.maps.items():
        assert isinstance(raw, TENSOR[backend]) and raw.shape == fed[key].shape and raw.dtype == fed[key].dtype
        assert (to_host(raw) < 0).any() and (to_host(raw) > 0).any()
    assert said.gradient_evaluations.tolist() == [spent] * 3
    assert said.targets.keys() == said.scores.keys() == said.predictions.keys() == {"y"}
    assert to_host(said.targets["y"]).dtype == np.int64 and said.scores["y"].shape == (3,)
    assert said.completeness_gap is None
    assert (said.relative_error is None) == (method == "gradient")
    with pytest.raises(AttributeError):
        said.maps = {}


def test_defaults_are_fastestimators(backend):
    """25 samples, a spread of .15, squares."""
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    expected = one.get_smoothed_masks(fed, stdev_spread=0.15, nsamples=25, nintegration=None, magnitude=True)
    np.testing.assert_array_equal(to_host(one.get_smoothed_masks(fed)["saliency"]), to_host(expected["saliency"]))
    expected = one.get_integrated_masks(fed, nsamples=25)
    np.testing.assert_array_equal(to_host(one.get_integrated_masks(fed)["saliency"]), to_host(expected["saliency"]))


def test_public_names():
    for name in fe_saliency.__all__:
        assert getattr(fe_saliency, name) is not None and name in dir(fe_saliency)
    with pytest.raises(AttributeError, match="no attribute 'Saliency'"):
        _ = fe_saliency.Saliency

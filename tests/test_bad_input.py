"""Each mistake of a user is answered by a sentence: the argument, its value, the rule, and the way out."""

import re
import traceback

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import distance
from models import batch, fresh_net, maps, model, net, rows, to_host

from fe_saliency import SaliencyNet

PREFIX = "SaliencyNet_Target_Index_"
X = rows("smooth_mlp")["x"]


def with_nan(value=np.nan):
    x = X.copy()
    x[1, 2] = value
    return x


def check(error, message, call):
    """The message names what is wrong, and is a whole sentence, with nothing of a framework's around it."""
    with pytest.raises(error, match=message) as caught:
        call()
    said = str(caught.value)
    assert type(caught.value) is error and "\n" not in said, said
    assert said.rstrip().endswith((".", ")")), f"no sentence: {said!r}"
    return said


def compiled(backend, make_tf, make_torch):
    return fe.build(model_fn={"tf": make_tf, "torch": make_torch}[backend], optimizer_fn=None)


CONSTRUCTOR = [
    ({"model_inputs": []}, r"`model_inputs` \(=\[\]\) must be one key or several different ones"),
    ({"model_inputs": ["x", "x"], "outputs": ["a", "b"]}, r"`model_inputs` \(=\['x', 'x'\]\) must be one key"),
    ({"model_outputs": ""}, r"`model_outputs` \(=''\) must be one key"),
    ({"outputs": ["a", "b"]}, r"`outputs` \(=\['a', 'b'\]\) must name one key per model input \['x'\]"),
    ({"model_inputs": ["x", "z"]}, r"`outputs` \(=\['saliency'\]\) must name one key per model input \['x', 'z'\]"),
    ({"outputs": "y"}, r"`outputs` \(=\['y'\]\) must not be keys of the model: \['y'\] would be overwritten"),
    ({"score": "loss"}, r"`score` \(='loss'\) must be one of 'output', 'logit', 'log_probability', 'probability'"),
    ({"seed": -1}, r"`seed` \(=-1\) must be a whole number from 0 to 2 \*\* 64 - 1"),
    ({"seed": 1.5}, r"`seed` \(=1.5\) must be a whole number"),
    ({"max_rows": 0}, r"`max_rows` \(=0\) must be 'auto' or a whole number of at least 1"),
]


@pytest.mark.parametrize("options, message", CONSTRUCTOR)
def test_constructor(options, message, backend):
    arguments = {"model_inputs": "x", "model_outputs": "y", **options}
    check(ValueError, message, lambda: SaliencyNet(model("smooth_mlp", backend), **arguments))


@pytest.mark.parametrize(
    "make", [lambda: tf.keras.Sequential([tf.keras.layers.Dense(3)]), lambda: torch.nn.Linear(6, 3), object]
)
def test_model_not_from_fe_build(make):
    said = check(ValueError, "`model`", lambda: SaliencyNet(make(), "x", "y"))
    assert type(make()).__name__ in said and "must have been compiled by FastEstimator" in said and "fe.build" in said


BATCHES = [
    ({}, ValueError, r"`batch` has no key 'x', which is a model input; it has \[\]"),
    ({"image": X}, ValueError, r"`batch` has no key 'x', which is a model input; it has \['image'\]"),
    ([X], TypeError, r"`batch` \(a list\) must be a dict of tensors or arrays by key"),
    ({"x": X[:0]}, ValueError, r"`batch\['x'\]` has shape \(0, 6\): it is empty; give at least one row"),
    (
        {"x": X[0]},
        ValueError,
        r"`batch\['x'\]` has shape \(6,\), but must be \(B, ...\).*add a batch axis: `x\[None\]`",
    ),
    ({"x": np.array([["a"] * 6])}, TypeError, r"`batch\['x'\]` has dtype <U1, but must hold real numbers"),
    ({"x": X + 1j}, TypeError, r"`batch\['x'\]` has dtype complex128, but must hold real numbers"),
    ({"x": with_nan()}, ValueError, r"`batch\['x'\]` holds NaN or infinite numbers in row\(s\) 1;"),
    ({"x": with_nan(-np.inf)}, ValueError, r"`batch\['x'\]` holds NaN or infinite numbers in row\(s\) 1;"),
    ({"x": X, PREFIX + "y": np.eye(3, dtype=int)}, ValueError, rf"`batch\['{PREFIX}y'\]` has shape \(3, 3\).*argmax"),
    ({"x": X, PREFIX + "y": [0, 1]}, ValueError, rf"`batch\['{PREFIX}y'\]` has shape \(2,\), but must be .* \(3,\)"),
    ({"x": X, PREFIX + "y": [0, 1, 3]}, ValueError, r"names class\(es\) \[3\], but the output has classes 0 to 2"),
    ({"x": X, PREFIX + "y": [0.0, 1.0, 2.0]}, TypeError, r"has dtype float64, but must hold class numbers"),
]


@pytest.mark.parametrize("fed, error, message", BATCHES)
@pytest.mark.parametrize("getter", ["get_masks", "get_smoothed_masks", "get_integrated_masks", "attribute"])
def test_batches(fed, error, message, getter, backend):
    one = net("smooth_mlp", backend)
    check(error, message, lambda: getattr(one, getter)(fed))


CALLS = [
    ({"method": "gradkam"}, ValueError, r"`method` \(='gradkam'\) must be one of 'gradient'"),
    ({"method": 3}, TypeError, r"`method` \(a int\) must be a registered name or a Method"),
    ({"nsamples": 0}, ValueError, r"`nsamples` \(=0\) must be at least 1"),
    ({"nsamples": 2.0}, TypeError, r"`nsamples` \(=2.0\) must be a whole number, not float"),
    ({"nsamples": (2, 3)}, ValueError, r"`nsamples` \(=\(2, 3\)\) must be a whole number"),
    ({"method": "gradient", "nsamples": 3}, ValueError, r"`nsamples` \(=3\) must be None or 1"),
    ({"method": "vargrad", "nsamples": 1}, ValueError, r"`nsamples` \(=1\) must be at least 2"),
    ({"stdev_spread": -0.1}, ValueError, r"`stdev_spread` \(=-0.1\) must be a finite number of at least 0"),
    ({"stdev_spread": np.inf}, ValueError, r"`stdev_spread` \(=inf\) must be a finite number"),
    ({"stdev_spread": "wide"}, TypeError, r"`stdev_spread` \(='wide'\) must be .*; not str"),
    ({"stdev_spread": "0.1"}, TypeError, r"`stdev_spread` \(='0.1'\) must be .* of the row's range .*not str"),
    ({"stdev_spread": True}, TypeError, r"`stdev_spread` \(=True\) must be .*not bool"),
    ({"tolerance": "0.1"}, TypeError, r"`tolerance` \(='0.1'\) must be a finite number above 0: .*not str"),
    ({"tolerance": np.ones(2)}, TypeError, r"`tolerance` \(=array.*\) must be a finite number above 0: .*not ndarray"),
    ({"diagnose": "no"}, TypeError, r"`diagnose` \(='no'\) must be True or False, not str"),
    ({"diagnose": None}, TypeError, r"`diagnose` \(=None\) must be True or False, not NoneType"),
    ({"baseline": 0}, ValueError, "`baseline` must be None for the method 'smoothgrad', which has no path"),
    ({"target": 3}, ValueError, r"`target` names class\(es\) \[3\], but the output has classes 0 to 2"),
    ({"target": -1}, ValueError, r"`target` names class\(es\) \[-1\]"),
    ({"target": 1.0}, TypeError, "`target` has dtype float64, but must hold class numbers"),
    ({"target": [0, 1]}, ValueError, r"`target` has shape \(2,\), but must be one class per row, \(3,\)"),
    ({"target": {"z": 1}}, ValueError, r"`target` names \['z'\], but the model outputs are \['y'\]"),
    ({"target": {"y": [0, 1]}}, ValueError, r"`target\['y'\]` has shape \(2,\)"),
    ({"score": "loss"}, ValueError, r"`score` \(='loss'\) must be one of"),
    ({"seed": 2**64}, ValueError, r"`seed` \(=18446744073709551616\) must be a whole number from 0"),
    ({"max_rows": "many"}, ValueError, r"`max_rows` \(='many'\) must be 'auto' or a whole number"),
    ({"max_rows": np.array([3, 4])}, ValueError, r"`max_rows` \(=array.*\) must be 'auto' or a whole number"),
]
PATHS = [
    ({"nsamples": 0}, ValueError, r"`nsamples` \(=0\) must be at least 1"),
    ({"baseline": "black"}, ValueError, r"`baseline` \(='black'\) must be one of \['blur', 'gaussian', "),
    (
        {"baseline": np.zeros(5)},
        ValueError,
        r"`baseline` for `x` has shape \(5,\), but must have the shape of the input",
    ),
    ({"baseline": [np.nan] * 6}, ValueError, "`baseline` for `x` holds NaN or infinite numbers; all must be finite"),
    ({"baseline": {"z": 0}}, ValueError, r"`baseline` names \['z'\], but the model inputs are \['x'\]"),
    ({"baseline": np.inf}, ValueError, r"`baseline` \(=inf\) must be finite"),
]


@pytest.mark.parametrize("options, error, message", CALLS)
def test_arguments_of_attribute(options, error, message, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    check(error, message, lambda: one.attribute(fed, **{"method": "smoothgrad", **options}))


@pytest.mark.parametrize("options, error, message", PATHS)
def test_arguments_of_a_path(options, error, message, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    check(error, message, lambda: one.attribute(fed, "integrated_gradients", **options))


GETTERS = [
    (lambda one, fed: one.get_smoothed_masks(fed, nsamples=0), r"`nsamples` \(=0\) must be at least 1"),
    (lambda one, fed: one.get_smoothed_masks(fed, -1.0), r"`stdev_spread` \(=-1.0\) must be a finite number"),
    (lambda one, fed: one.get_smoothed_masks(fed, nintegration=-1), r"`nintegration` \(=-1\) must be at least 0"),
    (lambda one, fed: one.get_integrated_masks(fed, 0), r"`nsamples` \(=0\) must be at least 1"),
]


@pytest.mark.parametrize("call, message", GETTERS)
def test_arguments_of_the_getters(call, message, backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    check(ValueError, message, lambda: call(one, fed))


def test_inputs_of_different_length(backend):
    fed = batch("two_inputs", backend)
    fed["x1"] = fed["x1"][:2]
    check(
        ValueError,
        r"must have the same number of rows, but `batch` holds \{'x0': 3, 'x1': 2\}",
        lambda: net("two_inputs", backend).get_masks(fed),
    )


def test_what_the_cast_makes_infinite(backend):
    fed = {"x": with_nan(1e300)}
    one = fresh_net("smooth_mlp", backend, "float32")
    with pytest.warns(UserWarning, match="it is cast"):
        check(ValueError, r"`batch\['x'\]` holds NaN or infinite numbers in row\(s\) 1;", lambda: one.get_masks(fed))


class RoundedTorch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(6, 3)

    def forward(self, x):
        return self.inner(torch.floor(x.detach()))


class OnlyFirst(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(6, 3)

    def forward(self, both):
        return self.inner(both[0])


def rounded_keras():
    x = tf.keras.Input((6,))
    return tf.keras.Model(x, tf.keras.layers.Dense(3)(tf.stop_gradient(tf.floor(x))))


def only_first_keras():
    x, z = tf.keras.Input((6,)), tf.keras.Input((6,))
    return tf.keras.Model([x, z], tf.keras.layers.Dense(3)(x))


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "integrated_gradients"])
def test_no_gradient_path(method, backend):
    one = SaliencyNet(compiled(backend, rounded_keras, RoundedTorch), "x", "y")
    fed = {"x": X.astype("float32")}
    message = "^There is no gradient path from `x` to .*y.*: the model does not use it"
    check(ValueError, message, lambda: one.attribute(fed, method))


def test_an_input_that_the_model_does_not_use_is_named(backend):
    one = SaliencyNet(compiled(backend, only_first_keras, OnlyFirst), ["x", "z"], "y", ["a", "b"])
    fed = {"x": X.astype("float32"), "z": X.astype("float32")}
    check(ValueError, "There is no gradient path from `z` to .*Leave it out", lambda: one.get_masks(fed))


def test_dense_outputs(backend):
    made = compiled(
        backend,
        lambda: tf.keras.Sequential([tf.keras.layers.Conv2D(3, 1, input_shape=(4, 4, 1))]),
        lambda: torch.nn.Conv2d(1, 3, 1),
    )
    fed = {"x": np.zeros((2, 4, 4, 1) if backend == "tf" else (2, 1, 4, 4), "float32")}
    rows = {"tf": "None", "torch": "2"}[backend]  # A graph of TensorFlow does not know how many there will be.
    message = rf"^The model output `y` has shape \({rows}, .*\), but must be \(B, N\), .* inside the model"
    check(ValueError, message, lambda: SaliencyNet(made, "x", "y").get_masks(fed))


def test_a_model_that_gives_nan(backend):
    made = compiled(
        backend,
        lambda: tf.keras.Sequential([tf.keras.layers.Dense(3, bias_initializer=_nan, input_shape=(6,))]),
        lambda: torch.nn.Sequential(_nan_linear()),
    )
    message = r"The model output `y` is NaN or infinite in row\(s\) \[0, 1, 2\] of the clean input"
    check(ValueError, message, lambda: SaliencyNet(made, "x", "y").get_masks({"x": X.astype("float32")}))


class CrossKeras(tf.keras.Model):
    def call(self, x):
        return cross(x)


class CrossTorch(torch.nn.Module):
    def forward(self, x):
        return cross(x)


def cross(x):
    raise NotImplementedError(f"a model's own words of {len(x.shape)} axes")


def test_what_a_model_says_is_kept(backend):
    """Its error, its words, and where in its code they were said, which TensorFlow tells in the message."""
    with pytest.raises(NotImplementedError, match="a model's own words of 2 axes") as caught:
        SaliencyNet(compiled(backend, CrossKeras, CrossTorch), "x", "y").get_masks({"x": X.astype("float32")})
    assert "in cross" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "gradcam"])
def test_a_single_image_without_its_batch_axis(method, backend):
    one, image = net("smooth_conv", backend), batch("smooth_conv", backend)["x"][0]
    message = (
        rf"^`batch\['x'\]` has shape {re.escape(str(tuple(image.shape)))}: the model fails on that, but takes it as a "
        r"batch of one\. .*`x\[None\]`"
    )
    check(ValueError, message, lambda: one.attribute({"x": image}, method))
    if method == "gradient":
        for call in (one.decide, one.get_masks, one.seconds_per_gradient):
            check(ValueError, message, lambda call=call: call({"x": image}))


def test_another_failure_is_not_taken_for_it(backend):
    """Images of a wrong size, and whole batches that a model does not like."""
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)["x"]
    for wrong in (fed[:, :, :2], fed[:, :, :2][0]):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the framework's own)
            one.get_masks({"x": wrong})
        assert "batch of one" not in str(caught.value)


class FlatKeras(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = tf.keras.layers.Dense(3)

    def call(self, x):
        return self.inner(tf.reshape(x, [-1, 6]))


class FlatTorch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(6, 3)

    def forward(self, x):
        return self.inner(x.reshape(-1, 6))


def test_a_model_that_takes_rows_of_any_shape_takes_them(backend):
    one, x = SaliencyNet(compiled(backend, FlatKeras, FlatTorch), "x", "y"), X.astype("float32")
    for shape in ((3, 6), (3, 2, 3), (3, 2, 3, 1)):
        assert one.attribute({"x": x.reshape(shape)}).maps["x"].shape == shape


@pytest.mark.parametrize("score", ["probability", "log_probability"])
def test_a_logit_taken_for_a_probability(score, backend):
    message = rf"`score` \(='{score}'\) takes the one-unit output `y` for a probability, .* use score='logit'"
    fed = batch("one_logit", backend, 10)
    check(ValueError, message, lambda: net("one_logit", backend).attribute(fed, score=score))


def test_after_an_error_the_net_is_as_good_as_before(backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    before = maps(one.attribute(fed, "smoothgrad", nsamples=4))["x"]
    for wrong in ({"x": with_nan()}, {**fed, PREFIX + "y": [0, 1]}, {"x": X[:, :4]}):
        with pytest.raises(Exception):  # noqa: B017, PT011 (the last is the framework's own)
            one.attribute(wrong, "smoothgrad", nsamples=4)
    assert distance(maps(one.attribute(fed, "smoothgrad", nsamples=4))["x"], before) == 0


def test_the_check_of_a_message_can_fail():
    def silent():
        raise ValueError("bad input")

    def buried():
        raise ValueError("in user code:\n\n    bad input.")

    with pytest.raises(AssertionError):
        check(ValueError, "`nsamples`", silent)
    with pytest.raises(AssertionError, match="no sentence"):
        check(ValueError, "bad", silent)
    with pytest.raises(AssertionError, match="in user code"):
        check(ValueError, "bad", buried)


def test_good_input_raises_nothing(backend):
    assert to_host(net("smooth_mlp", backend).get_masks({"x": X})["saliency"]).shape == X.shape


def _nan(shape, dtype=None):
    return tf.fill(shape, tf.constant(np.nan, dtype))


def _nan_linear():
    layer = torch.nn.Linear(6, 3)
    torch.nn.init.constant_(layer.bias, np.nan)
    return layer


@pytest.mark.parametrize("baseline", [1e39, np.full((3, 6), 1e39)])
def test_a_baseline_that_the_models_dtype_cannot_hold(baseline):
    trained = fe.build(lambda: torch.nn.Linear(6, 2), optimizer_fn=None)
    with pytest.raises(ValueError, match="`baseline` for `x` .* must be finite in the model's float32"):
        SaliencyNet(trained, "x", "y").attribute(
            {"x": np.ones((3, 6), np.float32)}, "integrated_gradients", baseline=baseline
        )


def test_one_key_for_input_and_output():
    trained = fe.build(lambda: torch.nn.Linear(6, 2), optimizer_fn=None)
    with pytest.raises(ValueError, match=r"`model_outputs` \(=\['x'\]\) must not be keys of `model_inputs`"):
        SaliencyNet(trained, "x", "x")


@pytest.mark.parametrize("tolerance", [None, 0.1])
def test_maps_that_are_not_finite_are_told(tolerance, backend):
    """The model is finite on the clean rows; and more samples do not help, so no more are paid for."""

    def in_tf():
        root = tf.keras.layers.Lambda(lambda x: tf.sqrt(x))
        return tf.keras.Sequential([root, tf.keras.layers.Dense(3)])

    class Root(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.end = torch.nn.Linear(6, 3)

        def forward(self, x):
            return self.end(torch.sqrt(x))

    made = compiled(backend, in_tf, Root)
    if backend == "tf":
        made.build((None, 6))
    x = np.stack([np.linspace(5, 6, 6), np.linspace(0, 1, 6), np.linspace(5, 6, 6)]).astype("float32")
    one = SaliencyNet(made, "x", "y")
    with pytest.warns(RuntimeWarning, match=r"maps of `x` are not finite in 1 of 3 rows \(the first is 1\)") as said:
        found = one.attribute({"x": x}, "smoothgrad", stdev_spread=0.3, tolerance=tolerance)
    assert [each.filename for each in said] == [__file__], "the warning points into the package"
    assert np.isfinite(maps(found)["x"]).all(axis=1).tolist() == [True, False, True]
    if tolerance:
        assert found.gradient_evaluations[1] == 16 and not found.met_tolerance[1]
    with pytest.raises(ValueError, match=r"`map of saliency` has NaN or infinite values in rows \[1\]"):
        one.get_smoothed_masks({"x": x}, stdev_spread=0.3)

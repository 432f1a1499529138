"""Each named baseline after its definition in NumPy, and as the beginning of a path, on both backends and layouts."""

import gc
import weakref

import numpy as np
import pytest
from fastestimator.op.numpyop.univariate import Normalize
from helpers import distance, furthest
from models import batch, fresh_net, input_keys, maps, net, rows, spec, to_backend, to_host
from scipy.ndimage import gaussian_filter1d

from fe_saliency import backend as backends
from fe_saliency.method import Blur, FromData, Gaussian, MaximumDistance, MeanOf, Pixel, Uniform, black, white
from fe_saliency.method.baseline import BASELINES

AXIS = {"tf": -1, "torch": 1}
IMAGES = rows("smooth_conv")["x"]  # (3, 6, 6, 2)
MEAN, STD = (0.4, 0.6), (0.2, 0.3)


def blurred(images, *widths):
    for axis, width in enumerate(widths, 1):
        images = gaussian_filter1d(images, width, axis)
    return images


def farthest(images, low, high):
    return np.where(abs(images - low) < abs(images - high), high, low)


def made(baseline, backend, images=IMAGES, samples=range(1), seed=0, **others):
    """The baselines of channels-last images, channels-last: (B, ...), or (K, B, ...) if they are drawn."""
    of, axis = backends.by_name(backend), AXIS[backend]
    given = to_backend(images, backend)
    here = baseline.prepared("x", of.numpy(given), {"x": given, **others}, axis)
    fed = here.feed(of.numpy(given), 0, samples, seed, axis)
    if not here.drawn:
        return to_host(of.tensor(fed))
    op = here.op("x", "pattern", "baseline")
    op.build(backend)
    (found,) = op.forward([given, of.tensor(fed, str(images.dtype))], {})
    return to_host(found).reshape(len(samples), *images.shape)


EXTREMES = [each((1, 2, 3), keepdims=True) for each in (IMAGES.min, IMAGES.max)]


@pytest.mark.parametrize(
    "baseline, expected",
    [
        (BASELINES["zero"], np.zeros_like(IMAGES)),
        (BASELINES["blur"], blurred(IMAGES, 0.6, 0.6)),
        (Blur(1.5), blurred(IMAGES, 1.5, 1.5)),
        (Blur((1.5, 0.7)), blurred(IMAGES, 1.5, 0.7)),
        (BASELINES["maximum_distance"], farthest(IMAGES, *EXTREMES)),
        (MaximumDistance(-1, 2), farthest(IMAGES, -1, 2)),
        (MaximumDistance((-1, -2), (1, 2)), farthest(IMAGES, np.array([-1, -2]), np.array([1, 2]))),
        (MeanOf("x"), np.broadcast_to(IMAGES.mean(axis=0), IMAGES.shape)),
        (Pixel(51, MEAN, STD), np.broadcast_to((0.2 - np.array(MEAN)) / STD, IMAGES.shape)),
        (Pixel((5, 7), mean=3, max_pixel_value=1), np.broadcast_to([2, 4], IMAGES.shape)),
    ],
)
def test_after_its_definition(baseline, expected, backend):
    np.testing.assert_allclose(made(baseline, backend), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("grey, baseline", [(0, black), (255, white)])
def test_black_and_white_are_those_of_fastestimators_op(grey, baseline, backend):
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    image = np.full((4, 5, 3), grey, np.uint8)
    expected = Normalize("x", "x", mean=mean, std=std).forward([image], {})[0]
    found = made(baseline(mean, std), backend, np.zeros((2, 4, 5, 3)))
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-5)


def test_mean_and_draws_of_given_data(backend):
    data = np.random.default_rng(1).normal(size=(5, 6, 6, 2))
    array = backends.to_numpy(to_backend(data, backend))
    np.testing.assert_allclose(made(MeanOf(array), backend)[1], data.mean(axis=0), rtol=1e-12)
    found = made(FromData(array), backend, samples=range(3, 15))
    by_key = made(FromData("others"), backend, samples=range(3, 15), others=array)
    np.testing.assert_array_equal(found, by_key)
    assert (found == found[:, :1]).all(), "one draw serves all rows"
    drawn = [np.flatnonzero((data == each[0]).all((1, 2, 3))).item() for each in found]
    assert sorted(drawn[2:7]) == sorted(drawn[7:12]) == [0, 1, 2, 3, 4], "all, then all again"
    assert drawn[2:7] != drawn[7:12]
    np.testing.assert_array_equal(found[4:9], made(FromData(array), backend, samples=range(7, 12)))
    assert (found != made(FromData(array), backend, samples=range(3, 15), seed=1)).any()


@pytest.mark.parametrize("clipped", [True, False])
def test_gaussian_draws_are_normal_around_the_row(clipped, backend):
    samples, spread, (low, high) = 1000, 0.3, EXTREMES
    found = made(Gaussian(spread, clipped), backend, samples=range(samples))
    sigma = spread * (high - low)
    if clipped:
        assert (found >= low).all() and (found <= high).all()
        inside = (found > low) & (found < high)
        assert 0.3 < inside.mean() < 1
        free = made(Gaussian(spread, False), backend, samples=range(samples))
        np.testing.assert_array_equal(found, np.clip(free, low, high))
    else:
        eps = (found - IMAGES) / sigma
        np.testing.assert_allclose(eps[0::2], -eps[1::2], atol=1e-6)
        assert np.abs(eps[0::2].mean(axis=0)).max() < 5 / np.sqrt(samples / 2)
        assert np.abs(eps.var(axis=0) - 1).max() < 5 * np.sqrt(2 / (samples / 2))


@pytest.mark.parametrize("baseline", [Uniform(), Gaussian(), Gaussian(2.0, False), FromData("x")])
def test_draws_are_the_same_on_both_backends(baseline):
    found = [made(baseline, each, samples=range(5, 9), seed=3) for each in ("tf", "torch")]
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("name", BASELINES)
def test_a_path_begins_there(name, backend):
    """By name and in a dict; against the path from the array that the test itself makes."""
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    if BASELINES[name].drawn:
        said = one.attribute(fed, "integrated_gradients", baseline=name, nsamples=200)
        assert (np.abs(said.completeness_gap) <= 5 * said.completeness_error).all()
        return
    image = rows("two_inputs")["x0"]
    start = {
        "zero": np.zeros_like(image),
        "blur": blurred(image, 0.6, 0.6),
        "maximum_distance": farthest(image, *(each((1, 2, 3), keepdims=True) for each in (image.min, image.max))),
    }[name]
    found, expected = (
        maps(one.attribute(fed, "integrated_gradients", baseline={"x0": each, "x1": 0}, nsamples=5))
        for each in (name, to_backend(start, backend))
    )
    assert furthest(found, expected) < 1e-12


@pytest.mark.parametrize("baseline", ["gaussian", Gaussian(0.4, False), MeanOf("x"), FromData("x"), "maximum_distance"])
def test_in_closed_form(baseline, backend):
    """A linear model attributes weight * (x - mean of the baselines), whatever the path.

    To normal draws that are not clipped it gives nothing at all, as they lie around the row evenly.
    """
    one, fed = net("linear", backend), batch("linear", backend)
    x, weight = rows("linear")["x"], spec("linear").heads[0][0].weight[:, 1]
    found = maps(one.attribute(fed, "integrated_gradients", baseline=baseline, nsamples=6, target=1, seed=4))["x"]
    known = BASELINES[baseline] if isinstance(baseline, str) else baseline
    start = made(known, backend, x, range(6), seed=4)
    np.testing.assert_allclose(found, weight * (x - (start.mean(axis=0) if known.drawn else start)), atol=1e-12)


@pytest.mark.parametrize("make", [lambda n: FromData(np.full((2, 6), n)), lambda n: Gaussian(0.1 * n), lambda n: n])
def test_a_new_baseline_of_a_kind_compiles_nothing(make, backend):
    one, fed = fresh_net("linear", backend), batch("linear", backend)
    first, second = (
        maps(one.attribute(fed, "integrated_gradients", baseline=make(number), nsamples=3))["x"]
        for number in (1.0, 2.0)
    )
    assert len(one._engine._compositions) == 1
    assert distance(first, second) > 0.01


@pytest.mark.parametrize("make", [FromData, MeanOf, lambda array: array])
def test_no_data_are_kept_after_the_call(make, backend):
    one, fed = net("linear", backend), batch("linear", backend)
    data = np.ones((2, 6))
    seen = weakref.ref(data)
    one.attribute(fed, "integrated_gradients", baseline=make(data[:1] if make not in (FromData, MeanOf) else data))
    del data
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize("dtype", ["float16", "uint8", "float64"])
def test_data_of_another_dtype_are_cast(dtype, backend):
    one, fed = net("linear", backend, "float32"), batch("linear", backend, dtype="float32")
    data = np.array([[1, 2, 3, 4, 5, 6]], dtype)
    for baseline in (FromData(data), MeanOf(data)):
        found = maps(one.attribute(fed, "integrated_gradients", baseline=baseline, nsamples=2))["x"]
        expected = maps(one.attribute(fed, "integrated_gradients", baseline=data[0], nsamples=2))["x"]
        assert distance(found, expected) < 1e-6


def test_a_blur_in_half_precision():
    half = IMAGES.astype(np.float16)
    fed = Blur(1).prepared("x", half, {}, -1).feed(half, 0, range(1), 0, -1)
    assert fed.dtype == np.float16
    np.testing.assert_allclose(fed, blurred(half.astype(np.float64), 1, 1), rtol=2e-3, atol=2e-3)


def test_a_batch_is_blurred_once(monkeypatch, backend):
    from fe_saliency.method.baseline import row

    calls = []
    monkeypatch.setattr(row, "gaussian_filter", lambda *args: calls.append(1) or args[0] * 0)
    fed = batch("smooth_conv", backend)
    net("smooth_conv", backend).attribute(fed, "integrated_gradients", baseline="blur", nsamples=9, max_rows=2)
    assert len(calls) == 1


WRONG = [
    (lambda: Pixel("black"), TypeError, r"`value` \(='black'\) must be a number, or a list of numbers"),
    (lambda: black(std=0), ValueError, r"`std` \(=0.0\) must be above 0"),
    (lambda: black(mean=(0.1, np.nan)), ValueError, "`mean` .* must be finite"),
    (lambda: white(max_pixel_value=-1), ValueError, r"`max_pixel_value` \(=-1\) must be .* above 0"),
    (lambda: Blur(0), ValueError, r"`sigma` \(=0.0\) must be above 0"),
    (lambda: Blur("wide"), TypeError, r"`sigma` \(='wide'\) must be a number"),
    (lambda: Gaussian(-1), ValueError, r"`spread` \(=-1\) must be a finite number of at least 0"),
    (lambda: MaximumDistance(low=1), ValueError, r"`low` \(=1\) and `high` \(=None\) must both be given"),
    (lambda: MaximumDistance(1, 1), ValueError, r"`low` \(=1.0\) must be below `high` \(=1.0\)"),
    (lambda: MaximumDistance((0, 0), (1, 1, 1)), ValueError, "must be below `high`"),
    (lambda: FromData(np.zeros((0, 6))), ValueError, r"`data` has shape \(0, 6\), but must be \(N, ...\)"),
    (lambda: FromData(np.zeros(6)), ValueError, r"`data` has shape \(6,\), but must be \(N, ...\)"),
    (lambda: MeanOf(np.full((2, 6), np.nan)), ValueError, "`data` holds NaN or infinite numbers"),
    (lambda: FromData(object()), TypeError, r"`data` \(a object\) must be an array of numbers"),
]


@pytest.mark.parametrize("make, error, message", WRONG)
def test_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


UNFIT = [
    ("linear", "blur", r"`baseline` for `x` must not be a blur: the rows have shape \(6,\), with no axis in space"),
    ("smooth_conv", Blur((1, 1, 1)), r"`sigma` .* for `x` must be a number, or one for each of the 2 spatial axes"),
    ("smooth_conv", black((0.1, 0.2, 0.3)), r"`mean` .* for `x` must be a number, or one per channel.*: 2 numbers"),
    ("smooth_conv", MaximumDistance(0, (1, 2, 3)), r"`high` .* for `x` must be a number, or one per channel"),
    ("linear", FromData("y"), r"`baseline` for `x` reads `batch\['y'\]`, but `batch` has \['x'\]"),
    ("linear", FromData(np.zeros((4, 5))), r"`baseline` for `x` has rows of shape \(5,\), but must have .*\(6,\)"),
    ("linear", MeanOf(np.zeros((4, 5))), r"`baseline` for `x` has rows of shape \(5,\), but must have .*\(6,\)"),
]


@pytest.mark.parametrize("kind, baseline, message", UNFIT)
def test_baselines_that_do_not_fit_are_refused_before_any_work(kind, baseline, message, backend, monkeypatch):
    one = net(kind, backend)
    monkeypatch.setattr(one._engine, "_composition", None)
    with pytest.raises(ValueError, match=message):
        one.attribute(batch(kind, backend), "integrated_gradients", baseline=baseline)


@pytest.mark.parametrize("make", [FromData, MeanOf])
def test_data_that_the_models_dtype_cannot_hold(make):
    one = net("linear", "torch", "float32")
    with pytest.raises(ValueError, match="`baseline` for `x` .* must be finite in the model's float32"):
        one.attribute(batch("linear", "torch", dtype="float32"), "integrated_gradients", baseline=make([[1e39] * 6]))


def test_every_name_is_in_the_dict_of_inputs(backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    said = one.attribute(fed, "integrated_gradients", baseline={"x0": "blur", "x1": "gaussian"}, nsamples=4)
    assert set(said.maps) == set(input_keys("two_inputs"))

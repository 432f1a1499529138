"""Guided Integrated Gradients: in closed form, against PAIR saliency, and where it must be the straight path."""

import warnings

import additive
import numpy as np
import pair
import pytest
from helpers import distance, furthest
from models import batch, maps, net, rows, to_backend
from saliency.core import GuidedIG

from fe_saliency import Method, integrated, smooth
from fe_saliency.method import Guided, Noise, Path, find

TARGET = np.array([1, 2, 0])
NAME = "guided_integrated_gradients"
SETTINGS = [(0.25, 0.02), (0.1, 0.3), (0.5, 1.0), (1.0, 0.5), (0.25, 0.0)]


def guided(fraction, max_dist):
    return Method("mine", "Mine", "none", (Guided(fraction, max_dist),))


def straight(x, gradient, steps):
    """The left rule on the straight path from zero."""
    return sum(gradient(x * k / steps) for k in range(steps)) * x / steps


@pytest.mark.slow
@pytest.mark.parametrize("fraction, max_dist", SETTINGS)
@pytest.mark.parametrize("kind", ["smooth_conv", "relu_conv", "smooth_mlp"])
def test_it_is_that_of_pair(kind, fraction, max_dist, backend):
    """The same rule, so equal to rounding: no limit is needed. PAIR moves the elements block by block until a distance
    is met within 1e-9; here what is left of it is counted down, and after the last step all have arrived."""
    images, start = rows(kind)["x"], 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PAIR's, of NumPy
        expected = [
            GuidedIG().GetMask(
                image, pair.gradients(kind, target), x_baseline=np.full(image.shape, start), x_steps=20,
                fraction=fraction, max_dist=max_dist,
            )
            for image, target in zip(images, TARGET, strict=True)
        ]  # fmt: skip
    found = net(kind, backend).attribute(
        batch(kind, backend), guided(fraction, max_dist), nsamples=20, target=TARGET, baseline=start
    )
    assert distance(maps(found)["x"], np.stack(expected)) < 1e-6


def test_in_closed_form(backend):
    """Whatever way it takes, each element goes from the baseline to the input."""
    for settings in SETTINGS:
        found = additive.net(backend).attribute(
            {"x": to_backend(additive.X, backend)}, guided(*settings), nsamples=400, target=0, baseline=0.5
        )
        assert distance(maps(found)["x"], additive.expected(np.full_like(additive.X, 0.5))) < 0.02
        assert np.abs(found.completeness_gap).max() < 0.2


@pytest.mark.parametrize("settings", [(1.0, 0.5), (0.25, 0.0)])
def test_with_all_elements_or_no_distance_the_path_is_straight(settings, backend):
    """(w x ** 2): the gradient is 2 w x."""
    given, x = batch("quadratic", backend), rows("quadratic")["x"]
    gradient = maps(net("quadratic", backend).attribute(given, target=TARGET))["x"]
    found = maps(net("quadratic", backend).attribute(given, guided(*settings), nsamples=9, target=TARGET))["x"]
    assert distance(found, straight(x, lambda point: gradient * point / x, 9)) < 1e-9


def test_the_path_is_not_straight_by_default(backend):
    given, one = batch("relu_conv", backend), net("relu_conv", backend)
    found, other = (maps(one.attribute(given, method, nsamples=60)) for method in (guided(0.1, 1.0), guided(1.0, 1.0)))
    assert furthest(found, other) > 0.05


@pytest.mark.parametrize("kind", ["relu_conv", "two_inputs", "two_outputs"])
@pytest.mark.parametrize("method", [NAME, smooth(NAME)])
def test_both_backends_agree(kind, method):
    nsamples = 12 if method == NAME else (3, 7)
    found = [net(kind, each).attribute(batch(kind, each), method, nsamples=nsamples) for each in ("torch", "tf")]
    assert furthest(*map(maps, found)) < 1e-9
    if method == NAME:
        np.testing.assert_allclose(found[0].completeness_gap, found[1].completeness_gap, atol=1e-9)


@pytest.mark.parametrize("max_rows", [1, 2, 7])
def test_chunks_change_nothing(max_rows, backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend, 5)
    for method, nsamples in ((NAME, 6), (smooth(NAME), (3, 4))):
        whole, cut = (one.attribute(fed, method, nsamples=nsamples, max_rows=each) for each in (1000, max_rows))
        assert furthest(maps(cut), maps(whole)) < 1e-12
        np.testing.assert_array_equal(cut.gradient_evaluations, whole.gradient_evaluations)


def test_rows_advance_together():
    """As many calls of the model as steps, and one for the classes and one for the gap."""
    one, fed = net("smooth_conv", "torch"), batch("smooth_conv", "torch")
    with_hook = []
    handle = one.model.register_forward_hook(lambda module, inputs, output: with_hook.append(len(output)))
    try:
        one.attribute(fed, NAME, nsamples=8)
    finally:
        handle.remove()
    assert sorted(with_hook) == [3] * 10


def test_smoothing_without_noise_changes_nothing(backend):
    one, fed = net("relu_conv", backend), batch("relu_conv", backend)
    plain = maps(one.attribute(fed, NAME, nsamples=6))
    assert furthest(maps(one.attribute(fed, smooth(NAME), nsamples=(3, 6), stdev_spread=0)), plain) < 1e-12


def test_elements_at_the_baseline_get_nothing(backend):
    fed = {key: array.copy() for key, array in rows("smooth_mlp").items()}
    fed["x"][:, :4] = 0
    found = maps(net("smooth_mlp", backend).attribute(fed, NAME, nsamples=6))["x"]
    assert not found[:, :4].any() and found[:, 4:].all()
    assert not maps(net("smooth_mlp", backend).attribute({"x": 0 * fed["x"]}, NAME, nsamples=6))["x"].any()


def test_single_precision_is_near(backend):
    truth, found = (
        maps(
            net("smooth_conv", backend, dtype).attribute(batch("smooth_conv", backend, dtype=dtype), NAME, nsamples=20)
        )
        for dtype in ("float64", "float32")
    )
    assert furthest(found, truth) < 1e-3


@pytest.mark.parametrize(
    "said, message",
    [
        ({"baseline": "uniform"}, r"`baseline` for \['x'\] must not be random"),
        ({"tolerance": 0.1}, "`tolerance` must be None"),
        ({"nsamples": 0}, r"`nsamples` \(=0\) must be at least 1 for Guided"),
    ],
)
def test_what_it_cannot_do_is_refused(said, message, backend):
    with pytest.raises(ValueError, match=message):
        net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), NAME, **said)


@pytest.mark.parametrize("wrong", [{"fraction": 0}, {"fraction": 1.1}, {"max_dist": -0.1}, {"max_dist": 2}])
def test_wrong_settings(wrong):
    with pytest.raises(ValueError, match=rf"`{next(iter(wrong))}` \(={next(iter(wrong.values()))}\) must be"):
        Guided(**wrong)


def test_it_stands_innermost_and_alone():
    with pytest.raises(ValueError, match="must have Guided as the last"):
        Method("mine", "Mine", "none", (Guided(), Noise()))
    with pytest.raises(ValueError, match="must hold one path, not Path around Guided"):
        integrated(NAME)
    with pytest.raises(ValueError, match="must hold one path, not Path around Guided"):
        Method("mine", "Mine", "none", (Noise(), Path(), *find(NAME).brackets))

"""eMPRT: closed forms of the entropy, laws of the ratio, and a model that learned something."""

from dataclasses import dataclass

import fastestimator as fe
import numpy as np
import pytest
import torch
from models import batch, maps, net
from sklearn.datasets import load_digits
from training import images
from untouched import disturbable, state

from fe_saliency import Method, SaliencyNet
from fe_saliency.control import Randomised, emprt, entropy_rise, histogram_entropy
from fe_saliency.method import Noise
from fe_saliency.op.base import SaliencyOp


def slow_entropy(values, bins):
    """The definition in plain Python, for one row of numbers."""
    low, high = min(values), max(values)
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / (high - low) * bins))] += 1
    return -sum(count / len(values) * np.log(count / len(values)) for count in counts if count)


def test_entropy_in_closed_form():
    assert histogram_entropy(np.arange(100.0)[None]) == pytest.approx(np.log(100)), "one value in each bin"
    assert histogram_entropy(np.array([[0.0, 1, 1, 1]])) == pytest.approx(np.log(4) - 0.75 * np.log(3))
    assert histogram_entropy(np.array([[0.0, 0.1, 0.9, 1]]), bins=2) == pytest.approx(np.log(2))
    assert histogram_entropy(np.array([[-2.0, -2, 7, 7]]), bins=7) == pytest.approx(np.log(2))
    assert histogram_entropy(np.array([[3.0, 3, 3], [0, 0, 0]])).tolist() == [0, 0]


@pytest.mark.parametrize("bins", [2, 10, 100])
def test_entropy_equals_the_slow_reference(bins):
    values = np.random.default_rng(bins).standard_t(2, size=(4, 7, 9)).astype(np.float32)
    expected = [slow_entropy(row.astype(float).ravel().tolist(), bins) for row in values]
    np.testing.assert_allclose(histogram_entropy(values[..., None], bins=bins), expected, rtol=1e-12)


def test_entropy_is_that_of_signed_values_summed_over_channels():
    values = np.random.default_rng(0).normal(size=(2, 5, 6, 3))
    expected = histogram_entropy(values.sum(axis=-1).reshape(2, 30))
    assert np.array_equal(histogram_entropy(values), expected)
    assert np.array_equal(histogram_entropy(np.moveaxis(values, -1, 1), channel_axis=1), expected)
    assert not np.isclose(histogram_entropy(np.abs(values)), expected).any()


def test_places_and_scale_do_not_count():
    values = np.random.default_rng(1).normal(size=(2, 40))
    expected = histogram_entropy(values)
    assert np.array_equal(histogram_entropy(values[:, ::-1]), expected)
    assert np.array_equal(histogram_entropy(values * 2.0**-200), expected)
    assert np.array_equal(histogram_entropy(np.ldexp(values, -20) + 0), expected)


def test_a_map_that_is_not_finite_has_no_entropy_and_spoils_no_other():
    values = np.random.default_rng(2).normal(size=(3, 8))
    values[1, 2], values[2, 0] = np.nan, np.inf
    assert np.isnan(histogram_entropy(values)).tolist() == [False, True, True]


def test_ratio_in_closed_form():
    half, quarter = np.array([[0.0, 0, 1, 1]] * 2), np.array([[0.0, 1, 2, 3]] * 2)
    half[1] = 0
    found = entropy_rise({"x": half}, {"x": quarter})
    assert found.entropy_original == pytest.approx([np.log(2), 0])
    assert found.entropy_randomised == pytest.approx([np.log(4)] * 2)
    assert found.ratio == pytest.approx([1, np.nan], nan_ok=True)
    found = entropy_rise({"a": half, "b": half}, {"a": quarter, "b": half})
    assert found.ratio[0] == pytest.approx(0.5), "the entropies of several inputs are summed"
    with pytest.raises(ValueError, match=r"`original` has maps of \['a'\], but `randomised` has maps of \['b'\]\."):
        entropy_rise({"a": half}, {"b": half})


class InputSize(SaliencyOp):
    """|x|, whatever the gradient is."""

    def forward(self, data, state):
        x, gradient = data
        return [self.backend.repeat(self.backend.abs(x), gradient)]


@dataclass(frozen=True)
class IgnoresTheModel(Noise):
    def closing(self, level, gradients):
        keys = level.keys("size")
        return [InputSize([*level.inputs, *gradients], keys)], keys


def test_a_method_that_ignores_the_model_does_not_rise(backend):
    method = Method("size", "Size of the input", "none", (IgnoresTheModel(),))
    found = emprt(net("relu_conv", backend), batch("relu_conv", backend), method, nsamples=2)
    assert found.ratio.tolist() == [0, 0, 0]
    assert (found.entropy_original > 1).all()


def test_it_is_the_rise_between_two_attributions_of_one_class(backend):
    one, fed = net("relu_conv", backend), batch("relu_conv", backend)
    options = {"nsamples": 4, "score": "log_probability"}
    copy = Randomised(one.model, seed=5)
    copy.shuffle()
    here = one.attribute(fed, "smoothgrad", **options)
    there = one.on(copy.model).attribute(fed, "smoothgrad", target=here.targets, **options)
    assert not np.array_equal(there.predictions["y"], here.targets["y"]), "else nothing shows that the class is held"
    expected = entropy_rise(here.maps, there.maps, one.channel_axis)
    found = emprt(one, fed, "smoothgrad", seed=5, **options)
    assert np.array_equal(found.ratio, expected.ratio)
    assert np.array_equal(found.entropy_randomised, expected.entropy_randomised)
    assert not np.array_equal(emprt(one, fed, "smoothgrad", seed=6, **options).ratio, expected.ratio)


def test_both_backends_agree():
    found = [emprt(net("smooth_conv", backend), batch("smooth_conv", backend), seed=1) for backend in ("tf", "torch")]
    np.testing.assert_allclose(found[0].ratio, found[1].ratio, rtol=1e-12)


def test_several_inputs(backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    found = emprt(one, fed)
    whole = [histogram_entropy(each, one.channel_axis) for each in one.attribute(fed).maps.values()]
    np.testing.assert_allclose(found.entropy_original, sum(whole))
    assert maps(one.attribute(fed)).keys() == {"x0", "x1"}


def test_the_model_is_left_alone(backend):
    made = disturbable(backend)
    one = SaliencyNet(made, "x", "y", max_rows=8)
    before = state(made)
    emprt(one, {"x": images(backend)}, score="logit")
    assert state(made) == before


def network():
    nn = torch.nn
    begin = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU()]
    return nn.Sequential(*begin, nn.Flatten(), nn.Linear(256, 10))


def test_gradients_rise_by_what_was_learned():
    """Digits, small convolutional networks, gradients of the logit. One network alone would not do: before training
    its ratio may be as high by chance."""
    digits = load_digits()
    x, y = (digits.images / 16)[:, None].astype("float32"), digits.target
    untrained, trained = [], []
    for seed in range(3):
        torch.manual_seed(seed)
        made = fe.build(network, optimizer_fn=None)
        one, fed = SaliencyNet(made, "x", "y", max_rows=256), {"x": x[1500:1550]}
        untrained.append(np.mean([emprt(one, fed, seed=each).ratio for each in range(4)]))
        optimizer = torch.optim.Adam(made.parameters(), 0.01)
        for _ in range(200):
            rows = torch.randint(0, 1500, (64,))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(made(torch.from_numpy(x)[rows]), torch.from_numpy(y)[rows]).backward()
            optimizer.step()
        assert (made(torch.from_numpy(x[1500:])).argmax(1).numpy() == y[1500:]).mean() > 0.85
        trained.append(np.mean([emprt(one, fed, seed=each).ratio for each in range(4)]))
    assert min(trained) > 0, trained
    assert np.mean(trained) > 2 * np.mean(untrained), (trained, untrained)


@pytest.mark.parametrize("bins, error, text", [(1, ValueError, "at least 2"), (2.5, TypeError, "a whole number")])
def test_bins_are_checked_first(bins, error, text):
    with pytest.raises(error, match=rf"`bins` \(={bins}\) must be {text}"):
        emprt(None, {}, bins=bins)


def test_maps_without_rows_are_refused():
    with pytest.raises(ValueError, match=r"`maps` \(of shape \(4,\)\) must be \(B, ...\): rows, then the axes"):
        histogram_entropy(np.zeros(4))

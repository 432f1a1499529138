"""What a user adds without changing the package: a Method, a Bracket, a Baseline."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from fastestimator.op.tensorop import TensorOp
from helpers import distance, path
from models import batch, maps, net, rows, spec

from fe_saliency import Method, methods, register, statistic
from fe_saliency.method import Baseline, Noise, Path, registry


@dataclass(frozen=True)
class Scaled(Baseline):
    """The row itself, `share` times."""

    share: float = 0.5

    def feed(self, rows, index, samples, seed, channel_axis):
        return rows * self.share


class AddPattern(TensorOp):
    """(B, ...) and (K, ...) -> (K*B, ...): x + size * pattern, in plain arithmetic of either backend."""

    def __init__(self, inputs, outputs, size):
        super().__init__(inputs=inputs, outputs=outputs)
        self.size = size
        self.in_list = True

    def build(self, framework, device=None):
        self.framework = framework

    def forward(self, data, state):
        x, pattern = data
        points = x[None] + self.size * pattern[:, None]
        shape = (-1, *x.shape[1:])
        return points.reshape(shape) if self.framework == "torch" else tf.reshape(points, shape)


@dataclass(frozen=True)
class Steps(Baseline):
    """Drawn baselines x + size * k, sample by sample."""

    size: float = 1.0
    drawn = True

    def feed(self, rows, index, samples, seed, channel_axis):
        return np.stack([np.full(rows.shape[1:], float(k)) for k in samples])

    def op(self, rows, pattern, output):
        return AddPattern([rows, pattern], output, self.size)


def weight():
    """The gradient of the linear model's class 1."""
    return spec("linear").heads[0][0].weight[:, 1]


def integrated(backend, baseline, **more):
    said = net("linear", backend).attribute(
        batch("linear", backend), "integrated_gradients", baseline=baseline, target=1, nsamples=4, **more
    )
    return maps(said)["x"]


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_own_baseline(share, backend):
    assert distance(integrated(backend, Scaled(share)), (1 - share) * rows("linear")["x"] * weight()) < 1e-12


@pytest.mark.parametrize("size", [1.0, 3.0])
def test_own_drawn_baseline(size, backend):
    expected = np.broadcast_to(-size * 1.5 * weight(), (3, 6))  # the mean of k over 0, 1, 2, 3
    assert distance(integrated(backend, Steps(size)), expected) < 1e-12


@pytest.mark.parametrize("make", [Scaled, Steps])
def test_own_baselines_of_one_net(make, backend):
    """The second call must not see the first one's baseline."""
    one = net("linear", backend)
    fed = batch("linear", backend)
    first, second = (
        maps(one.attribute(fed, "integrated_gradients", baseline=make(number), target=1, nsamples=4))["x"]
        for number in (0.5, 3.0)
    )
    assert distance(second, integrated(backend, make(3.0))) < 1e-12
    assert distance(first, second) > 0.1


def test_own_method_by_object_and_by_name(backend, monkeypatch):
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))
    trapezoid = Method("trapezoid", "Trapezoid", "arXiv", (Path(rule="trapezoid"),))
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    said = one.attribute(fed, trapezoid, baseline=0, nsamples=400)
    exact = one.attribute(fed, "integrated_gradients", baseline=0, nsamples=64)
    assert 1e-9 < distance(maps(said)["x"], maps(exact)["x"]) < 1e-4
    register(trapezoid)
    assert "trapezoid" in methods()
    assert distance(maps(one.attribute(fed, "trapezoid", baseline=0, nsamples=400))["x"], maps(said)["x"]) == 0


class LargestSize(statistic.Statistic):
    """The largest |value| of any sample."""

    parts = ("count", "largest")

    def begin(self, like):
        zeros = self.backend.zeros_like(like)
        return self.backend.flat(zeros)[:1], zeros

    def absorb(self, state, values, weights=None):
        count, largest = state
        sizes = self.backend.unfold_like(self.backend.abs(values), largest)
        here = sizes.amax(0) if self.backend.name == "torch" else tf.reduce_max(sizes, axis=0)
        return count + self.backend.count(sizes), self.backend.where(here > largest, here, largest)

    def result(self, state):
        return state[1]


@pytest.mark.parametrize("max_rows", ["auto", 1])
def test_own_statistic(max_rows, backend):
    """A statistic of one's own in a bracket of the package; it draws independently, as it is no mean."""
    largest = Method("largest", "Largest gradient", "arXiv", (Noise(LargestSize),))
    one, fed = net("quadratic", backend), batch("quadratic", backend)
    said = one.attribute(fed, largest, nsamples=5, stdev_spread=0.3, max_rows=max_rows)
    assert said.relative_error is None
    middle = np.abs(maps(one.attribute(fed))["x"])
    assert (maps(said)["x"] > middle).mean() > 0.5
    alone = maps(one.attribute(fed, largest, nsamples=5, stdev_spread=0.3))["x"]
    assert distance(maps(said)["x"], alone) < 1e-12


def test_a_statistic_without_an_error_takes_no_tolerance(backend):
    largest = Method("largest", "Largest gradient", "arXiv", (Noise(LargestSize),))
    with pytest.raises(ValueError, match=r"`tolerance` \(=0.1\).*LargestSize.*'largest', tells no error.*`nsamples`"):
        net("quadratic", backend).attribute(batch("quadratic", backend), largest, tolerance=0.1)


def test_brackets_nest_in_any_order(backend):
    """Noise inside noise: on a linear model every sample is the same gradient."""
    twice = Method("twice", "Twice", "arXiv", (Noise(), Noise(statistic.Variance)))
    fed = batch("linear", backend)
    said = net("linear", backend).attribute(fed, twice, nsamples=(3, 4))
    assert said.gradient_evaluations.tolist() == [12] * 3
    assert np.abs(maps(said)["x"]).max() < 1e-20


def test_noise_along_a_path(backend):
    """The integral of a smoothed gradient: for a linear model it is Integrated Gradients, exactly."""
    method = Method("path_of_noise", "Path of noise", "arXiv", (Path(), Noise()))
    fed = batch("linear", backend)
    said = net("linear", backend).attribute(fed, method, nsamples=(4, 3), baseline=0.5, target=1)
    assert distance(maps(said)["x"], (rows("linear")["x"] - 0.5) * weight()) < 1e-12


@pytest.mark.parametrize("max_rows", ["auto", 2])
def test_an_outer_path_weighs_its_points(max_rows, backend):
    """Whatever stands inside, and however it is cut: here noise of no size, which changes nothing."""
    method = Method("path_of_noise", "Path of noise", "arXiv", (Path(rule="gauss_legendre"), Noise()))
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    options = {"baseline": 0.5, "max_rows": max_rows}
    said = one.attribute(fed, method, nsamples=(4, 3), stdev_spread=0, **options)
    expected = one.attribute(fed, path("gauss_legendre"), nsamples=4, **options)
    assert distance(maps(said)["x"], maps(expected)["x"]) < 1e-10

"""Noisy weights: NoiseGrad and FusionGrad in closed form, and a model that is as it was afterwards.

There is no peer to agree with: the authors' own package (`noisegrad`) multiplies weights that are noisy already at each
draw after the first, and what it means to restore them from (`state_dict()`) are the noisy weights themselves; its
FusionGrad multiplies the input by noise around 0. All three depart from the paper. So the methods are derived in NumPy
here and in `test_against_reference.py`.
"""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from fastestimator.trace.trace import Trace
from helpers import distance, furthest
from models import batch, maps, model, net, rows, spec, to_host
from test_untouched_calls import Broken, TorchTrap, used
from training import images
from untouched import disturbable, same, state, train

from fe_saliency import Method, SaliencyNet, integrated, noisy_weights, smooth
from fe_saliency.backend import tensorflow
from fe_saliency.backend.weights import weights_of
from fe_saliency.method import Noise, NoisyWeights, find
from fe_saliency.patterns import weight_noise
from fe_saliency.statistic import MeanOfSquares, Variance

TARGET = np.array([1, 2, 0])


def etas(count, seed=0):
    """The noise of the linear model's kernel, float64 (count, 6, 3)."""
    return np.stack([weight_noise(seed, 0, sample, (6, 3), (0, 1)) for sample in range(count)]).astype(float)


def of_linear(backend, method, **options):
    said = net("linear", backend).attribute(batch("linear", backend), method, target=TARGET, **options)
    return maps(said)["x"], said


# In closed form: the gradient of a linear model is its weight.


@pytest.mark.parametrize("nsamples", [2, 7])
def test_pairs_cancel_in_a_linear_model(nsamples, backend):
    """The mean over (1 + eta) and (1 - eta) is the weight itself, and so is one left over."""
    found, said = of_linear(backend, "noisegrad", nsamples=nsamples)
    assert distance(found, spec("linear").heads[0][0].weight[:, TARGET].T) < 1e-7
    assert said.gradient_evaluations.tolist() == [nsamples] * 3
    assert said.completeness_gap is None


def test_the_variance_and_the_mean_of_squares_of_a_linear_model(backend):
    weight, noise = spec("linear").heads[0][0].weight, etas(6)
    expected = (0.3 * weight) ** 2 * noise.var(axis=0, ddof=1)
    found, _ = of_linear(backend, noisy_weights(stdev=0.3, over=Variance), nsamples=6)
    assert distance(found, expected[:, TARGET].T) < 1e-5
    expected = weight**2 * (1 + 0.3**2 * (noise[:3] ** 2).mean(axis=0))
    found, _ = of_linear(backend, noisy_weights(stdev=0.3, over=MeanOfSquares), nsamples=6)
    assert distance(found, expected[:, TARGET].T) < 1e-5


def test_the_factors_have_the_mean_1_and_the_deviation_that_was_asked_for():
    noise = weight_noise(3, 0, 0, (400, 500), (0, 1))
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    assert not np.array_equal(noise, weight_noise(3, 1, 0, (400, 500), (0, 1)))
    assert not np.array_equal(noise, weight_noise(3, 0, 1, (400, 500), (0, 1)))
    assert not np.array_equal(noise, weight_noise(4, 0, 0, (400, 500), (0, 1)))


# Laws.


@pytest.mark.parametrize("name", ["gradient", "squared_gradient", "integrated_gradients", "smoothgrad"])
def test_no_noise_or_one_sample_changes_nothing(name, backend):
    one, fed, inner = net("relu_conv", backend), batch("relu_conv", backend), 5 if find(name).brackets else None
    options = {"baseline": "zero"} if name == "integrated_gradients" else {}
    plain = maps(one.attribute(fed, name, nsamples=inner, **options))
    for method, outer in [(noisy_weights(name), 1), (noisy_weights(name, stdev=0), 6)]:
        if outer > 1 and name == "smoothgrad":
            continue  # its noise is another for each model
        nsamples = (outer, inner) if inner else outer
        assert furthest(maps(one.attribute(fed, method, nsamples=nsamples, **options)), plain) < 1e-12


def test_what_stands_inside_draws_anew_for_every_model(backend):
    """Without noise in the weights it is one SmoothGrad of all samples, and not the same one again and again."""
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)
    exact = maps(one.attribute(fed, "smoothgrad", nsamples=4000, seed=5))["x"]
    many = one.attribute(fed, noisy_weights("smoothgrad", 0), nsamples=(40, 4))
    few = one.attribute(fed, "smoothgrad", nsamples=4)
    assert distance(maps(many)["x"], exact) < 0.5 * distance(maps(few)["x"], exact)
    assert (many.relative_error < 0.5 * few.relative_error).all()


def test_the_relative_error_is_told_and_true(backend):
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)
    exact = maps(one.attribute(fed, "noisegrad", nsamples=600, seed=100))["x"].reshape(3, -1)
    told, true = [], []
    for seed in range(12):
        said = one.attribute(fed, "noisegrad", nsamples=20, seed=seed)
        told.append(said.relative_error)
        off = maps(said)["x"].reshape(3, -1) - exact
        true.append(np.linalg.norm(off, axis=1) / np.linalg.norm(exact, axis=1))
    ratio = np.sqrt(np.mean(np.square(told), axis=0) / np.mean(np.square(true), axis=0))
    assert ((ratio > 0.7) & (ratio < 1.4)).all()


@pytest.mark.parametrize("method", ["noisegrad", "fusiongrad"])
def test_rows_leave_when_they_are_accurate_enough(method, backend):
    nsamples = 200 if method == "noisegrad" else (200, 2)
    options = {"tolerance": 0.045 if method == "noisegrad" else 0.1, "nsamples": nsamples, "max_rows": 3}
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend, 5)
    said = one.attribute(fed, method, **options)
    assert said.met_tolerance.all() and len(set(said.gradient_evaluations)) > 1
    alone = one.attribute({"x": fed["x"][3:4]}, method, **options)
    assert distance(maps(alone)["x"], maps(said)["x"][3:4]) < 1e-10


def test_the_class_is_that_of_the_clean_weights(backend):
    """Noise that turns most decisions around changes none of them."""
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend, 20)
    clean = one.attribute(fed)
    said = one.attribute(fed, noisy_weights(stdev=3), nsamples=4)
    for name in ("targets", "predictions", "scores", "margins"):
        np.testing.assert_array_equal(to_host(getattr(said, name)["y"]), to_host(getattr(clean, name)["y"]))
    fixed = one.attribute(fed, noisy_weights(stdev=3), nsamples=4, target=clean.targets)
    assert furthest(maps(fixed), maps(said)) == 0


# The model is as it was.


METHODS = {
    "noisegrad": ("noisegrad", 3),
    "fusiongrad": ("fusiongrad", (3, 2)),
    "a path": (noisy_weights(integrated("gradient")), (2, 3)),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("max_rows", [2, 100])
def test_everything_is_as_before(name, max_rows, backend):
    """Weights, BatchNorm's buffers, both optimizers' slots, requires_grad, generators: bit for bit."""
    made = used(backend)
    method, nsamples = METHODS[name]
    one = SaliencyNet(made, "x", "y", max_rows=max_rows)
    before = state(made)
    first = one.attribute({"x": images(backend, 5)}, method, nsamples=nsamples)
    assert state(made) == before
    again = one.attribute({"x": images(backend, 5)}, method, nsamples=nsamples)
    np.testing.assert_array_equal(to_host(first.maps["x"]), to_host(again.maps["x"]))


def test_the_weights_are_noisy_inside(backend):
    """What the test above would not notice: that nothing was changed at all. Statistics are never."""
    made = disturbable(backend)
    weights = weights_of(made)
    before = weights.read(made)
    own = {place for _, places in weights.layers(made) for place in places}
    with weights.multiplied(made) as multiply:
        for stdev in (0.5, 0.2):
            multiply(lambda number, shape, axes, stdev=stdev: np.full(shape, 1 + stdev, np.float32))
            for place, (now, clean) in enumerate(zip(weights.read(made), before, strict=True)):
                np.testing.assert_allclose(now, clean * (1 + stdev) if place in own else clean, rtol=1e-6)
    assert same(weights.read(made), before)


def in_tf():
    keras = tf.keras.layers
    return tf.keras.Sequential([keras.Embedding(7, 12, input_length=5), keras.Conv1D(4, 3), keras.Dense(2)])


def in_torch():
    nn = torch.nn
    return nn.Sequential(nn.Embedding(7, 12), nn.Conv1d(12, 4, 3), nn.Linear(4, 2))


def test_both_frameworks_lay_the_noise_out_alike():
    theirs = fe.build(in_tf, optimizer_fn=None)
    ours = fe.build(in_torch, optimizer_fn=None)
    found = []
    for made in (theirs, ours):
        with torch.no_grad():
            weights_of(made).write(made, [np.ones_like(each) for each in weights_of(made).read(made)])
        with weights_of(made).multiplied(made) as multiply:
            multiply(lambda number, shape, axes: weight_noise(0, number, 0, shape, axes))
            found.append(weights_of(made).read(made))
    table, kernel, bias, weight, _ = found[1]
    for expected, array in zip(found[0], (table, kernel.transpose(2, 1, 0), bias, weight.T), strict=False):
        np.testing.assert_array_equal(array, expected)


def test_torch_weights_keep_their_layout():
    """In memory too, where a kernel of one channel has two layouts: it decides that of all that comes after."""
    made = disturbable("torch")
    for kind in (torch.contiguous_format, torch.channels_last):
        made.to(memory_format=kind)
        before = [each.stride() for each in made.parameters()]
        with weights_of(made).multiplied(made) as multiply:
            multiply(lambda number, shape, axes: weight_noise(0, number, 0, shape, axes))
            assert [each.stride() for each in made.parameters()] == before


def test_torch_weights_stand_in_the_same_place_again():
    made = model("relu_conv", "torch", "float32")
    before = [each.data_ptr() for each in made.parameters()]
    one = net("relu_conv", "torch", "float32", max_rows=64)
    one.attribute(batch("relu_conv", "torch", dtype="float32"), "noisegrad", nsamples=3)
    assert [each.data_ptr() for each in made.parameters()] == before


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("calls", [3, 4])
def test_an_error_in_the_middle_of_a_torch_model(error, calls):
    trap = TorchTrap()
    made = used("torch", trap)
    one, fed = SaliencyNet(made, "x", "y", max_rows=1), {"x": images("torch", 1)}
    good = one.attribute(fed, "noisegrad", nsamples=4).maps["x"]
    before = state(made)

    def check(where):
        trap.left[where] -= 1
        if trap.left[where] == 0:
            raise error

    trap.check = check
    trap.arm("forward", calls)
    with pytest.raises(error):
        one.attribute(fed, "noisegrad", nsamples=4)
    assert state(made) == before
    assert torch.equal(one.attribute(fed, "noisegrad", nsamples=4).maps["x"], good)


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt, MemoryError])
def test_an_error_in_the_middle_of_a_tensorflow_model(error, monkeypatch):
    made = used("tf")
    one, fed = SaliencyNet(made, "x", "y", max_rows=1), {"x": images("tf", 1)}
    good = to_host(one.attribute(fed, "noisegrad", nsamples=4).maps["x"])
    before, run, ran = state(made), tensorflow.Graphs.__call__, []

    def failing(graph, *args):
        if len(ran) == 9:
            raise error
        ran.append(state(made)["weights"])
        return run(graph, *args)

    monkeypatch.setattr(tensorflow.Graphs, "__call__", failing)
    with pytest.raises(error):
        one.attribute(fed, "noisegrad", nsamples=40)
    assert ran[-1] != before["weights"], "it did not stop among noisy weights"
    assert state(made) == before
    monkeypatch.undo()
    np.testing.assert_array_equal(to_host(one.attribute(fed, "noisegrad", nsamples=4).maps["x"]), good)


def test_an_interrupt_while_weights_are_put_back(backend, monkeypatch):
    made = disturbable(backend)
    weights = weights_of(made)
    before = weights.read(made)
    module = __import__(type(weights).__module__, fromlist=["put_back"])
    whole, done = module.put_back, []

    def interrupted(restore, kept):
        def once(*each):
            done.append(each)
            if len(done) == 3:
                raise KeyboardInterrupt
            restore(*each)

        whole(once, kept)

    monkeypatch.setattr(module, "put_back", interrupted)
    with pytest.raises(KeyboardInterrupt), weights.multiplied(made) as multiply:
        multiply(lambda number, shape, axes: np.full(shape, 2, np.float32))
    assert same(weights.read(made), before)


class Watching(Trace):
    """Explains in the middle of an epoch."""

    def __init__(self, made, backend):
        super().__init__(mode="train")
        self.net, self.backend = SaliencyNet(made, "x", "y_pred", max_rows=8), backend

    def on_batch_end(self, data):
        self.net.attribute({"x": images(self.backend, 3)}, "fusiongrad", nsamples=(3, 2))


def test_a_training_with_it_ends_in_the_same_weights(backend, tmp_path):
    for folder in ("plain", "watched"):
        (tmp_path / folder).mkdir()
    _, plain = train(backend, tmp_path / "plain")
    _, watched = train(backend, tmp_path / "watched", lambda made: [Watching(made, backend)])
    assert same(plain, watched)


# What is refused.


def test_noisy_weights_stand_outermost():
    with pytest.raises(ValueError, match="must have NoisyWeights outermost, and once.*`noisy_weights"):
        smooth("noisegrad")
    with pytest.raises(ValueError, match="must have NoisyWeights outermost"):
        noisy_weights("fusiongrad")
    with pytest.raises(ValueError, match="'mine'"):
        Method("mine", "Mine", "none", (Noise(), NoisyWeights()))


@pytest.mark.parametrize(
    "stdev, error, message",
    [
        (-0.1, ValueError, r"`stdev` \(=-0.1\) must be a finite number of at least 0: it is the factors' standard"),
        (float("inf"), ValueError, r"`stdev` \(=inf\)"),
        ("a", TypeError, r"`stdev` \(='a'\) must be a finite number .*; not str"),
    ],
)
def test_wrong_deviations(stdev, error, message):
    with pytest.raises(error, match=message):
        noisy_weights(stdev=stdev)


def test_a_model_without_parameters():
    made = fe.build(lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Softmax(dim=1)), optimizer_fn=None)
    with pytest.raises(ValueError, match="must have parameters: there is nothing to multiply"):
        SaliencyNet(made, "x", "y").attribute({"x": rows("linear")["x"]}, "noisegrad")


def test_the_composed_are_the_registered():
    assert noisy_weights("gradient").brackets == find("noisegrad").brackets
    assert noisy_weights("smoothgrad", 0.1).brackets == find("fusiongrad").brackets

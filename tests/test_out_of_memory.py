"""A chunk that the memory does not hold is halved, and the work goes on: real models that ask for too much."""

import warnings

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import METHODS, distance, few, furthest, takes_tables
from models import maps, to_host

from fe_saliency import SaliencyNet
from fe_saliency import backend as backends

X = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
ROOM = 4


class Greedy(torch.nn.Module):
    """Wants more memory than there is for more than `ROOM` rows."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
        self.seen = []

    def forward(self, x):
        if x.requires_grad:
            self.seen.append(len(x))
        if len(x) > ROOM:
            torch.empty(2**60)
        return self.inner(x)


class GreedyLayer(tf.keras.layers.Layer):
    def call(self, x):
        size = tf.where(tf.shape(x)[0] > ROOM, tf.constant(2**52, tf.int64), 1)
        wanted = tf.fill([size], tf.cast(tf.shape(x)[0], tf.float32))
        return x + tf.minimum(tf.reduce_sum(wanted), 0)  # adds nothing, but a graph does not know that


def greedy(backend):
    def in_tf():
        dense = tf.keras.layers.Dense
        return tf.keras.Sequential([dense(4, "tanh", input_shape=(5,)), GreedyLayer(), dense(3)])

    return fe.build(model_fn={"torch": Greedy, "tf": in_tf}[backend], optimizer_fn=None)


@pytest.mark.slow
@pytest.mark.parametrize("method", filter(takes_tables, METHODS))
def test_halved_and_right(method, backend):
    model = greedy(backend)
    options = {"nsamples": few(method), "method": method}
    truth = SaliencyNet(model, "x", "y", max_rows=ROOM).attribute({"x": X}, **options)
    with pytest.warns(RuntimeWarning, match="does not hold .* model inputs at once; going on with") as said:
        found = SaliencyNet(model, "x", "y", max_rows=500).attribute({"x": X}, **options)
    assert all(each.filename == __file__ for each in said), "the warning points into the package"
    assert furthest(maps(found), maps(truth)) < 1e-5
    np.testing.assert_array_equal(found.gradient_evaluations, truth.gradient_evaluations)
    for name in ("relative_error", "completeness_gap"):
        if getattr(truth, name) is not None:
            np.testing.assert_allclose(getattr(found, name), getattr(truth, name), rtol=1e-3, atol=1e-6)


def test_a_forward_pass_is_halved_too(backend):
    model = greedy(backend)
    truth = SaliencyNet(model, "x", "y", max_rows=ROOM).decide({"x": X})
    net = SaliencyNet(model, "x", "y", max_rows=500)
    with pytest.warns(RuntimeWarning, match="does not hold 6 model inputs at once; going on with 3") as said:
        found = net.decide({"x": X})
    assert len(said) == 1 and said[0].filename == __file__
    np.testing.assert_allclose(to_host(found.scores["y"]), to_host(truth.scores["y"]), rtol=1e-5)
    net.decide({"x": X})  # without a warning: the net remembers


def test_refined_too(backend):
    model = greedy(backend)
    options = {"method": "smoothgrad", "tolerance": 0.1}
    truth = SaliencyNet(model, "x", "y", max_rows=ROOM).attribute({"x": X}, **options)
    with pytest.warns(RuntimeWarning):
        found = SaliencyNet(model, "x", "y", max_rows=64).attribute({"x": X}, **options)
    assert distance(maps(found)["x"], maps(truth)["x"]) < 1e-5


def test_nothing_computed_is_lost():
    """What fits is computed once: in the failed attempts no gradient was taken."""
    model = greedy("torch")
    model.seen.clear()
    with pytest.warns(RuntimeWarning):
        SaliencyNet(model, "x", "y", max_rows=500).attribute({"x": X[:2]}, "smoothgrad", nsamples=40)
    assert sum(size for size in model.seen if size <= ROOM) == 2 * 40


@pytest.mark.parametrize("max_rows", ["auto", 64])
def test_a_net_learns_it(max_rows, backend):
    """After one warning, while it measures its pace too."""
    one = SaliencyNet(greedy(backend), "x", "y", max_rows=max_rows)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        first = one.attribute({"x": X}, "smoothgrad", nsamples=40)
        assert sum(issubclass(each.category, RuntimeWarning) for each in said) == 1
        one.attribute({"x": X}, "smoothgrad", nsamples=5)  # It would fit into the smallest chunk, were there room.
        second = one.attribute({"x": X}, "smoothgrad", nsamples=40)
        assert sum(issubclass(each.category, RuntimeWarning) for each in said) == 1
    assert distance(maps(first)["x"], maps(second)["x"]) < 1e-5


class Shrinking(torch.nn.Module):
    """Finds less and less room: from call number `shrinks` on it holds two rows."""

    shrinks = 0

    def __init__(self):
        super().__init__()
        self.inner, self.calls = torch.nn.Linear(5, 3), 0

    def forward(self, x):
        self.calls += 1
        if self.calls > self.shrinks and len(x) > 2:
            torch.empty(2**60)
        return torch.tanh(self.inner(x))


@pytest.mark.parametrize("max_rows", ["auto", 500])
@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "integrated_gradients", "guided_integrated_gradients"])
def test_memory_that_shrinks_within_a_call(method, max_rows):
    """At whatever point: the completeness gap's forward passes and the measuring of the pace among them."""
    model = fe.build(model_fn=Shrinking, optimizer_fn=None)
    options = {"method": method, "nsamples": None if method == "gradient" else 40}
    truth = SaliencyNet(model, "x", "y", max_rows=2).attribute({"x": X}, **options)
    for shrinks in range(20):
        model.calls, model.shrinks = 0, shrinks
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = SaliencyNet(model, "x", "y", max_rows=max_rows).attribute({"x": X}, **options)
        assert distance(maps(found)["x"], maps(truth)["x"]) < 1e-5


def test_one_row_that_does_not_fit_is_an_error():
    class Hopeless(Greedy):
        def forward(self, x):
            torch.empty(2**60)
            return self.inner(x)

    class Other(Greedy):
        def forward(self, x):
            raise RuntimeError("something else")

    one = SaliencyNet(fe.build(model_fn=Hopeless, optimizer_fn=None), "x", "y", max_rows=1)
    with pytest.raises(RuntimeError, match="allocate memory"):
        one.attribute({"x": X}, "smoothgrad", nsamples=4)
    one = SaliencyNet(fe.build(model_fn=Other, optimizer_fn=None), "x", "y", max_rows=8)
    with pytest.raises(RuntimeError, match="something else"):
        one.attribute({"x": X}, "smoothgrad", nsamples=4)


@pytest.mark.parametrize(
    "message",
    [
        "[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't allocate memory",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.",
        "CUDA error: out of memory",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "MPS backend out of memory (MPS allocated: 8 GB)",
        "std::bad_alloc",
    ],
)
def test_all_of_torchs_words_for_it_are_known(message):
    torchs = backends.by_name("torch")
    assert torchs.out_of_memory(RuntimeError(message))
    assert not torchs.out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not torchs.out_of_memory(ValueError(message))


def test_a_call_warns_once(backend):
    with pytest.warns(RuntimeWarning) as said:
        SaliencyNet(greedy(backend), "x", "y", max_rows=500).attribute({"x": X}, "smoothgrad", nsamples=40)
    assert len(said) == 1

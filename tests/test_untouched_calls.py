"""After each call, also one that raises, everything is as it was before it."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from models import to_host
from training import images
from untouched import disturbable, generators, state

from fe_saliency import SaliencyNet

CALLS = {
    "get_masks": lambda net, batch: net.get_masks(batch),
    "get_smoothed_masks": lambda net, batch: net.get_smoothed_masks(batch, nsamples=2),
    "smoothed integrated": lambda net, batch: net.get_smoothed_masks(batch, nsamples=2, nintegration=2),
    "get_integrated_masks": lambda net, batch: net.get_integrated_masks(batch, nsamples=2),
    "attribute": lambda net, batch: net.attribute(batch, "vargrad", nsamples=2, target=1),
    "decide": lambda net, batch: net.decide(batch, target=1),
    "attribute on a path": lambda net, batch: net.attribute(batch, "integrated_gradients", baseline="zero", nsamples=2),
}


class Broken(Exception):
    pass


class TorchTrap(torch.nn.Module):
    """Raises at the n-th forward or backward pass that follows `arm`."""

    def __init__(self):
        super().__init__()
        self.left = {"forward": 0, "backward": 0}

    def arm(self, where, calls):
        self.left[where] = calls

    def check(self, where):
        self.left[where] -= 1
        if self.left[where] == 0:
            raise Broken(where)

    def forward(self, x):
        self.check("forward")
        if x.requires_grad:
            x.register_hook(lambda gradient: self.check("backward"))
        return x


class KerasTrap(tf.keras.layers.Layer):
    """Raises in the running graph while it is armed; counts how often its Python code runs: once for each graph."""

    def __init__(self):
        super().__init__()
        self.traced = 0

    def build(self, shape):
        self.closed = self.add_weight("closed", shape=(), initializer="zeros", trainable=False)

    def arm(self, where, calls):
        self.closed.assign(1.0)

    def call(self, x):
        self.traced += 1
        with tf.control_dependencies([tf.debugging.assert_less(self.closed, 0.5, "broken")]):
            return tf.identity(x)


def used(backend, trap=None):
    """A model in the middle of its second epoch: training mode, the second optimizer, mixed requires_grad."""
    model = disturbable(backend, trap)
    model.current_optimizer = model.optimizer.get_current_value(2)
    if backend == "torch":
        model.train()
        model[0].eval()
        model[0].bias.requires_grad = False
        model[0].weight.grad = torch.ones_like(model[0].weight)
        model.fe_input_spec = object()
    return model


def batch(backend, count=5):
    return {"x": images(backend, count)}


@pytest.mark.parametrize("call", CALLS)
def test_everything_is_as_before(backend, call):
    model = used(backend)
    net = SaliencyNet(model, "x", "y", max_rows=2)
    for _ in range(2):
        before = state(model)
        CALLS[call](net, batch(backend))
        assert state(model) == before


def test_what_is_compared_can_differ(backend):
    """The tests above would see it."""
    before = generators()
    np.random.random()
    tf.random.uniform((1,))
    torch.rand(1)
    tf.random.get_global_generator().uniform((1,))
    after = generators()
    assert {key for key in before if before[key] != after[key]} == {"numpy", "torch", "tf", "tf eager"}
    model = used(backend)
    before = state(model)
    model.current_optimizer = model.optimizer.get_current_value(1)
    if backend == "torch":
        model.eval()
        model[3].weight.requires_grad = True
    else:
        model.layers[0].trainable = False
    after = state(model)
    changed = {"training", "requires_grad"} if backend == "torch" else {"trainable"}
    assert {key for key in before if before[key] != after[key]} == {"current optimizer", *changed}


def test_a_new_model_gets_no_new_attributes(backend):
    """It was never in a Network; FastEstimator would leave its marks on it."""
    model = disturbable(backend)
    before = state(model)
    SaliencyNet(model, "x", "y").get_masks(batch(backend))
    assert state(model) == before


@pytest.mark.parametrize("bad", ["missing", "nan", "shape", "target"])
def test_a_refused_call_changes_nothing(backend, bad):
    model = used(backend)
    net = SaliencyNet(model, "x", "y")
    given = batch(backend)
    good = to_host(net.get_masks(given)["saliency"])
    wrong = {
        "missing": {},
        "nan": {"x": given["x"] * np.nan},
        "shape": {"x": given["x"][:, :4, :4]},
        "target": {**given, "SaliencyNet_Target_Index_y": np.array([7] * 5)},
    }[bad]
    before = state(model)
    with pytest.raises(Exception, match=".+"):
        net.get_smoothed_masks(wrong, nsamples=2)
    assert state(model) == before
    assert np.array_equal(to_host(net.get_masks(given)["saliency"]), good)


@pytest.mark.parametrize("where", ["forward", "backward"])
@pytest.mark.parametrize("calls", [1, 3])
def test_an_error_in_the_middle_of_a_torch_network_changes_nothing(where, calls):
    trap = TorchTrap()
    model = used("torch", trap)
    net = SaliencyNet(model, "x", "y", max_rows=2)
    good = to_host(net.get_smoothed_masks(batch("torch"), nsamples=2)["saliency"])
    before = state(model)
    trap.arm(where, calls)
    with pytest.raises(Broken, match=where):
        net.get_smoothed_masks(batch("torch"), nsamples=2)
    assert state(model) == before
    assert np.array_equal(to_host(net.get_smoothed_masks(batch("torch"), nsamples=2)["saliency"]), good)


@pytest.mark.parametrize("warm", [True, False])
def test_an_error_in_the_middle_of_a_tensorflow_network_changes_nothing(warm):
    trap = KerasTrap()
    model = used("tf", trap)
    trap.closed.assign(0.0)
    net = SaliencyNet(model, "x", "y", max_rows=5)
    if warm:
        net.get_smoothed_masks(batch("tf"), nsamples=2)
    trap.arm("forward", 1)
    before, graphs = state(model), trap.traced
    with pytest.raises(tf.errors.InvalidArgumentError, match="broken"):
        net.get_smoothed_masks(batch("tf"), nsamples=2)
    assert state(model) == before
    assert not warm or trap.traced == graphs
    trap.closed.assign(0.0)
    found = net.get_smoothed_masks(batch("tf"), nsamples=2)
    assert np.ptp(to_host(found["saliency"])) == 1
    assert not warm or trap.traced == graphs, "the graphs have survived the error"


def test_a_torch_training_step_around_a_call_has_the_same_gradients():
    def step(middle):
        torch.manual_seed(0)
        model = used("torch")
        model[0].weight.grad = None
        loss = model(torch.from_numpy(images("torch"))).square().sum()
        middle(SaliencyNet(model, "x", "y"))
        loss.backward()
        return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]

    plain, around = step(lambda net: None), step(lambda net: net.get_integrated_masks(batch("torch"), nsamples=2))
    assert len(plain) >= 4
    assert all(torch.equal(a, b) for a, b in zip(plain, around, strict=True))


def test_a_tensorflow_tape_around_a_call_has_the_same_gradients():
    model = used("tf")
    net = SaliencyNet(model, "x", "y")

    def step(middle):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images("tf"), training=False) ** 2)
            middle()
        return tape.gradient(loss, model.trainable_variables)

    plain, around = step(lambda: None), step(lambda: net.get_masks(batch("tf")))
    assert all(np.array_equal(a, b) for a, b in zip(plain, around, strict=True))


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_the_callers_grad_mode_neither_matters_nor_changes(context):
    net = SaliencyNet(used("torch"), "x", "y")
    expected = to_host(net.get_masks(batch("torch"))["saliency"])
    with context():
        modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        found = to_host(net.get_masks(batch("torch"))["saliency"])
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == modes
    assert np.array_equal(found, expected)


def test_the_batch_is_not_modified(backend):
    given = {"x": images(backend), "name": "any", "SaliencyNet_Target_Index_y": np.array([1] * 6)}
    copy = {key: np.copy(value) for key, value in given.items()}
    net = SaliencyNet(disturbable(backend), "x", "y")
    for call in CALLS.values():
        call(net, given)
    assert list(given) == list(copy)
    assert all(np.array_equal(given[key], copy[key]) for key in copy)

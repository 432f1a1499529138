"""Batch norms folded into convolutions: which, that nothing else changes, and that models are left as they were."""

import threading

import fastestimator as fe
import numpy as np
import pytest
import torch
from helpers import METHODS, distance, few, furthest
from models import maps
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from fe_saliency import SaliencyNet, pace
from fe_saliency.backend import Way
from fe_saliency.backend.folding_torch import _unchanged, foldable, folded
from fe_saliency.pace import Pace

ROWS = 40  # of any number of samples they are more than the smallest chunk holds


def pair(kind=2, bias=True, affine=True, channels=2):
    convolution, norm = getattr(nn, f"Conv{kind}d"), getattr(nn, f"BatchNorm{kind}d")
    return [convolution(channels, 4, 3, padding=1, bias=bias), norm(4, affine=affine)]


class Padding(nn.Conv2d):
    """As `efficientnet_pytorch` and `timm` pad: by hand, after a look at the form of the kernel."""

    def forward(self, x):
        height, width = self.weight.shape[-2:]
        return functional.conv2d(functional.pad(x, (width // 2,) * 2 + (height // 2,) * 2), self.weight, self.bias)


class Standardised(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
        return functional.conv2d(x, weight / weight.std(dim=(1, 2, 3), keepdim=True), self.bias)


class Regularised(nn.Conv2d):
    """Its weights have a second reader."""

    def forward(self, x):
        return super().forward(x) + 0 * x.new_ones(()) if self.weight.norm() < 0 else super().forward(x)


class Scaled(nn.Conv2d):
    """It reads its own weights, but convolves with others."""

    def __init__(self, kernel, bias):
        super().__init__(2, 4, 3)
        self.factors = kernel, bias

    def forward(self, x):
        kernel, bias = self.factors
        weight = self.weight if kernel == 1 else self.weight * kernel
        return functional.conv2d(x, weight, self.bias * bias if bias != 1 else self.bias)


class Unbiased(nn.Conv2d):
    def forward(self, x):
        return functional.conv2d(x, self.weight)


class Doubling(nn.BatchNorm2d):
    def forward(self, x):
        return 2 * super().forward(x)


class Kernel(nn.Module):
    """A convolution of a class of its own."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(4, 2, 3, 3)), nn.Parameter(torch.randn(4))

    def forward(self, x):
        return functional.conv2d(x, bias=self.bias, weight=self.weight)


class Flow(nn.Module):
    """A convolution and a norm, as `flow` joins them."""

    def __init__(self, flow, first=None, second=None):
        super().__init__()
        convolution, norm = pair()
        self.first, self.second, self.flow = first or convolution, second or norm, flow

    def forward(self, x):
        return self.flow(self, x)


def twice(self, x):
    return self.second(self.first(x)) + self.first(2 * x)


def shared_norm(self, x):
    return self.second(self.first(x)) + self.second(x.repeat(1, 2, 1, 1))


def residual(self, x):
    y = self.first(x)
    return self.second(y) + y


def watched(self, x):
    y = self.first(x)
    return self.second(y) * y.detach().mean()


def pooled(self, x):
    return self.second(functional.max_pool2d(self.first(x), 2))


def two_outputs(self, x):
    y = self.first(x)
    return {"y": self.second(y), "raw": [y]}


def chain(self, x):
    return self.second(self.first(x))


def named(self, x):
    return self.second(input=self.first(input=x))


def tied():
    first, norm = pair(channels=4)
    second = nn.Conv2d(4, 4, 3, padding=1)
    second.weight = first.weight
    return nn.Sequential(nn.Conv2d(2, 4, 1), first, norm, nn.ReLU(), second)


def hooked(place, how):
    made = nn.Sequential(*pair())
    getattr(made[place], how)(lambda *_: None)
    return made


def patched():
    made = nn.Sequential(*pair())
    norm = made[1]
    norm.forward = lambda x: 2 * type(norm).forward(norm, x)
    return made


def parallel():
    return nn.DataParallel(nn.Sequential(*pair(), nn.ReLU()))


FOLDED = {
    "plain": lambda: nn.Sequential(*pair(), nn.ReLU(inplace=True), *pair(channels=4)),
    "no bias": lambda: nn.Sequential(*pair(bias=False), nn.ReLU(inplace=True)),
    "no affine": lambda: nn.Sequential(*pair(affine=False)),
    "padded by hand": lambda: Flow(chain, Padding(2, 4, 3, bias=False)),
    "of one's own class": lambda: Flow(chain, Kernel()),
    "circular": lambda: Flow(chain, nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular", bias=False)),
    "grouped": lambda: Flow(chain, nn.Conv2d(2, 4, 3, groups=2)),
    "named": lambda: Flow(named),
    "signals": lambda: nn.Sequential(nn.Flatten(2), *pair(1)),
    "volumes": lambda: nn.Sequential(nn.Unflatten(2, (2, 3)), *pair(3)),
    "parallel": parallel,
    "in modules": lambda: nn.Sequential(nn.Sequential(pair()[0]), nn.Sequential(pair()[1])),
}
LEFT = {
    "pooled between": lambda: Flow(pooled),
    "residual": lambda: Flow(residual),
    "read without gradient": lambda: Flow(watched),
    "returned": lambda: Flow(two_outputs),
    "twice": lambda: Flow(twice),
    "a shared norm": lambda: Flow(shared_norm),
    "tied": tied,
    "standardised": lambda: Flow(chain, Standardised(2, 4, 3)),
    "a regularised kernel": lambda: Flow(chain, Regularised(2, 4, 3)),
    "a kernel that takes no bias": lambda: Flow(chain, Unbiased(2, 4, 3, bias=False)),
    "a scaled kernel": lambda: Flow(chain, Scaled(2, 1)),
    "a scaled bias": lambda: Flow(chain, Scaled(1, 2)),
    "parametrised": lambda: Flow(chain, weight_norm(nn.Conv2d(2, 4, 3))),
    "another norm": lambda: Flow(chain, second=Doubling(4)),
    "statistics of the batch": lambda: Flow(chain, second=nn.BatchNorm2d(4, track_running_stats=False)),
    "a patched norm": patched,
    "transposed": lambda: Flow(chain, nn.ConvTranspose2d(2, 4, 3)),
    "a hook before": lambda: hooked(0, "register_forward_pre_hook"),
    "a hook between": lambda: hooked(0, "register_forward_hook"),
    "a hook before the norm": lambda: hooked(1, "register_forward_pre_hook"),
    "a hook on the gradient": lambda: hooked(1, "register_full_backward_hook"),
}


def ready(build, dtype=torch.float64):
    """A model whose norms do something, in evaluation."""
    torch.manual_seed(1)
    made = build().to(dtype)
    for layer in made.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            for tensor in (layer.running_mean, layer.running_var, layer.weight, layer.bias):
                if tensor is not None:
                    tensor.data = torch.rand_like(tensor) + 0.5
    return made.eval().requires_grad_(False)


def outcome(model, x):
    """What a model gives, and the gradient of it."""
    x = x.clone().requires_grad_()
    found = model(x)
    found = [found["y"], *found["raw"]] if isinstance(found, dict) else [found]
    gradient = torch.autograd.grad(sum(each.square().sum() for each in found), x)[0]
    return [each.detach() for each in found] + [gradient]


def state(model):
    """All that a model consists of, objects and order too."""
    return [
        (id(layer), list(vars(layer)), [(name, id(each)) for name, each in layer._parameters.items()])
        for layer in model.modules()
    ] + [each.clone() for each in model.state_dict().values()]


def same(before, after):
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in zip(before, after, strict=True))


def passed_over(model):
    forwards = [(layer, vars(layer).get("forward")) for layer in model.modules()]
    return [layer for layer, forward in forwards if forward is _unchanged]


@pytest.mark.parametrize("name", [*FOLDED, *LEFT])
def test_a_folded_model_computes_the_same(name):
    """And all is as it was after."""
    model = ready({**FOLDED, **LEFT}[name])
    x = torch.randn(5, 2, 6, 6, dtype=torch.float64)
    expected, before = outcome(model, x), state(model)
    with folded(model):
        first = outcome(model, x[:1])
        norms = passed_over(model)
        found = outcome(model, x)
    assert same(before, state(model))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(first[0], outcome(model, x[:1])[0], rtol=0, atol=0)
    count = sum(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules())
    assert len(norms) == (count if name in FOLDED else 0)


def test_a_norm_in_training_is_left_alone():
    model = ready(FOLDED["plain"])
    model[1].train()
    with folded(model):
        model(torch.ones(1, 2, 6, 6, dtype=torch.float64))
        assert passed_over(model) == [model[4]]


def test_halves_are_left_alone():
    model = ready(FOLDED["plain"], torch.bfloat16)
    with folded(model):
        model(torch.ones(1, 2, 6, 6, dtype=torch.bfloat16))
        assert not passed_over(model)


def test_other_models_may_run_meanwhile():
    """In another thread: one that began before the first pass and ends in it, or begins in it and goes on."""
    ends, goes = threading.Event(), threading.Event()

    class Other(nn.Module):
        def forward(self, event):
            started.set()
            assert event.wait(60)

    def run(event):
        started.clear()
        other = Other()
        other.register_forward_hook(lambda *_: None)  # Else what is hooked while it runs goes past it.
        thread = threading.Thread(target=other, args=(event,))
        thread.start()
        assert started.wait(60)
        return thread

    def meanwhile(self, x):
        if goes.is_set():
            return chain(self, x)
        ends.set()
        early.join()
        y = self.first(x + 0)
        late.append(run(goes))
        return self.second(y)

    started, late = threading.Event(), []
    model = ready(lambda: Flow(meanwhile))
    x = torch.randn(5, 2, 6, 6, dtype=torch.float64)
    early = run(ends)
    with folded(model):
        model(x[:1])
        goes.set()
        late[0].join()
        assert passed_over(model) == [model.second]
        found = outcome(model, x)
    for a, b in zip(found, outcome(model, x), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("when", ["before", "in the first pass", "after"])
def test_errors_leave_a_model_as_it_was(when):
    model = ready(FOLDED["plain"])
    before = state(model)
    with pytest.raises((KeyError, RuntimeError)), folded(model):
        if when == "after":
            model(torch.ones(1, 2, 6, 6, dtype=torch.float64))
        if when == "in the first pass":
            model(torch.ones(1, 3, 6, 6, dtype=torch.float64))
        raise KeyError
    assert same(before, state(model))
    assert not nn.modules.module._global_forward_hooks and not nn.modules.module._global_forward_pre_hooks


def test_a_first_pass_that_failed_is_repeated():
    model = ready(FOLDED["plain"])
    with folded(model):
        with pytest.raises(RuntimeError):
            model(torch.ones(1, 3, 6, 6, dtype=torch.float64))
        model(torch.ones(1, 2, 6, 6, dtype=torch.float64))
        assert len(passed_over(model)) == 2


def test_what_a_model_notes_of_itself_stays():
    """And a `forward` of its own is put back."""
    model = ready(FOLDED["plain"])
    inner, model.runs = model.forward, 0

    def counting(x):
        model.runs += 1
        return inner(x)

    model.forward = counting
    with folded(model):
        for _ in range(3):
            model(torch.ones(1, 2, 6, 6, dtype=torch.float64))
    assert model.runs == 3 and model.forward is counting


def test_what_can_be_folded():
    assert foldable(nn.Sequential(*pair()))
    assert not foldable(nn.Sequential(pair()[0])), "there is no norm"
    assert not foldable(torch.jit.script(nn.Sequential(*pair())))
    assert not foldable(torch.compile(nn.Sequential(*pair()), backend="eager"))
    compiled = nn.Sequential(*pair())
    compiled[0].compile(backend="eager")
    assert not foldable(compiled)


class Small(nn.Module):
    """Two folded norms, and one that is not while `stage` is 1."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*pair(bias=False), nn.Softplus(), *pair(channels=4), nn.Softplus())
        self.last, self.norm = pair(channels=4)
        self.end = nn.Linear(4, 3)
        self.stage = 0

    def forward(self, x):
        y = self.last(self.body(x))
        z = self.norm(y)
        return self.end((z + y if self.stage else z).mean(dim=(2, 3)))


@pytest.fixture
def net():
    made = fe.build(Small, optimizer_fn="adam")
    made.double().load_state_dict(ready(Small).state_dict())
    return SaliencyNet(made, "x", "y")


BATCH = {"x": np.random.default_rng(0).normal(size=(ROWS, 2, 6, 6))}


def forced(monkeypatch, way):
    """Every larger call runs so."""
    monkeypatch.setattr(pace, "measure", lambda *_: Pace(64, way, 1.0))


@pytest.mark.parametrize("way", [Way(folded=True), Way(channels_last=True, folded=True)])
@pytest.mark.parametrize("method", METHODS)
def test_maps_are_the_same(method, way, net, monkeypatch):
    options = {"nsamples": few(method)}
    model = net._engine.model
    expected = net.attribute(BATCH, method, max_rows=50, **options)
    before = state(model)
    forced(monkeypatch, way)
    found = net.attribute(BATCH, method, **options)
    assert distance(maps(found)["x"], maps(expected)["x"]) < 1e-9
    assert same(before, state(model))


def test_layers_are_explained_unfolded(net, monkeypatch):
    """Between a convolution and its norm, too; and what is best is not looked for beside them."""
    asked = []
    monkeypatch.setattr(pace, "measure", lambda *given: asked.append(given[4]) or Pace(64, Way(), 1.0))
    for layer in (None, "body.3", "body.4"):
        options = {"nsamples": 5, "layer": layer}
        expected = net.attribute(BATCH, "integrated_gradients", max_rows=50, **options)
        found = net.attribute(BATCH, "integrated_gradients", **options)
        assert furthest(maps(found), maps(expected)) < 1e-9
    assert asked == [["channels_last", "folded"], ["channels_last"], ["channels_last"]]


def test_what_is_folded_is_seen_in_each_call(net, monkeypatch):
    """A network that learns has other weights in the next epoch, and may have another flow."""
    model = net._engine.model
    forced(monkeypatch, Way(folded=True))
    seen = []
    for stage in (0, 1, 0):
        model.stage = stage
        for tensor in (*model.parameters(), model.norm.running_var):
            tensor.data = 1.1 * tensor.data
        net.attribute(BATCH, "smoothgrad", nsamples=5)
        expected = maps(net.attribute(BATCH, "smoothgrad", nsamples=5, max_rows=50))["x"]
        seen.append(distance(maps(net.attribute(BATCH, "smoothgrad", nsamples=5))["x"], expected))
    assert max(seen) < 1e-9


def test_a_call_folds_and_repeats_to_the_last_bit(net, monkeypatch):
    forced(monkeypatch, Way(folded=True))
    one = net._engine.model.body[1]
    runs = []

    def note(layer, inputs, outputs):
        runs.append((len(outputs), "forward" in vars(one)))

    handle = net._engine.model.end.register_forward_hook(note)
    try:
        first = maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"]
        assert runs[0] == (1, False), "one row shows what can be folded"
        assert sum(rows for rows, _ in runs[1:]) == 10 * ROWS and all(folds for _, folds in runs[1:])
    finally:
        handle.remove()
    np.testing.assert_array_equal(maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"], first)
    assert "forward" not in vars(one)


def test_folding_is_measured_where_it_may_pay(net):
    """And taken by a clock: whichever it is, the call gives the same."""
    expected = maps(net.attribute(BATCH, "smoothgrad", nsamples=9, max_rows=50))["x"]
    assert distance(maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"], expected) < 1e-9

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
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.utils._python_dispatch import _get_current_dispatch_mode

from fe_saliency import SaliencyNet, pace
from fe_saliency.backend import Way
from fe_saliency.backend.folding_torch import _unchanged, foldable, folded
from fe_saliency.backend.pytorch import PyTorchBackend
from fe_saliency.pace import Pace

ONE = torch.ones(1, 2, 6, 6, dtype=torch.float64)
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


@torch.jit.script
def gated(y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return z * torch.sigmoid(y)


def scripted(self, x):
    y = self.first(x)
    return gated(y, self.second(y))


def mapped(self, x):
    y = self.first(x)
    return self.second(y) * torch.vmap(torch.mean)(y).reshape(-1, 1, 1, 1)


def recursive(self, x):
    if x.shape[1] == 2:
        y = self.first(x)
        z = self.second(y)
        return self(torch.cat([z, z], dim=1)) + y.mean()
    return x * 2


def read_before(self, x):
    y = self.first(x)
    mean = y.mean()
    return self.second(y) * mean


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
    "read before the norm": lambda: Flow(read_before),
    "read by TorchScript": lambda: Flow(scripted),
    "read in vmap": lambda: Flow(mapped),
    "recursive": lambda: Flow(recursive),
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
    "another norm": lambda: nn.Sequential(nn.BatchNorm2d(2), Flow(chain, second=Doubling(4))),
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
    with folded(model, lambda: model(x[:1])):
        norms = passed_over(model)
        found = outcome(model, x)
    assert same(before, state(model))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    count = sum(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules())
    assert len(norms) == (count if name in FOLDED else 0)


def test_a_norm_in_training_is_left_alone():
    model = ready(FOLDED["plain"])
    model[1].train()
    with folded(model, lambda: model(ONE)):
        assert passed_over(model) == [model[4]]


def test_halves_are_left_alone():
    model = ready(FOLDED["plain"], torch.bfloat16)
    with folded(model, lambda: model(ONE.bfloat16())):
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
        for thread in early:
            thread.join()
        y = self.first(x + 0)
        late.append(run(goes))
        return self.second(y)

    started, late = threading.Event(), []
    model = ready(lambda: Flow(meanwhile))
    x = torch.randn(5, 2, 6, 6, dtype=torch.float64)
    early = [run(ends) for _ in range(3)]
    with folded(model, lambda: model(x[:1])):
        goes.set()
        late[0].join()
        assert passed_over(model) == [model.second]
        found = outcome(model, x)
    for a, b in zip(found, outcome(model, x), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("when", ["in the first pass", "after"])
def test_errors_leave_a_model_as_it_was(when):
    model = ready(FOLDED["no bias"])
    before = state(model)
    rows = {"in the first pass": ONE[:, :1], "after": ONE}[when]
    with pytest.raises((KeyError, RuntimeError)), folded(model, lambda: model(rows)):
        raise KeyError
    assert same(before, state(model))
    assert not nn.modules.module._global_forward_hooks and not nn.modules.module._global_forward_pre_hooks
    assert _get_current_dispatch_mode() is None


def test_what_a_model_notes_of_itself_stays():
    """And a `forward` of its own is put back."""
    model = ready(FOLDED["plain"])
    inner, model.runs = model.forward, 0

    def counting(x):
        model.runs += 1
        return inner(x)

    model.forward = counting
    with folded(model, lambda: model(ONE)):
        for _ in range(2):
            model(ONE)
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


def asked(monkeypatch):
    """What ways are offered to the clock, call by call, of which all are taken."""
    offered = []

    def measured(work, first, last, usual, changes, entered):
        offered.append(changes)
        return Pace(64, Way(**dict.fromkeys(changes, True)), 1.0)

    monkeypatch.setattr(pace, "measure", measured)
    return offered


@pytest.mark.parametrize("method", ["integrated_gradients", "gradcam", "gradcam_plus_plus", "layercam"])
@pytest.mark.parametrize("layer", ["body.3", "body.4", "last"])
def test_layers_are_explained_unfolded(method, layer, net, monkeypatch):
    """Between a convolution and its norm there is nothing to be read in a folded model."""
    offered = asked(monkeypatch)
    options = {"nsamples": 5 if method == "integrated_gradients" else None, "layer": layer}
    expected = net.attribute(BATCH, method, max_rows=50, **options)
    assert furthest(maps(net.attribute(BATCH, method, **options)), maps(expected)) < 1e-9
    assert offered == [["channels_last"]]


def test_inputs_are_explained_folded(net, monkeypatch):
    offered = asked(monkeypatch)
    net.attribute(BATCH, "smoothgrad", nsamples=5)
    assert offered == [["channels_last", "folded"]]


def test_computed_weights_are_not_computed_to_look_at_them():
    """Spectral norm takes a step each time it is asked in training, as a model is between the epochs."""
    torch.manual_seed(0)
    model = fe.build(lambda: Flow(chain, spectral_norm(nn.Conv2d(2, 4, 3, bias=False))), optimizer_fn=None)
    before = [each.clone() for each in model.buffers()]
    with folded(model, lambda: None):
        assert model.training
    assert all(map(torch.equal, before, model.buffers()))


def test_a_layer_may_have_no_weight():
    model = ready(lambda: Flow(lambda self, x: self.second(torch.cat([x, x], dim=1)), nn.Conv2d(2, 4, 3, bias=False)))
    model.first.weight = None
    with folded(model, lambda: model(ONE)):
        model(ONE)


def test_weights_are_not_rounded_where_the_product_would_be(monkeypatch):
    """With mixed precision what convolves is a copy in half precision, of which the norm is no part."""
    model = ready(FOLDED["plain"], torch.float32)

    def first():
        with torch.autocast("cpu", torch.bfloat16):
            model(ONE.float())

    with folded(model, first):
        assert not passed_over(model)


def test_a_model_that_was_compiled_after_its_pace_was_measured(net, monkeypatch):
    forced(monkeypatch, Way(folded=True))
    expected = maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"]
    model, runs = net._engine.model, []
    model.body.compile(backend="eager")
    model.end.register_forward_hook(lambda *_: runs.append("forward" in vars(model.norm)))
    assert distance(maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"], expected) < 1e-9
    assert runs and not any(runs)


class Squeezing(nn.Module):
    """Takes a single row for none."""

    def __init__(self):
        super().__init__()
        self.body, self.end = nn.Sequential(*pair()), nn.Linear(4, 3)

    def forward(self, x):
        return self.end(self.body(x).mean(dim=(2, 3)).squeeze())


@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
def test_no_single_row_is_run_where_there_are_more(method):
    one = SaliencyNet(fe.build(Squeezing, optimizer_fn=None), "x", "y")
    given = {"x": BATCH["x"].astype("float32")}
    expected = maps(one.attribute(given, method, max_rows=50))["x"]
    assert distance(maps(one.attribute(given, method))["x"], expected) < 1e-3


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
        assert runs[0] == (2, False), "two rows show what can be folded"
        assert sum(rows for rows, _ in runs[1:]) == 10 * ROWS and all(folds for _, folds in runs[1:])
    finally:
        handle.remove()
    np.testing.assert_array_equal(maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"], first)
    assert "forward" not in vars(one)


def test_folding_is_measured_where_it_may_pay(net, monkeypatch):
    """And taken by a clock: whichever it is, the call gives the same."""
    ways = []
    run_as = PyTorchBackend.run_as
    monkeypatch.setattr(PyTorchBackend, "run_as", lambda self, *given: ways.append(given[1]) or run_as(self, *given))
    expected = maps(net.attribute(BATCH, "smoothgrad", nsamples=9, max_rows=50))["x"]
    assert set(ways) == {Way()}
    assert distance(maps(net.attribute(BATCH, "smoothgrad", nsamples=9))["x"], expected) < 1e-9
    (found,) = net._engine._paces.values()
    assert {Way(), Way(found.way.channels_last, True)} < set(ways) and ways[-1] == found.way

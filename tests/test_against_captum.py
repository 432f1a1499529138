"""Against captum, on the torch model: the gradient, and Integrated Gradients by the same rules and baseline."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, NoiseTunnel, Saliency
from helpers import distance, furthest, path
from models import batch, input_keys, maps, model, net, to_backend, to_host

CASES = [
    ("smooth_conv", "float64", 1e-5),
    ("smooth_conv", "float32", 1e-4),
    ("relu_conv", "float64", 1e-5),
    ("two_inputs", "float64", 1e-5),
    ("two_inputs", "float32", 1e-4),
]
TARGET = torch.tensor([1, 2, 0])
BASELINE = {"x": 0.4, "x0": 0.4, "x1": -0.7}
RULES = [("integrated_gradients", "riemann_middle"), (path("gauss_legendre"), "gausslegendre")]  # ours, captum's


class Unpacked(torch.nn.Module):
    """captum passes inputs one by one, FastEstimator as a list."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, *inputs):
        return self.inner(list(inputs))


def oracle(kind, dtype, make, **options):
    keys = input_keys(kind)
    tensors = tuple(tensor.requires_grad_() for tensor in batch(kind, "torch", dtype=dtype).values())
    if "baselines" in options:
        options["baselines"] = tuple(options["baselines"][key] for key in keys)
    found = make(Unpacked(model(kind, "torch", dtype))).attribute(tensors, target=TARGET, **options)
    return {key: to_host(tensor) for key, tensor in zip(keys, found, strict=True)}


def ours(kind, dtype, backend, method, **options):
    return maps(
        net(kind, backend, dtype).attribute(batch(kind, backend, dtype=dtype), method, target=TARGET, **options)
    )


@pytest.mark.parametrize("kind, dtype, tolerance", CASES)
def test_gradient(kind, dtype, tolerance, backend):
    expected = oracle(kind, dtype, Saliency, abs=False)
    assert furthest(ours(kind, dtype, backend, "gradient"), expected) < tolerance


@pytest.mark.parametrize("kind, dtype, tolerance", CASES)
@pytest.mark.parametrize("nsamples", [5, 20])
@pytest.mark.parametrize("method, rule", RULES)
def test_integrated_gradients(kind, dtype, tolerance, nsamples, method, rule, backend):
    expected = oracle(kind, dtype, IntegratedGradients, n_steps=nsamples, method=rule, baselines=BASELINE)
    baseline = {key: BASELINE[key] for key in input_keys(kind)}
    found = ours(kind, dtype, backend, method, nsamples=nsamples, baseline=baseline)
    assert furthest(found, expected) < tolerance


@pytest.mark.parametrize("method, rule", RULES)
def test_integrated_gradients_from_an_array(method, rule, backend):
    start = np.random.default_rng(1).normal(size=(3, 6, 6, 2))
    expected = oracle(
        "smooth_conv",
        "float64",
        IntegratedGradients,
        n_steps=5,
        method=rule,
        baselines={"x": to_backend(start, "torch")},
    )
    found = ours(
        "smooth_conv",
        "float64",
        backend,
        method,
        nsamples=5,
        baseline=to_backend(start, backend),
    )
    assert furthest(found, expected) < 1e-5


@pytest.mark.parametrize(
    "kind_of_noise, method, samples",
    [("smoothgrad", "smoothgrad", 4000), ("smoothgrad_sq", "smoothgrad_squared", 4000), ("vargrad", "vargrad", 4000)],
)
def test_smoothgrad_agrees_in_the_limit(kind_of_noise, method, samples):
    """Other random numbers: equal within the Monte-Carlo error. One row, so that captum's one stdev is this row's."""
    x = batch("smooth_mlp", "torch", 1)["x"]
    stdev = 0.2 * float(x.max() - x.min())
    torch.manual_seed(0)
    tunnel = NoiseTunnel(Saliency(model("smooth_mlp", "torch")))
    expected = tunnel.attribute(
        x.clone().requires_grad_(),
        nt_type=kind_of_noise,
        nt_samples=samples,
        nt_samples_batch_size=500,
        stdevs=stdev,
        target=1,
        abs=False,
    )
    said = net("smooth_mlp", "torch").attribute({"x": x}, method, nsamples=samples, stdev_spread=0.2, target=1)
    assert distance(maps(said)["x"], to_host(expected)) < 0.1
    assert distance(maps(said)["x"], to_host(expected) * 1.3) > 0.1


@pytest.mark.parametrize("rule", ["riemann_left", "gausslegendre"])
def test_the_comparison_notices_another_rule(rule):
    expected = oracle("smooth_conv", "float64", IntegratedGradients, n_steps=5, method=rule, baselines=BASELINE)
    found = ours("smooth_conv", "float64", "torch", "integrated_gradients", nsamples=5, baseline=0.4)
    assert furthest(found, expected) > 1e-3

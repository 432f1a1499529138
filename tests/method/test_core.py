"""What stands innermost in a method, and methods composed of methods: in closed form, and against captum."""

import numpy as np
import pytest
from captum.attr import InputXGradient
from helpers import distance, furthest
from models import batch, input_keys, maps, model, net, rows, spec, to_host

from fe_saliency import Method, integrated, smooth
from fe_saliency.method import Absolute, Path, Squared, TimesInput, find
from fe_saliency.statistic import MeanOfSquares, Variance

TARGET = np.array([1, 2, 0])
CORES = {
    "absolute_gradient": lambda x, g: abs(g),
    "squared_gradient": lambda x, g: g**2,
    "gradient_x_input": lambda x, g: x * g,
}


def quadratic(backend):
    """The rows of the model w * x ** 2, and the gradient 2 w x of the target."""
    given = batch("quadratic", backend)
    weight = spec("quadratic").heads[0][-1].weight
    x = to_host(given["x"])
    return given, x, 2 * weight[:, TARGET].T * x


@pytest.mark.parametrize("name", CORES)
def test_in_closed_form(name, backend):
    given, x, gradient = quadratic(backend)
    found = maps(net("quadratic", backend).attribute(given, name, target=TARGET))["x"]
    assert distance(found, CORES[name](x, gradient)) < 1e-12


@pytest.mark.parametrize("name", CORES)
@pytest.mark.parametrize("kind", ["relu_conv", "two_inputs"])
def test_both_backends_agree(name, kind):
    found = [maps(net(kind, each).attribute(batch(kind, each), name, target=TARGET)) for each in ("torch", "tf")]
    assert furthest(*found) < 1e-9


@pytest.mark.parametrize("kind", ["smooth_conv", "relu_conv"])
def test_input_times_gradient_is_that_of_captum(kind, backend):
    x = batch(kind, "torch")["x"].requires_grad_()
    expected = to_host(InputXGradient(model(kind, "torch")).attribute(x, target=list(map(int, TARGET))))
    found = net(kind, backend).attribute(batch(kind, backend), "gradient_x_input", target=TARGET)
    assert distance(maps(found)["x"], expected) < 1e-9


@pytest.mark.parametrize("name", [*CORES, "gradient", "integrated_gradients"])
def test_smoothing_without_noise_changes_nothing(name, backend):
    explainer, given = net("relu_conv", backend), batch("relu_conv", backend)
    few = (6, 5) if find(name).brackets else 6
    options = {"baseline": "zero"} if find(name).brackets else {}
    plain = explainer.attribute(given, name, nsamples=few[1] if find(name).brackets else None, target=TARGET, **options)
    found = explainer.attribute(given, smooth(name), nsamples=few, stdev_spread=0, target=TARGET, **options)
    assert furthest(maps(found), maps(plain)) < 1e-12


def test_noise_is_inside_of_what_is_composed(backend):
    """smooth(squared_gradient) is a mean of squares, which is another map of the registry."""
    explainer, given = net("relu_conv", backend), batch("relu_conv", backend)
    found, expected = (
        maps(explainer.attribute(given, each, nsamples=8, target=TARGET))
        for each in (smooth("squared_gradient"), "smoothgrad_squared")
    )
    assert furthest(found, expected) < 1e-12


@pytest.mark.parametrize(
    "composed, name",
    [
        (smooth("gradient"), "smoothgrad"),
        (smooth("gradient", Variance), "vargrad"),
        (integrated("gradient"), "integrated_gradients"),
        (smooth(integrated("gradient"), MeanOfSquares), "smoothed_integrated_gradients_squared"),
    ],
)
def test_composed_by_hand_or_by_name_it_is_the_same(composed, name):
    assert (composed.brackets, composed.core) == (find(name).brackets, find(name).core)
    assert composed.name != name and composed.source


@pytest.mark.parametrize("core", [Absolute(), Squared(), TimesInput()])
def test_only_the_gradient_is_integrated(core):
    with pytest.raises(ValueError, match="`core` .* must be the gradient inside a path"):
        Method("mine", "Mine", "none", (Path(),), core)


def test_an_unknown_method_is_not_smoothed():
    with pytest.raises(ValueError, match="'gradiant'.*must be one of 'gradient'"):
        smooth("gradiant")


def test_every_input_is_multiplied_by_itself(backend):
    explainer, given = net("two_inputs", backend), batch("two_inputs", backend)
    gradient = maps(explainer.attribute(given, "gradient", target=TARGET))
    found = maps(explainer.attribute(given, "gradient_x_input", target=TARGET))
    plain = rows("two_inputs")
    for key in input_keys("two_inputs"):
        assert distance(found[key], gradient[key] * plain[key]) < 1e-12

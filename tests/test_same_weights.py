"""Every method on a trained network: SqueezeNet 1.1, the same ImageNet weights in both frameworks, on a photo.

The two compute in single precision and in another order. Where that is all, maps were seen to differ by 7e-7 of their
norm. But where a ReLU or a maximum lies within rounding of a tie, it may choose otherwise in the other framework, and
the gradient with it: of a gradient 1.4e-3 were seen at worst. Blurred photos are full of such ties: changed by 1e-6,
they have gradients that differ by up to 9e-2 within one framework, and the frameworks round the blur differently.
"""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
from models import maps

from benchmarks.models import photos, squeezenet
from fe_saliency import SaliencyNet, integrated, methods, noisy_weights, smooth
from fe_saliency.method import FromData, find

SIDE = 96
COMPOSED = (
    smooth("gradcam"),
    smooth("integrated_gradients"),
    integrated("gradient"),
    noisy_weights("gradcam"),
    noisy_weights("integrated_gradients"),
    noisy_weights(smooth("gradient_x_input")),
)
#: How far maps may be apart, in norms, and how much alike they must be; seen were 7e-7 and 1 - 1e-12, with a blur 6e-2
#: and 1 - 2e-3.
BOUNDS, BOUNDS_OF_BLUR = (1e-2, 0.999), (0.25, 0.95)


@pytest.fixture(scope="module")
def nets():
    """The network on both backends, giving logits; it has no dense layer, so smaller photos do as well."""
    models = {name: squeezenet(name, softmax=False) for name in ("tf", "torch")}
    smaller = tf.keras.models.clone_model(models["tf"], input_tensors=tf.keras.Input((SIDE, SIDE, 3)))
    smaller.set_weights(models["tf"].get_weights())
    models["tf"] = fe.build(lambda: smaller, optimizer_fn=None)
    return {name: SaliencyNet(model, "x", "y") for name, model in models.items()}


def said(nets, backend, method, **options):
    """What a method says of the photo in few samples; noise in weights, too, is the same on both backends."""
    brackets = find(method).brackets
    if any(bracket.from_data for bracket in brackets):
        options["baseline"] = FromData(photos(backend, SIDE, 4)[1:])
    if find(method).adaptive:  # Nothing but ties in an image of one colour, such as zero, and it begins there.
        options["baseline"] = photos(backend, SIDE, 4)[3]
    nsamples = (None, 4, (3, 2), (2, 2, 2))[len(brackets)]
    return nets[backend].attribute({"x": photos(backend, SIDE, 1)}, method, nsamples=nsamples, **options)


def compared(one, other):
    """How far two maps are apart, in norms of the second, and their correlation."""
    a, b = (maps(each)["x"].ravel().astype(np.float64) for each in (one, other))
    assert np.isfinite(a).all() and a.std() > 0
    return np.linalg.norm(a - b) / np.linalg.norm(b), np.corrcoef(a, b)[0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("method", [*methods(), *COMPOSED], ids=lambda method: find(method).name)
def test_maps_are_the_same(nets, method):
    one, other = (said(nets, backend, method) for backend in ("tf", "torch"))
    assert int(one.targets["y"][0]) == int(other.targets["y"][0])
    np.testing.assert_allclose(float(one.scores["y"][0]), float(other.scores["y"][0]), rtol=1e-5)
    apart, alike = compared(one, other)
    most, least = BOUNDS_OF_BLUR if method == "blur_integrated_gradients" else BOUNDS
    assert apart < most and alike > least


def test_the_comparison_notices_another_seed_and_another_class(nets):
    one = said(nets, "tf", "noisegrad")
    for options in ({"seed": 1}, {"target": 3}):
        apart, alike = compared(one, said(nets, "torch", "noisegrad", **options))
        assert apart > 0.1 and alike < 0.99
